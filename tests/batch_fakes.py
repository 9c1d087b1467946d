"""Detectors for tests of the batch: they read fast, and break in every way a decoder can."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from detector.config import Settings
from detector.errors import EngineError, PictureError
from detector.images import load_frame
from detector.pipeline import Detector
from detector.types import Frame, Observations, Report, TextLine, Verdict, box_quad


class Fake:
    """Reads the file's own name as the only line; ``game`` in it makes the picture suspect."""

    fingerprint = "fake 1"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> None:
        pass

    def load(self, data: bytes, name: str) -> Frame:
        return load_frame(data, settings=self.settings, name=name)

    def observe(self, frame: Frame) -> Observations:
        self.act(Path(frame.source).stem)
        log = os.environ.get("FAKE_LOG")
        if log:
            handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(handle, frame.sha256.encode() + b"\n")
            os.close(handle)
        colour = frame.pixels[0, 0].tolist()
        line = TextLine(text=f"colour {colour}", confidence=0.9, quad=box_quad(1, 1, 20, 9), engine="fake")
        return Observations(
            source=frame.source, sha256=frame.sha256, size=(frame.width, frame.height), lines=(line,),
            notes=frame.notes, format=frame.format, provenance={"engine": "fake"},
        )  # fmt: skip

    def act(self, name: str) -> None:
        delay = os.environ.get("FAKE_DELAY")
        if delay:
            time.sleep(float(delay) * (1 + hash(name) % 3))

    def judge(self, observations: Observations) -> Report:
        game = observations.lines[0].text.startswith("colour [255")
        share = 0.8 if game else 0.1
        verdict = Verdict(
            sources={"camera": 1 - share, "game": share, "generated": 0.0},
            fakeness=share, label="suspect" if game else "no-finding", scale="", contributions=(),
            summary="A fake verdict.",
        )  # fmt: skip
        return Report(
            source=observations.source, status="ok", sha256=observations.sha256, size=observations.size,
            format=observations.format, verdict=verdict, lines=observations.lines, notes=observations.notes,
            versions={"fake": "1"},
        )  # fmt: skip


class Breaking(Fake):
    """Does to its process what the picture's name says."""

    def act(self, name: str) -> None:
        super().act(name)
        if name.startswith("hang"):
            time.sleep(600)
        elif name.startswith("spin"):
            # Holds the interpreter's lock: no thread of this process runs any more.
            ctypes.PyDLL(None).usleep(600_000_000)
        elif name.startswith("crash"):
            os.kill(os.getpid(), signal.SIGSEGV)
        elif name.startswith("exit"):
            os._exit(7)
        elif name.startswith("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        elif name.startswith("eat"):
            hoard = []
            while True:
                hoard.append(bytearray(50_000_000))
        elif name.startswith("bug"):
            raise KeyError("a fault of ours")
        elif name.startswith("engine"):
            raise EngineError("it does not like this one")
        elif name.startswith("once"):
            flag = Path(os.environ["FAKE_ONCE"])
            if not flag.exists():
                flag.write_text("x")
                os.kill(os.getpid(), signal.SIGKILL)
        elif name.startswith(("term", "alarm")):
            flag = Path(f"{os.environ['FAKE_ONCE']}-{name}")
            if not flag.exists():
                flag.write_text("x")
                os.kill(os.getpid(), signal.SIGTERM if name == "term" else signal.SIGALRM)
        elif name.startswith("pipe"):
            raise BrokenPipeError(32, "an engine's own process has gone")
        elif name.startswith("loud"):
            sys.stdout.write("a decoder writes to stdout")
            sys.stdout.flush()
            os.write(1, b"and straight to it\n")
            os.write(2, b"and to stderr\n")


class NoEngine(Fake):
    def start(self) -> None:
        raise EngineError("no engine here. Type: pip install one")


class NoModel(Fake):
    def observe(self, frame: Frame) -> Observations:
        raise EngineError("a model file is missing")


class DiesAtOnce(Fake):
    def __init__(self, settings: Settings) -> None:
        os._exit(3)


class Plain(Detector):
    """The real detector without reading."""

    def start(self) -> None:
        pass

    def observe(self, image: Any, name: str | None = None) -> Observations:
        frame = image if isinstance(image, Frame) else self.load(image, name)
        return Observations(
            source=frame.source, sha256=frame.sha256, size=(frame.width, frame.height), format=frame.format,
            notes=frame.notes, provenance={"engine": "none"},
        )  # fmt: skip


def make_pictures(folder: Path, count: int, *, every_game: int = 4) -> list[str]:
    """Write so many small pictures, no two alike; one in ``every_game`` is suspect."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        red = 255 if number % every_game == 0 else 10
        path = folder / f"p{number:04}.png"
        Image.new("RGB", (40, 30), (red, number % 256, number // 256)).save(path)
        paths.append(str(path))
    return paths


def result_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def main(arguments: Sequence[str]) -> int:
    """Scan FOLDER into OUTPUT with a detector of this file; for tests that kill or interrupt a whole scan."""
    from detector.batch import scan
    from detector.files import find_pictures

    name, folder, output, *options = arguments
    settings = Settings(workers=2)
    rows = scan(find_pictures([folder]), settings, output=Path(output), detector=globals()[name],
                resume="--resume" in options)  # fmt: skip
    try:
        for report in rows:
            if "--tell" in options:
                sys.stdout.write(report.source + "\n")
                sys.stdout.flush()
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"{stop}\n")
        return 130
    except PictureError:
        return 70
    return 0


if __name__ == "__main__":
    from tests import batch_fakes

    sys.exit(batch_fakes.main(sys.argv[1:]))
