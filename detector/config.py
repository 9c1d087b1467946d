"""Every setting once: default, range, help. File < environment < argument.

A setting is a field of ``Settings``. The command line builds its options from the same fields, so that a
default or a range is written nowhere else. Thresholds of models do not live here but beside their model.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from detector.errors import SettingError

ENVIRONMENT_PREFIX = "OVERLAY_DETECTOR_"
EFFORTS = ("quick", "normal", "thorough")


def _setting(
    default: Any,
    help: str,
    *,
    part: str,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    return field(
        default=default,
        metadata={"help": help, "part": part, "choices": choices, "low": low, "high": high},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be set. Each field's help text and range stand in its metadata.

    The part of a setting says what it changes: ``images`` and ``reading`` change the observations (and with
    them the cache), ``judging`` only the verdict, ``batch`` neither.

    Raises:
        SettingError: if a value is of the wrong kind or out of its range.
    """

    max_pixels: int = _setting(
        100_000_000, "Pictures with more pixels than this become an error row.", part="images", low=1
    )
    max_bytes: int = _setting(200_000_000, "Files with more bytes than this become an error row.", part="images", low=1)
    background: str = _setting("#808080", "What transparent pictures are laid over: #rrggbb.", part="images")
    engine: str = _setting("auto", "OCR engine; see 'overlay-detector engines'.", part="reading")
    effort: str = _setting(
        "normal", "quick: triage of large folders; normal; thorough: one picture that matters.",
        part="reading", choices=EFFORTS,
    )  # fmt: skip
    threads: int = _setting(
        0, "Threads of one OCR engine; 0: all cores, shared between the workers.", part="batch", low=0, high=256
    )
    prior_game: float = _setting(
        0.05, "How likely it is, before looking, that a picture comes from a game.",
        part="judging", low=1e-6, high=0.98,
    )  # fmt: skip
    prior_generated: float = _setting(
        0.05, "How likely it is, before looking, that a picture comes from an AI model.",
        part="judging", low=1e-6, high=0.98,
    )  # fmt: skip
    signatures: str = _setting("", "Folder with signatures of your own, used beside the packaged ones.", part="judging")
    workers: int = _setting(
        0, "Pictures read side by side, each in a process of its own; 0: one a core.", part="batch", low=0, high=1024
    )
    timeout_s: float = _setting(120.0, "Seconds after which a picture becomes an error row.", part="batch", low=0.1)
    max_memory_mb: int = _setting(
        4096, "Memory of one worker in MiB; a picture that needs more becomes an error row. 0: no limit.",
        part="batch", low=0,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item.name, getattr(self, item.name), type(item.default), item.metadata)
        if self.prior_game + self.prior_generated >= 0.999:
            raise SettingError("prior_game and prior_generated leave nothing for a camera: together below 0.999")
        _parse_colour(self.background)

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """The background as RGB, 8 bits a channel."""
        return _parse_colour(self.background)

    def part(self, *parts: str) -> dict[str, Any]:
        """Return the settings of these parts by name, for cache keys and provenance."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.metadata["part"] in parts}


def load_settings(
    arguments: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Return the settings from a TOML file, the environment and arguments; the last one wins.

    Args:
        arguments: by name; a value of None means not given.
        environ: variables named ``OVERLAY_DETECTOR_`` and the setting in capitals; ``os.environ`` if None.
        file: a TOML file of names and values.

    Raises:
        SettingError: unknown name, unreadable file, value out of range; the message says where it stood.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            table = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingError(f"{file}: {error}") from error
        for name, value in table.items():
            values[_known(name, str(file))] = value
    defaults = {item.name: item.default for item in fields(Settings)}
    environ = os.environ if environ is None else environ
    for name, default in defaults.items():
        variable = ENVIRONMENT_PREFIX + name.upper()
        if environ.get(variable):
            values[name] = _from_text(variable, environ[variable], type(default))
    for name, value in (arguments or {}).items():
        if value is not None:
            values[_known(name, "arguments")] = value
    return replace(Settings(), **values)


def _known(name: str, where: str) -> str:
    names = [item.name for item in fields(Settings)]
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}"
    raise SettingError(f"{where}: unknown setting '{name}'; {hint}")


def _from_text(variable: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SettingError(f"{variable}: '{text}' is no {kind.__name__}") from error


def _check(name: str, value: Any, kind: type, metadata: Mapping[str, Any]) -> None:
    numeric = kind in (int, float)
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (numeric and isinstance(value, bool)):
        raise SettingError(f"{name}: {value!r} is no {kind.__name__}")
    if metadata["choices"] and value not in metadata["choices"]:
        raise SettingError(f"{name}: '{value}' is none of {', '.join(metadata['choices'])}")
    if metadata["low"] is not None and not value >= metadata["low"]:
        raise SettingError(f"{name}: {value} is below {metadata['low']}")
    if metadata["high"] is not None and not value <= metadata["high"]:
        raise SettingError(f"{name}: {value} is above {metadata['high']}")


def _parse_colour(text: str) -> tuple[int, int, int]:
    if len(text) == 7 and text[0] == "#":
        try:
            red, green, blue = bytes.fromhex(text[1:])
            return red, green, blue
        except ValueError:
            pass
    raise SettingError(f"background: '{text}' is no colour of the form #rrggbb")
