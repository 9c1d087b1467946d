"""The commands that look at knowledge, at one picture and at engines; on written observations, without OCR."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from detector.cli import run
from detector.cli.explain_command import alignment
from detector.errors import ExitCode
from detector.knowledge import Match
from detector.reading.protocol import Availability
from detector.resources import SIGNATURES
from detector.types import Observations, Signature, TextLine, box_quad

HOSTILE = "\x1b[31m\u202e<b>'=1"


@pytest.fixture
def observed(tmp_path: Path) -> Path:
    """A picture with a disclaimer cut at the right border, and a hostile line."""
    lines = (
        TextLine(
            text="Development footage. This is a work", confidence=0.9, quad=box_quad(900, 20, 1279, 40), engine="e"
        ),
        TextLine(text=HOSTILE, confidence=0.5, quad=box_quad(100, 600, 300, 620), engine="e"),
    )
    path = tmp_path / "o.json"
    path.write_text(
        Observations(
            source=f"{HOSTILE}.png", sha256="0" * 64, size=(1280, 720), lines=lines, notes=(HOSTILE,)
        ).to_json()
    )
    return path


def test_explain_says_why_where_and_how_the_bits_add_up(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(observed)]) == ExitCode.OK
    text = capsys.readouterr().out
    expected = [
        "signature: disclaimers.work-in-progress",
        "read: “Development footage. This is a work”",
        "where: top right corner",
        "why: ",
        "known:  Developmentfootage",
        "read:   Developmentfootage",
        "sum (bits)",
        "probability",
        "No finding is no conclusion",
        "\\x1b[31m\\u202e<b>'=1",
    ]
    for words in expected:
        assert words in text
    assert all(line.isprintable() for line in text.splitlines())


def test_explain_gives_the_report_as_json(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(observed), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["source"] == f"{HOSTILE}.png"
    assert "disclaimers.work-in-progress" in [item["signature"] for item in report["evidence"]]
    before = report["verdict"]["sources"]["game"]
    assert run(["explain", str(observed), "--json", "--prior-game", "0.5"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["sources"]["game"] > before


@pytest.mark.parametrize(("text", "message"), [("{", "no JSON"), ('{"schema": 99}', "schema version 99")])
def test_explain_says_what_is_wrong_with_observations(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "o.json"
    path.write_text(text)
    assert run(["explain", str(path)]) == ExitCode.PARTIAL
    assert message in capsys.readouterr().err
    assert run(["explain", str(tmp_path / "missing.json")]) == ExitCode.PARTIAL


def test_a_folder_without_what_is_needed_says_what_to_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(tmp_path)]) == ExitCode.USAGE
    assert "overlay-detector scan FOLDER -o report" in capsys.readouterr().err
    assert run(["rescore", str(tmp_path)]) == ExitCode.USAGE
    assert "Name a folder that scan -o wrote" in capsys.readouterr().err


def test_rescore_judges_again_and_writes_the_formats(observed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = observed.parent / "out"
    assert run(["rescore", str(observed), "--json"]) == 0
    printed = capsys.readouterr().out
    assert run(["rescore", str(observed), "-o", str(out), "--format", "jsonl,csv"]) == 0
    assert (out / "reports.jsonl").read_text() == printed
    assert (out / "reports.csv").exists()
    assert not (out / "index.html").exists()


def test_signatures_match_shows_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["signatures", "match", "A11 c0ntent subject to chang", "--at", "top-right"]) == 0
    out = capsys.readouterr().out
    assert "disclaimers.work-in-progress" in out
    assert "|~~|~|||" in out, "what was misread stands apart from what was read"
    assert run(["signatures", "match", "qqqq"]) == 0
    assert "No signature matches" in capsys.readouterr().err


def test_signatures_list_show_and_lint(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["signatures", "list", "--kind", "recorder", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) > 3
    assert {row["kind"] for row in rows} == {"recorder"}
    assert run(["signatures", "show", rows[0]["id"]]) == 0
    assert f"id: {rows[0]['id']}" in capsys.readouterr().out
    assert run(["signatures", "show", rows[0]["id"] + "x"]) == ExitCode.USAGE
    assert rows[0]["id"] in capsys.readouterr().err, "names what is near"
    # One good one and one bad one; all packaged ones have a test of their own.
    (tmp_path / "disclaimers").mkdir()
    name = "disclaimers/work-in-progress.yaml"
    (tmp_path / name).write_bytes((SIGNATURES / name).read_bytes())
    assert run(["signatures", "lint", str(tmp_path)]) == 0
    capsys.readouterr()
    (tmp_path / "bad.yaml").write_text("id: bad\ntitel: x\n")
    assert run(["signatures", "lint", str(tmp_path)]) == ExitCode.SETTING
    assert re.search(r"bad\.yaml:2: error: invalid-file: .*To do: ", capsys.readouterr().out)


def test_alignment_shows_gaps_changes_and_hostile_letters() -> None:
    pairs = (("D", "D"), ("e", ""), ("v", "\x1b"), ("", "x"), ("O", "0"))
    match = Match(
        signature=Signature(id="a.b", title="t", kind="hud", status="test"), phrase="DevO", language="en", quote="q",
        lines=(0,), bits=4.0, share=0.5, e_value=0.001, cut=("right",), alignment=pairs,
    )  # fmt: skip
    known, signs, read, words = alignment(match)
    assert known == "known:  Dev   -O"
    assert signs == "        | ~    ~"
    assert read == "read:   D-\\x1bx0"
    assert "cut at the right" in words


def test_engines_says_what_to_type(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import detector.reading.reader

    table = [
        ("good", Availability(ready=True, version="1", scripts=("Latn",))),
        ("gone", Availability(ready=False, reason="it is not installed", remedy="pip install gone")),
    ]
    monkeypatch.setattr(detector.reading.reader, "engines_table", lambda: table)
    assert run(["engines"]) == 0
    out = capsys.readouterr().out
    assert "scripts: Latn" in out
    assert "type: pip install gone" in out
    assert run(["engines", "--json"]) == 0
    assert [json.loads(line)["ready"] for line in capsys.readouterr().out.splitlines()] == [True, False]
    monkeypatch.setattr(detector.reading.reader, "engines_table", lambda: table[1:])
    assert run(["engines"]) == ExitCode.ENGINE
