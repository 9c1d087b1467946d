"""Every output format keeps the same promises, and hostile text does nothing in any of them."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from detector.errors import OutputError
from detector.outputs.csv import COLUMNS, safe_cell
from detector.registry import OUTPUTS
from detector.types import (
    Contribution,
    Evidence,
    Failure,
    Label,
    Report,
    TextLine,
    Verdict,
    box_quad,
)
from detector.wording import attribute_words, visible

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</style></bdi><script>document.title='owned'</script>",
    '=HYPERLINK("http://x","y")',
    "\x1b[31mred\x1b]0;title\x07 \x9b2J",
    "evil\u202egnp.exe",
    "two\nlines \"quoted\" 'single' \r\n\t{{ 7*7 }} {% raw %}",
    "a;=1+1,@SUM(A1)\t-2",
    "x" * 100_000,
    "\udcff broken bytes \u2028 separator \u0000 nul",
    "Разработка — 開発中の映像 — تجريبي",
]


def make_report(text: str = "Development footage", label: Label = "strong", source: str = "a/b.png") -> Report:
    fakeness = {"no-finding": 0.1, "marked": 0.1, "suspect": 0.6, "strong": 0.97}[label]
    quad = box_quad(500, 10, 630, 30)
    evidence = Evidence(
        kind="text_marks", title=text, quote=text, why=f"It says {text}.", bits={"game": 9.25, "camera": 0.0},
        signature="disclaimers.work-in-progress", quads=(quad,), mark="disclaimer",
        attributes={"game": text, text: "name"},
    )  # fmt: skip
    verdict = Verdict(
        sources={"camera": 1 - fakeness, "game": fakeness - 0.01, "generated": 0.01},
        fakeness=fakeness, label=label, scale="moderate support: " + text, summary=text,
        contributions=(
            Contribution(name="prior", bits={"camera": -0.152, "game": -4.322, "generated": -4.322}),
            Contribution(name=text, bits={"game": 9.25}, evidence=0),
        ),
    )  # fmt: skip
    return Report(
        source=source, status="ok", sha256="0" * 64, size=(640, 480), format="PNG", verdict=verdict,
        evidence=() if label == "no-finding" else (evidence,),
        lines=(TextLine(text=text, confidence=0.9, quad=quad, engine="recorded"),),
        notes=(text,), versions={"overlay-detector": "0.1.0"},
    )  # fmt: skip


def make_error(source: str = "gone.jpg", message: str = "no such file") -> Report:
    return Report(source=source, status="error", error=Failure(code="not-found", message=message))


def hostile_reports() -> list[Report]:
    reports = [make_report(text, source=text) for text in HOSTILE]
    return [*reports, *(make_error(text, text) for text in HOSTILE)]


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def rows_jsonl(path: Path) -> list[str]:
    return [json.loads(line)["source"] for line in path.read_text("utf-8").splitlines()]


def rows_parquet(path: Path) -> list[str]:
    import pyarrow.parquet

    return [row["source"] for row in pyarrow.parquet.read_table(path).to_pylist()]


def rows_html(path: Path) -> list[str]:
    return re.findall(r'<article class="card .*?<h3>.*?<bdi>(.*?)</bdi></h3>', path.read_text("utf-8"), re.S)


READERS: dict[str, Callable[[Path], list[str]]] = {
    "jsonl": rows_jsonl,
    "csv": lambda path: [row["source"] for row in read_csv(path)],
    "parquet": rows_parquet,
    "html": rows_html,
}


@pytest.fixture(params=OUTPUTS.names())
def name(request: pytest.FixtureRequest) -> str:
    if request.param == "parquet" and not importlib.util.find_spec("pyarrow"):
        pytest.skip("pyarrow is not installed: pip install 'overlay-detector[parquet]'")
    return str(request.param)


def write(name: str, folder: Path, reports: Iterable[Report], **extra: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    form = OUTPUTS.get(name)
    with form(folder) as output:
        for report in reports:
            output.write(report, **extra)
    return folder / form.file_name


class TestEveryFormat:
    def test_writes_one_row_a_picture_in_order(self, name: str, tmp_path: Path) -> None:
        reports = [make_report(source=f"{n}.png") for n in range(7)] + [make_error("8.png")]
        path = write(name, tmp_path, reports, annotated="annotated/1.png")
        assert READERS[name](path) == [report.source for report in reports]
        assert [file.name for file in tmp_path.iterdir()] == [path.name], "nothing else is left in the folder"

    def test_writes_a_file_for_no_pictures(self, name: str, tmp_path: Path) -> None:
        assert READERS[name](write(name, tmp_path, [])) == []

    def test_same_reports_same_bytes(self, name: str, tmp_path: Path) -> None:
        reports = [make_report(), make_error(), make_report(label="no-finding")]
        first, second = (write(name, tmp_path / part, reports).read_bytes() for part in "ab")
        assert first == second

    def test_final_name_only_when_complete(self, name: str, tmp_path: Path) -> None:
        form = OUTPUTS.get(name)
        final = tmp_path / form.file_name
        final.write_bytes(b"the run before")
        with pytest.raises(RuntimeError), form(tmp_path) as output:
            output.write(make_report())
            assert final.read_bytes() == b"the run before"
            raise RuntimeError
        assert final.read_bytes() == b"the run before"

    def test_never_writes_through_a_planted_link(self, name: str, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        victim.write_bytes(b"mine")
        folder = tmp_path / "out"
        folder.mkdir()
        form = OUTPUTS.get(name)
        for link in (form.file_name, f"{form.file_name}.partial"):
            (folder / link).symlink_to(victim)
        write(name, folder, [make_report()])
        assert victim.read_bytes() == b"mine"
        assert not (folder / form.file_name).is_symlink()

    def test_hostile_texts_are_written(self, name: str, tmp_path: Path) -> None:
        reports = hostile_reports()
        assert len(READERS[name](write(name, tmp_path, reports))) == len(reports)

    def test_a_folder_that_cannot_be_written_is_a_clear_error(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"cannot be written"):
            OUTPUTS.get(name)(tmp_path / "missing").__enter__()

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_a_clear_error(self, name: str, tmp_path: Path) -> None:
        form = OUTPUTS.get(name)
        with pytest.raises(OutputError, match="cannot be written"), form(tmp_path) as output:
            # Its file now lies on a device that is always full.
            with open("/dev/full", "wb") as full:  # noqa: PTH123
                os.dup2(full.fileno(), output._file.stream.fileno())
            for _ in range(600):
                output.write(make_report())
        assert not (tmp_path / form.file_name).exists()


def test_jsonl_is_the_report_exactly_and_one_line_for_every_reader(tmp_path: Path) -> None:
    reports = hostile_reports()
    text = write("jsonl", tmp_path, reports).read_text("utf-8")
    assert len(text.splitlines()) == len(reports)  # splitlines also splits at U+2028 and U+0085
    assert [json.loads(line) for line in text.split("\n")[:-1]] == [report.to_dict() for report in reports]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text), "may be shown in a terminal"


def test_reports_fit_the_published_schema(tmp_path: Path) -> None:
    schema = json.loads((Path(__file__).parent.parent / "detector/outputs/report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for report in [*hostile_reports(), make_report(label="no-finding")]:
        validator.validate(json.loads(report.to_json()))
    broken = make_report().to_dict()
    broken["verdict"]["label"] = "authentic"
    assert not validator.is_valid(broken)
    # Additions need a change of the schema: what is not listed there is not promised.
    assert set(schema["properties"]) == set(make_report().to_dict())


def test_csv_starts_no_formula_and_has_one_line_a_row(tmp_path: Path) -> None:
    reports = hostile_reports()
    path = write("csv", tmp_path, reports)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n") == len(reports) + 1
    for row in read_csv(path):
        assert tuple(row) == COLUMNS
        for column, cell in row.items():
            if column not in {"fakeness", "camera", "game", "generated", "top_bits_game"}:
                # Also as another country's spreadsheet would split it.
                for part in re.split(r"[;,\t|]", cell):
                    assert part.lstrip("\"' ")[:1] not in "=+-@" or part.lstrip(" ")[:1] in ("", "'"), cell
            assert cell.isprintable()


def test_csv_numbers_stay_numbers(tmp_path: Path) -> None:
    (row,) = read_csv(write("csv", tmp_path, [make_report()]))
    assert (float(row["fakeness"]), float(row["top_bits_game"]), row["width"]) == (0.97, 9.25, "640")
    assert row["signatures"] == "disclaimers.work-in-progress"


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), (" =1", " '=1"), ("2-1", "2-1"), ("a;-1", "a;'-1"), ("＝1", "'＝1"), ("a\r\n=1", "a\\r\\n=1")],
)
def test_safe_cell(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQAY3Y2wAAAAAElFTkSuQmCC"
)


def test_html_holds_no_active_content(tmp_path: Path) -> None:
    text = write("html", tmp_path, hostile_reports(), annotated="annotated/a b#?.png", thumbnail=PIXEL).read_text()
    page = Page(text)
    assert not page.tags & {"script", "iframe", "object", "embed", "link", "form", "base", "template"}
    assert not {name for name in page.attributes if name.startswith("on")} | (page.attributes & {"style"})
    assert {link for link in page.links if not link.startswith("#")} == {"./annotated/a%20b%23%3F.png", PIXEL}
    assert "{{ 7*7 }} {% raw %}" in text, "a text that looks like a template is shown, not run"
    assert "default-src 'none'" in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "No finding is no conclusion" in text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "../../etc/passwd", "/etc/passwd", "//host/x", "https://x/y"])
def test_html_links_stay_in_the_folder(link: str, tmp_path: Path) -> None:
    text = write("html", tmp_path, [make_report()], annotated=link, thumbnail=link).read_text()
    for target in Page(text).links:
        assert target.startswith("./") and ":" not in target


def test_html_counts_labels_and_shows_what_people_need(tmp_path: Path) -> None:
    labels: list[Label] = ["strong", "no-finding", "no-finding", "marked"]
    text = write("html", tmp_path, [*(make_report(label=label) for label in labels), make_error()]).read_text()
    counts = dict(re.findall(r'for="f-([a-z-]+)"><b>(\d+)</b>', text))
    assert counts == {"all": "5", "strong": "1", "suspect": "0", "marked": "1", "no-finding": "2", "error": "1"}
    for words in ("game +9.2 bits", "top right corner", "disclaimers.work-in-progress", "moderate support", "prior"):
        assert words in text


def test_html_shows_the_loudest_first(tmp_path: Path) -> None:
    labels: list[Label] = ["no-finding", "marked", "strong", "suspect", "strong"]
    reports = [make_report(label=label, source=f"{number}.png") for number, label in enumerate(labels)]
    path = write("html", tmp_path, [make_error("bad.png"), *reports])
    assert rows_html(path) == ["2.png", "4.png", "3.png", "1.png", "bad.png", "0.png"]


def test_html_shows_the_letters_of_each_finding(tmp_path: Path) -> None:
    letters = PIXEL.replace("AAAAAElFTk", "AAAAAElFTg")
    report = make_report()
    text = write("html", tmp_path, [report], thumbnail=f"{PIXEL} {letters}").read_text()
    assert text.count(f'<img src="{PIXEL}"') == 1
    assert text.count(f'<img class="letters" src="{letters}"') == 1
    for nothing in (f"{PIXEL} -", f"{PIXEL} javascript:alert(1)", PIXEL):
        text = write("html", tmp_path, [report], thumbnail=nothing).read_text()
        assert 'class="letters"' not in text
        assert PIXEL in text


def test_html_numbers_of_the_same_place_stand_side_by_side(tmp_path: Path) -> None:
    report = make_report()
    near, far = box_quad(502, 9, 633, 32), box_quad(20, 300, 90, 330)
    more = tuple(replace(report.evidence[0], quads=(quad,)) for quad in (near, far))
    text = write("html", tmp_path, [replace(report, evidence=report.evidence + more)], thumbnail=PIXEL).read_text()
    assert re.findall(r"<text [^>]*>([\d,]+)</text>", text) == ["1,2", "3"]


def test_html_says_where_nothing_changed_what_was_assumed(tmp_path: Path) -> None:
    report = make_report(label="no-finding")
    assert report.verdict is not None
    prior = replace(report.verdict, contributions=report.verdict.contributions[:1])
    assert "as before looking" in write("html", tmp_path, [replace(report, verdict=prior)]).read_text()
    assert "as before looking" not in write("html", tmp_path, [report]).read_text()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("share", "0.22", "22 % of the phrase was read"),
        ("match_bits", "12.7", "12.7 bits: how surprising these letters are"),
        ("e_value", "3.4e-05", "by chance, the model of letters expects it in 1 in 29,000 genuine pictures"),
        ("e_value", "7", "by chance, the model of letters expects it in 1 in 1 genuine pictures"),
        ("e_value", "0", "by chance, the model of letters expects it in less than 1 in 1,000,000,000 genuine pictures"),
        ("overlaid", "0.98", "98 % sure that it was laid over the picture and is no part of the scene"),
        ("share", "nan", "share: nan"),
        ("first_seen", "\x1b[2J", "first seen: \\x1b[2J"),
    ],
)
def test_attributes_are_said_in_words(name: str, value: str, words: str) -> None:
    assert attribute_words(name, value) == words


def test_html_takes_little_memory(tmp_path: Path) -> None:
    code = (
        "import sys, resource, pathlib\n"
        "from tests.test_outputs import make_report, write\n"
        "rows = lambda n: (make_report(source=f'{i}.png') for i in range(n))\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "big = 'data:image/png;base64,' + 'A' * 20_000\n"
        "write('html', pathlib.Path(sys.argv[1]), rows(50), thumbnail=big); before = peak()\n"
        "write('html', pathlib.Path(sys.argv[1]), rows(1500), thumbnail=big)\n"
        "assert peak() - before < 12_000, (before, peak())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=Path(__file__).parent.parent)
    assert (tmp_path / "index.html").stat().st_size > 30_000_000


CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
def test_hostile_page_runs_nothing_in_a_real_browser(tmp_path: Path) -> None:
    path = write("html", tmp_path / "out", hostile_reports(), thumbnail=PIXEL)

    def dom(page: Path) -> str:
        run = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
             "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
            capture_output=True, timeout=90, check=True,
        )  # fmt: skip
        return run.stdout.decode("utf-8")

    # The same attacks in a page that does not escape them: proof that this browser would run them.
    naive = tmp_path / "naive.html"
    naive.write_text(f"<title>naive</title>{HOSTILE[1]}", "utf-8")
    assert "<title>owned</title>" in dom(naive)
    shown = dom(path)
    assert f"<title>Overlay report: {len(hostile_reports())} pictures</title>" in shown
    assert shown.count('<article class="card') == len(hostile_reports())
    page = Page(shown)
    assert "script" not in page.tags
    assert not {name for name in page.attributes if name.startswith("on")}


def test_visible_leaves_every_script_and_no_control() -> None:
    assert visible("Разработка 開発中 تجريبي é 😀") == "Разработка 開発中 تجريبي é 😀"
    assert visible("\x1b[0m\n\u202e\u200b\udcff\U000e0041") == "\\x1b[0m\\n\\u202e\\u200b\\udcff\\U000e0041"
    assert visible("abcdef", limit=4) == "abcd… (2 more characters)"


def test_html_keeps_shared_symbology_apart_from_findings(tmp_path: Path) -> None:
    found = [
        Evidence(kind="text_marks", title=title, why="w", bits=bits, mark=mark, quads=(box_quad(1, 1, 9, 9),))
        for title, bits, mark in (
            ("Trailer", {"game": 6.0}, "disclaimer"),
            ("Altitude", {}, "sensor"),
            ("Fraps", {}, "recorder"),
        )
    ]
    report = replace(make_report(), evidence=tuple(found))
    text = write("html", tmp_path, [report]).read_text()
    findings, _, shared = text.partition("What cameras and games share (1)")
    assert "Trailer" in findings
    assert "Fraps" in findings, "a mark of the path is a finding"
    assert "Altitude" in shared
    assert "Altitude" not in findings.partition("<main>")[2]


def test_html_of_a_large_scan_stays_light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detector.outputs import html

    monkeypatch.setattr(html, "QUIET_THUMBNAILS", 2)
    monkeypatch.setattr(html, "QUIET_CARDS", 3)
    labels: list[Label] = ["no-finding"] * 5 + ["strong"] * 5
    text = write("html", tmp_path, [make_report(label=label) for label in labels], thumbnail=PIXEL).read_text()
    assert text.count('<article class="card') == 10
    assert text.count('<article class="card slim no-finding"') == 2
    assert text.count(PIXEL) == 2 + 5, "flagged pictures are always shown"
    assert "only the first 2 pictures without a finding are shown small, and only the first 3" in text
