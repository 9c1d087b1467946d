"""Each exit code through the real command, as a shell sees it; nothing stands in for anything."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from detector.errors import ExitCode
from detector.types import Observations, TextLine, box_quad
from tests.batch_fakes import make_pictures

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "detector"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a plain picture, and one on which the recording says that a trailer's notice was read."""
    (tmp_path / "in").mkdir()
    text = "Development footage. This is a work in progress. All content subject to change."
    Image.new("RGB", (640, 360), (90, 110, 70)).save(tmp_path / "in" / "plain.png")
    game = Image.new("RGB", (640, 360), (100, 110, 70))
    # Printed for real: what is laid over a picture is told by its pixels.
    draw, font = ImageDraw.Draw(game), ImageFont.load_default(13)
    draw.text((632, 12), text, "white", font, anchor="ra")
    left, top, right, bottom = draw.textbbox((632, 12), text, font, anchor="ra")
    quad = box_quad(left - 2, top - 2, right + 2, bottom + 2)
    game.save(tmp_path / "in" / "game.png")
    seen = Observations(
        source="game.png", sha256=hashlib.sha256((tmp_path / "in" / "game.png").read_bytes()).hexdigest(),
        size=(640, 360), lines=(TextLine(text=text, confidence=0.99, quad=quad, engine="e"),),
    )  # fmt: skip
    (tmp_path / "recording.jsonl").write_text(seen.to_json() + "\n")
    return tmp_path


def environment(here: Path, **more: str) -> dict[str, str]:
    recording = str(here / "recording.jsonl")
    return {**os.environ, "PYTHONPATH": str(ROOT), "OVERLAY_DETECTOR_RECORDING": recording, **more}


def run(here: Path, *arguments: str, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=here, env=environment(here, **more), capture_output=True, text=True, timeout=200
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


SCAN = ("scan", "in", "--engine", "recorded", "--workers", "1")


def test_0_done(here: Path) -> None:
    code, said = run(here, *SCAN)
    assert (code, "2 pictures" in said) == (ExitCode.OK, True)
    assert run(here, "scan", "in/plain.png", "--engine", "none", "--fail-on", "marked")[0] == 0


def test_1_something_is_flagged(here: Path) -> None:
    assert run(here, *SCAN, "--fail-on", "suspect")[0] == ExitCode.FLAGGED == 1
    (here / "in" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert run(here, *SCAN, "--fail-on", "suspect")[0] == 1, "what was asked for comes first"


def test_2_wrong_usage(here: Path) -> None:
    (here / "file").write_text("x")
    for arguments in (("scan",), ("scan", "in", "--nonsense"), (*SCAN, "-o", "file"), (*SCAN, "--resume")):
        code, said = run(here, *arguments)
        assert code == ExitCode.USAGE == 2 and said


def test_3_some_could_not_be_read(here: Path) -> None:
    (here / "in" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert run(here, *SCAN)[0] == ExitCode.PARTIAL == 3
    assert run(here, "scan", "gone.jpg", "in/plain.png", "--engine", "none")[0] == 3
    assert run(here, "explain", "gone.jpg", "--engine", "none")[0] == 3


def test_4_an_engine_is_missing(here: Path) -> None:
    code, said = run(here, *SCAN, OVERLAY_DETECTOR_RECORDING=str(here / "gone"))
    assert code == ExitCode.ENGINE == 4
    assert "OVERLAY_DETECTOR_RECORDING" in said, "it says what to do"


def test_5_a_signature_or_a_setting_is_invalid(here: Path) -> None:
    assert run(here, *SCAN, "--prior-game", "2")[0] == ExitCode.SETTING == 5
    (here / "own").mkdir()
    (here / "own" / "mine.yaml").write_text("id: mine\nid: mine\n")
    code, said = run(here, *SCAN, "--signatures", "own")
    assert code == 5 and "mine.yaml" in said


def test_70_a_fault_of_the_program(here: Path) -> None:
    (here / "faulty").mkdir()
    (here / "faulty" / "sitecustomize.py").write_text(
        "import detector.files as f\nf.find_pictures = lambda *a, **b: 1 / 0\n"
    )
    code, said = run(here, *SCAN, PYTHONPATH=f"{here / 'faulty'}{os.pathsep}{ROOT}")
    assert code == ExitCode.BUG == 70
    assert "ZeroDivisionError" in said and "report it" in said


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_130_interrupted_and_resumed(here: Path) -> None:
    make_pictures(here / "in", 400)
    arguments = [*COMMAND, "scan", "in", "--engine", "none", "--workers", "2", "-o", "out", "--json"]
    scan = subprocess.Popen(
        arguments, cwd=here, env=environment(here), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert scan.stdout is not None and scan.stdout.readline()
    os.killpg(scan.pid, signal.SIGINT)
    said = scan.communicate(timeout=200)[1]
    assert scan.returncode == ExitCode.INTERRUPTED == 130, said
    assert "To go on, type the same command with --resume" in said and "Traceback" not in said
    assert not (here / "out" / "reports.jsonl").exists()
    assert run(here, *arguments[len(COMMAND) :])[0] == ExitCode.USAGE, "a stopped scan is not thrown away"
    assert run(here, *arguments[len(COMMAND) :], "--resume")[0] == 0
    assert len((here / "out" / "reports.jsonl").read_bytes().splitlines()) == 402
