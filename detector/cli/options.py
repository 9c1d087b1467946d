"""Options of several commands; those for settings are built from ``detector.config.Settings``, field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from detector.cli.terminal import set_up_logging
from detector.config import Settings, load_settings
from detector.errors import OutputError, SettingError, UsageError
from detector.wording import LABEL_NAMES

FLAGS = tuple(name for name in LABEL_NAMES if name not in ("no-finding", "error"))
"""Labels that --fail-on takes, from quiet to loud."""


class SettingType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A setting's value; what is wrong with it is said by ``Settings``, for every way in which it came."""

    def __init__(self, item: Field[Any]) -> None:
        self.kind: Callable[[Any], Any] = type(item.default)
        self.choices: tuple[str, ...] = item.metadata["choices"]
        self.name = {int: "integer", float: "number"}.get(type(item.default), "text")
        self.setting = item.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value of the setting's own kind.

        Raises:
            SettingError: it is no number where one is needed.
        """
        try:
            return self.kind(value)
        except ValueError as error:
            raise SettingError(f"{_flag(self.setting)}: '{value}' is no {self.name}") from error

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return what stands for the value in the help."""
        return f"[{'|'.join(self.choices)}]" if self.choices else self.name.upper()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the values that begin with what was typed."""
        known = self.choices
        if self.setting == "engine":
            from detector.registry import ENGINES

            known = ("auto", *ENGINES.names())
        return [click.shell_completion.CompletionItem(name) for name in known if name.startswith(incomplete)]


def settings_options(*parts: str) -> Callable[[Callable[..., Any]], Any]:
    """Add an option for each setting of these parts; the command gets one argument, ``settings``.

    The options ``--config``, ``-v`` and ``-q`` come with them.
    """
    names = {item.name for item in fields(Settings)}

    def decorate(command: Callable[..., Any]) -> Any:
        @wraps(command)
        def run(**given: Any) -> Any:
            set_up_logging(given.pop("verbose"), given["quiet"])
            values = {name: given.pop(name) for name in list(given) if name in names}
            file = given.pop("config")
            settings = load_settings(values, file=None if file is None else Path(file))
            return command(settings=settings, **given)

        wrapped: Any = run
        for item in reversed(fields(Settings)):
            if item.metadata["part"] in parts:
                wrapped = _option(item)(wrapped)
        return talk_options(
            click.option("--config", metavar="FILE", help="TOML file with settings: names and values.")(wrapped)
        )

    return decorate


def talk_options(command: Any) -> Any:
    """Add ``-v`` and ``-q``."""
    command = click.option("-q", "--quiet", is_flag=True, help="No progress and no summary; errors only.")(command)
    return click.option("-v", "--verbose", count=True, help="Say more of what is done; -vv for everything.")(command)


def output_options(command: Any) -> Any:
    """Add the options that say what comes out: ``-o --format --json --fail-on``."""
    for option in reversed(
        (
            click.option("-o", "--output", metavar="DIR", help="Write the report into this folder."),
            click.option("--format", "formats", metavar="NAMES", help="What to write there: jsonl, csv, html, parquet; "
                         "several with commas.  [default: jsonl,csv,html]"),
            click.option("--json", "as_json", is_flag=True, help="Print one report a line as JSON."),
            click.option("--fail-on", type=click.Choice(FLAGS), help="End with exit code 1 if a picture has this "
                         "label or a louder one."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def chosen_formats(formats: str | None, output: str | None) -> tuple[str, ...]:
    """Return the names of the formats.

    Raises:
        UsageError: an unknown name, or no folder to write into.
    """
    from detector.registry import OUTPUTS

    if formats is not None and output is None:
        raise UsageError("--format needs a folder to write into: add -o DIR")
    chosen = dict.fromkeys(name.strip() for name in (formats or "jsonl,csv,html").split(",") if name.strip())
    if not chosen:
        raise UsageError(f"--format names no format; known: {', '.join(OUTPUTS.names())}")
    for name in chosen:
        OUTPUTS.get(name)
    return tuple(chosen)


def output_folder(output: str | None) -> Path | None:
    """Return the output folder, made if it was missing.

    Raises:
        OutputError: it cannot be made or is a file.
    """
    if output is None:
        return None
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: this folder cannot be made: {error.strerror}. Choose another with -o.") from error
    return folder


def output_place(output: str | None) -> Path | str | None:
    """Return the output folder, made if it was missing; the URL of an object storage as it is.

    Raises:
        OutputError: it cannot be made or is a file.
    """
    from detector.remote import is_remote

    return output if output is not None and is_remote(output) else output_folder(output)


def check_engine(settings: Settings) -> None:
    """Refuse an engine that nobody knows before any picture is touched.

    Raises:
        UsageError: the message lists the names that are known.
    """
    from detector.registry import ENGINES

    if settings.engine != "auto":
        ENGINES.get(settings.engine)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _option(item: Field[Any]) -> Callable[[Any], Any]:
    low, high = item.metadata["low"], item.metadata["high"]
    bounds = "" if low is None else f"{low:g} and more; " if high is None else f"{low:g} to {high:g}; "
    default = item.default if item.default != "" else "none"
    return click.option(
        _flag(item.name),
        item.name,
        type=SettingType(item),
        default=None,
        help=f"{item.metadata['help']}  [{bounds}default: {default}]",
    )
