"""Hostile texts and names through the real command into every output; the pages in a real browser."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from detector.outputs.csv import COLUMNS
from detector.types import Observations, TextLine, box_quad

ROOT = Path(__file__).parent.parent
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
NUMBERS = {"fakeness", "camera", "game", "generated", "top_bits_game"}
TEXTS = [
    "<img src=x onerror=alert(1)>",
    "<img src='{hit}' onerror=\"document.title='owned'\"><script>document.title='owned'</script>",
    '=HYPERLINK("http://x")',
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "evil\u202egnp.exe\u2066",
    "two\nlines \"quoted\" 'single' {{ 7*7 }}",
]
NAMES = [
    "<img src=x onerror=alert(1)>.png",
    "<img src='x' onerror=\"document.title='owned'\">.png",
    '=HYPERLINK("x").png',
    "\x1b[31mred\x1b]0;t\x07.png",
    "\u202egnp.exe.png",
    "two\nlines 'quoted' \"double\".png",
]


@pytest.fixture(scope="module")
def hits() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback that a page must never ask anything, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hit", asked
    server.shutdown()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, hits: tuple[str, list[str]]) -> Path:
    """Pictures with hostile names, metadata and overlay texts (recorded, as an engine would read them)."""
    place = tmp_path_factory.mktemp("hostile")
    (place / "in").mkdir()
    rows, manifest = [], []
    for number, (name, text) in enumerate(zip(NAMES, texts(hits), strict=True)):
        about = PngImagePlugin.PngInfo()
        about.add_text("Software", text.encode("latin-1", "replace").decode("latin-1"))
        path = place / "in" / name
        image = Image.new("RGB", (640, 360), (40, 60, 20 + number))
        for at in range(3):  # letters where the lines stand, whatever the recording says they are
            ImageDraw.Draw(image).text((150, 8 + 40 * at), "Development footage. Work in progress.", "white",
                                       font=ImageFont.load_default(20))  # fmt: skip
        image.save(path, "PNG", pnginfo=about)
        lines = [TextLine(text=said, confidence=0.99, quad=box_quad(150, 8 + 40 * at, 630, 30 + 40 * at), engine="e")
                 for at, said in enumerate(("Development footage. This is a work in progress.", text,
                                            f"Development footage {text}"))]  # fmt: skip
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        seen = Observations(source=name, sha256=sha256, size=(640, 360), lines=tuple(lines))
        rows.append(seen.to_json())
        manifest.append(json.dumps({"file": f"in/{name}", "label": ("camera", "game")[number % 2], "source": text}))
    (place / "recording.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
    (place / "manifest.jsonl").write_text("\n".join(manifest) + "\n", "utf-8")
    (place / "in" / "no picture \x1b[2J\u202e.jpg").write_bytes(b"<script>document.title='owned'</script>")
    return place


def texts(hits: tuple[str, list[str]]) -> list[str]:
    return [text.replace("{hit}", hits[0]) for text in TEXTS]


def command(place: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "detector", *arguments], cwd=place, capture_output=True, timeout=240, input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OVERLAY_DETECTOR_RECORDING": str(place / "recording.jsonl")},
    )  # fmt: skip


FORMATS = "jsonl,csv,html" + (",parquet" if find_spec("pyarrow") else "")
"""All that can be written here; where pyarrow is missing, the test of its file says so."""


@pytest.fixture(scope="module")
def report(place: Path) -> Path:
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (place / "in").iterdir()}
    done = command(place, "scan", "in", "-o", "report", "--engine", "recorded", "--annotate", "all", "--format",
                   FORMATS, "--workers", "2", "-vv")  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert done.stdout == b""
    assert_shown_as_text(done.stderr)
    assert before == {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (place / "in").iterdir()}
    assert {path.name for path in place.iterdir()} == {"in", "report", "recording.jsonl", "manifest.jsonl"}
    return place / "report"


def assert_shown_as_text(printed: bytes) -> None:
    """Nothing steers a terminal: no control, no change of direction, one line for one line."""
    for line in printed.decode("utf-8").split("\n"):
        assert line.isprintable(), repr(line)
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", line), repr(line)


def test_rows_on_a_terminal_or_in_a_pipe(place: Path) -> None:
    done = command(place, "scan", "in", "--engine", "recorded", "--workers", "1")
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == len(NAMES) + 1
    assert_shown_as_text(done.stdout)
    assert_shown_as_text(done.stderr)
    assert b"\\x1b[31mred" in done.stdout and b"two\\nlines" in done.stdout and b"\\u202e" in done.stdout


def test_a_list_on_standard_input_keeps_every_name(place: Path) -> None:
    """As ``find in -print0`` writes it."""
    given = b"".join(f"in/{name}\0".encode() for name in reversed(NAMES))
    done = command(place, "scan", "--files-from", "-", "--json", "--engine", "none", "--workers", "1", given=given)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == [f"in/{name}" for name in NAMES[::-1]]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_explain(number: int, place: Path) -> None:
    done = command(place, "explain", f"in/{NAMES[number]}", "--engine", "recorded")
    assert done.returncode == 0, done.stderr
    assert_shown_as_text(done.stdout)
    assert b"disclaimers." in done.stdout, "the hostile text stands in the quote of a finding"


def test_rows_for_programs_keep_the_text_as_it_is(report: Path, hits: tuple[str, list[str]]) -> None:
    raw = (report / "reports.jsonl").read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]|\xc2[\x80-\x9f]", raw), "escaped, not raw"
    rows = [json.loads(line) for line in raw.splitlines()]
    read = {row["source"].removeprefix("in/"): row["lines"][1]["text"] for row in rows if row["status"] == "ok"}
    assert read == dict(zip(NAMES, texts(hits), strict=True))
    assert all(row["verdict"]["label"] in ("suspect", "strong") for row in rows if row["status"] == "ok")
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="the extra 'parquet' is not installed")
    assert sorted(row["source"] for row in pyarrow.read_table(report / "reports.parquet").to_pylist()) == sorted(
        row["source"] for row in rows
    )


def test_a_spreadsheet_starts_no_formula(report: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((report / "reports.csv").read_text("utf-8-sig"), newline="")))
    assert len(rows) == len(NAMES) + 1
    for row in rows:
        assert tuple(row) == COLUMNS
        for column, cell in row.items():
            assert cell.isprintable()
            assert column in NUMBERS or not cell.lstrip().startswith(("=", "+", "-", "@")), (column, cell)


def test_files_have_harmless_names_and_pictures_carry_no_text(report: Path) -> None:
    drawn = sorted((report / "annotated").iterdir())
    assert len(drawn) == len(NAMES) and len(list((report / "observations").iterdir())) == len(NAMES)
    for path in report.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", path.name) and not path.is_symlink()
    for path in drawn:
        with Image.open(path) as image:
            image.load()
            assert image.format == "JPEG" and not set(image.info) & {"comment", "exif", "xmp"}


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
def test_pages_run_nothing_and_load_nothing_in_a_real_browser(
    place: Path, report: Path, hits: tuple[str, list[str]], tmp_path: Path
) -> None:
    done = command(place, "evaluate", "manifest.jsonl", "-o", "measured", "--engine", "recorded", "--bootstrap", "20")
    assert done.returncode == 0, done.stderr
    assert_shown_as_text(done.stdout)

    def title(page: Path) -> tuple[str, str]:
        run = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
             "--virtual-time-budget=3000", "--dump-dom", page.as_uri()],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        shown = run.stdout.decode("utf-8")
        return re.search("<title>(.*?)</title>", shown, re.S)[1], shown  # type: ignore[index]

    # The same text in a page that does not escape it: proof that this browser runs it and loads what it names.
    naive = tmp_path / "naive.html"
    naive.write_text(f"<title>naive</title>{texts(hits)[1]}", "utf-8")
    assert title(naive)[0] == "owned" and hits[1] == ["/hit"]
    # And by its event alone, which needs no script element.
    naive.write_text(f"<title>naive</title>{NAMES[1]}", "utf-8")
    assert title(naive)[0] == "owned"
    for page, name in ((report / "index.html", "Overlay report"), (place / "measured" / "evaluation.html", "")):
        found, shown = title(page)
        assert name in found and "owned" not in found
        # As text it is there; as an element it would have no "&lt;".
        assert "&lt;img src=" in shown and "onerror" in shown
        assert not re.search(r"<script|<[a-z]+[^>]*\son[a-z]+\s*=\s*[^&]", re.sub(r'"[^"]*"', '""', shown))
    assert hits[1] == ["/hit"], "a page asked for something"
