"""The main job as a newcomer meets it: the real command with the real engine over the samples, in a fresh process."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from detector.errors import ExitCode

ROOT = Path(__file__).parents[1]
SAMPLES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "samples").glob("*/*")
    if path.parent.name != "make" and path.is_file()
)
HEAVY = "{'cv2', 'onnxruntime', 'torch', 'rapidocr', 'easyocr', 'pytesseract', 'ray'}"


def command(
    *arguments: str, folder: Path, code: str = "from detector.cli import main; main()"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=840,
    )  # fmt: skip


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """``scan samples -o report --json``: the folder that it wrote, and standard output."""
    report = tmp_path_factory.mktemp("job") / "report"
    done = command("scan", "samples", "-o", str(report), "--json", folder=ROOT)
    assert done.returncode == ExitCode.OK, done.stderr
    return report, done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.engine("rapidocr")
class TestTheSamples:
    def test_a_report_an_annotated_picture_and_observations_for_every_sample(self, scanned: tuple[Path, str]) -> None:
        report, _ = scanned
        rows = [json.loads(line) for line in (report / "reports.jsonl").read_text("utf-8").splitlines()]
        assert sorted(row["source"] for row in rows) == SAMPLES
        assert {row["status"] for row in rows} == {"ok"}
        with (report / "reports.csv").open(encoding="utf-8-sig", newline="") as file:
            table = list(csv.DictReader(file))
        assert [row["source"] for row in table] == [row["source"] for row in rows]
        for row in table:
            with Image.open(report / row["annotated"]) as drawn:
                assert drawn.width >= int(row["width"])
                assert drawn.height > int(row["height"]), "a strip below says what the boxes mean"
        observed = [json.loads(path.read_text("utf-8"))["source"] for path in (report / "observations").iterdir()]
        assert sorted(observed) == SAMPLES
        page = (report / "index.html").read_text("utf-8")
        assert page.count("<article ") == len(SAMPLES)

    def test_standard_output_is_one_report_a_line_and_nothing_else(self, scanned: tuple[Path, str]) -> None:
        report, printed = scanned
        assert printed == (report / "reports.jsonl").read_text("utf-8")
        for line in printed.splitlines():
            row = json.loads(line)
            assert {"source", "sha256", "status", "error", "verdict", "evidence", "lines"} <= set(row)
            assert {"fakeness", "label", "sources"} <= set(row["verdict"])
            assert set(row["verdict"]["sources"]) == {"camera", "game", "generated"}
            for item in row["evidence"]:
                assert {"kind", "signature", "quote", "bits", "quads", "why", "attributes"} <= set(item)
            for text in row["lines"]:
                assert {"text", "confidence", "quad"} <= set(text)

    def test_the_founding_folder_flags_one_of_five_and_shows_the_letters(self, scanned: tuple[Path, str]) -> None:
        rows = [json.loads(line) for line in scanned[1].splitlines() if "founding-case" in line]
        assert len(rows) == 5
        (flagged,) = (row for row in rows if row["verdict"]["label"] in ("suspect", "strong"))
        evidence: dict[str, Any] = flagged["evidence"][0]
        assert "AC-130 Gunship Simulator" in evidence["attributes"]["game"]
        assert "content subj" in evidence["quote"]
        width, _ = flagged["size"]
        xs, ys = zip(*evidence["quads"][0], strict=True)
        assert min(xs) > 0.8 * width and max(xs) > 0.98 * width and max(ys) < 60, "in the top right corner"

    def test_rescoring_gives_the_same_bytes_and_loads_no_engine(
        self, scanned: tuple[Path, str], tmp_path: Path
    ) -> None:
        code = (
            "import sys\nfrom detector.cli import run\ncode = run(sys.argv[1:])\n"
            f"print(code, sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
        )
        done = command("rescore", str(scanned[0] / "observations"), "--json", "-q", folder=tmp_path, code=code)
        assert done.stderr.strip() == "0 []"
        assert done.stdout == scanned[1]


@pytest.mark.engine("rapidocr")
def test_twelve_bad_files_among_eight_good_ones(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = Image.fromarray(np.random.default_rng(5).integers(60, 90, (240, 480, 3), dtype=np.uint8))
    ImageDraw.Draw(good).text((20, 100), "Development footage", (255, 255, 255), ImageFont.load_default(40))
    for number in range(8):
        good.save(folder / f"good-{number}.png")
    data = (folder / "good-0.png").read_bytes()
    bad = {
        "empty.jpg": b"", "cut.png": data[: len(data) // 2], "head.png": data[:20], "text.jpg": b"no picture" * 50,
        "page.jpg": b"<html>no picture</html>", "noise.webp": bytes(range(256)) * 9, "sheet.pdf": b"%PDF-1.7\n" * 9,
        "bomb.png": data[:16] + b"\0\1\0\0\0\1\0\0" + data[24:], "jpeg.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 99,
    }  # fmt: skip
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    named = [*sorted(str(path) for path in folder.iterdir()), str(folder / "missing.jpg")]
    done = command("scan", *named, "--effort", "quick", "--json", folder=tmp_path)
    assert done.returncode == ExitCode.PARTIAL == 3, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["source"] for row in rows] == named
    failed = [row for row in rows if row["status"] == "error"]
    assert (len(rows), len(failed)) == (20, 12)
    assert all(row["error"]["code"] and row["error"]["message"] and row["verdict"] is None for row in failed)
    read = [row for row in rows if row["status"] == "ok"]
    assert {Path(row["source"]).name for row in read} == {f"good-{number}.png" for number in range(8)}
    assert all(any("footage" in line["text"] for line in row["lines"]) for row in read)


@pytest.mark.parametrize(
    "statement", ["import detector", "from detector.cli import run; run(['--help'])", "from detector import Report"]
)
def test_importing_is_quick_and_loads_nothing_heavy(statement: str, tmp_path: Path) -> None:
    code = (
        f"import sys, time; start = time.process_time()\n{statement}\ntook = time.process_time() - start\n"
        f"print(took, sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    results = [command(folder=tmp_path, code=code).stderr.split(maxsplit=1) for _ in range(3)]
    assert {heavy.strip() for _, heavy in results} == {"[]"}
    assert min(float(took) for took, _ in results) < 0.3, "seconds of processor time"
