"""Finds the classes that a folder offers by name: our own files, and other packages' entry points.

A plug-in folder is a package; each of its modules defines one class under an agreed name (``Engine`` in
``detector.reading.engines``, ``Kind`` in ``detector.evidence``, ``Format`` in ``detector.outputs``). The
name of the plug-in is the name of the module. Modules are imported only when asked for, so that a missing
optional package costs nothing until somebody names it.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from detector.errors import UsageError


class Registry:
    """Name to class for one plug-in folder.

    Args:
        package: dotted name of the folder; also the entry-point group that other packages use.
        attribute: the class that each module defines.
        what: for messages: "OCR engine", "output format".
    """

    def __init__(self, package: str, attribute: str, what: str) -> None:
        self.package = package
        self.attribute = attribute
        self.what = what

    @cache  # noqa: B019 - registries live as long as the program
    def names(self) -> tuple[str, ...]:
        """Return the known names, sorted; nothing is imported but the folder itself."""
        folder = import_module(self.package)
        own = {module.name for module in pkgutil.iter_modules(folder.__path__) if module.name[0] != "_"}
        return tuple(sorted(own | set(self._foreign())))

    def get(self, name: str) -> Any:
        """Return the class of this name.

        Raises:
            UsageError: if there is none; the message lists the names that are known.
        """
        if name not in self.names():
            raise UsageError(f"unknown {self.what} '{name}'; known: {', '.join(self.names())}")
        foreign = self._foreign()
        if name in foreign:
            return foreign[name].load()
        return getattr(import_module(f"{self.package}.{name}"), self.attribute)

    def _foreign(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.package)}


ENGINES = Registry("detector.reading.engines", "Engine", "OCR engine")
EVIDENCE = Registry("detector.evidence", "Kind", "kind of evidence")
OUTPUTS = Registry("detector.outputs", "Format", "output format")
