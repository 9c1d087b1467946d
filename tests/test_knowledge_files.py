"""Signature files: what is refused, how the fault is named, and that a cache changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import SignatureError
from detector.knowledge import load_knowledge
from detector.knowledge.base import load_signatures
from detector.knowledge.schema import SCHEMA_FILE, KindName, SourceName, ZoneName, json_schema, parse_signature
from detector.knowledge.store import load_folder
from detector.types import SIGNATURE_KINDS, SOURCES, ZONES

GOOD = """\
id: notices.test-build
title: A notice of a test build
status: stable
kind: disclaimer
speaks_for: {game: 9}
phrases:
  en: ["Quarrelsome zebra test build 17"]
references: ["https://example.org/"]
tests:
  match:
    - Quarrelsome zebra test build 17
    - [Quarrelsome zebra, test build 17]
  no_match: ["Zebra crossing"]
"""


def write(folder: Path, text: str, name: str = "notices/test-build.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def fault(text: str) -> str:
    with pytest.raises(SignatureError) as caught:
        parse_signature(text.encode(), name="f.yaml", expected_id="notices.test-build")
    return str(caught.value)


def test_good_file() -> None:
    signature, lines = parse_signature(GOOD.encode(), name="f.yaml", expected_id="notices.test-build")
    assert signature.group == "disclaimer"
    assert signature.tests_match == ("Quarrelsome zebra test build 17", "Quarrelsome zebra\ntest build 17")
    assert lines["tests", "match", 1] == 12


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: disclaimer", "kind: advert", "f.yaml:4: field 'kind'"),
        ("kind: disclaimer", "kind: disclaimer\ncolour: red", "f.yaml:5: field 'colour' is unknown; known: id, title"),
        ("{game: 9}", "{moon: 9}", "f.yaml:5: field 'speaks_for.moon'"),
        ("{game: 9}", "{game: '9'}", "f.yaml:5: field 'speaks_for.game'"),
        ("title: A notice", "title: One\ntitle: A notice", "f.yaml:3: field 'title' occurs twice"),
        ("  en: [", '  no: ["x y"]\n  en: [', "f.yaml:7: field 'phrases.no' is read by YAML as bool"),
        ('["Quarrelsome zebra test build 17"]', "[on]", "f.yaml:7: field 'phrases.en[0]' is read by YAML as bool"),
        ('["Quarrelsome zebra test build 17"]', "[12:30]", "write '12:30' in quotes"),
        ('["Quarrelsome zebra test build 17"]', "[-]", "f.yaml:7:"),
        ('["Quarrelsome zebra test build 17"]', '["!?"]', "at least two letters"),
        ('["Quarrelsome zebra test build 17"]', "[&a xx, *a ]", "is a YAML alias"),
        ("title: A notice", "title: !!python/name:os.system A notice", "f.yaml:2: field 'title' has the tag"),
        (
            "references:",
            "patterns: ['(a']\nreferences:",
            "f.yaml:8: field 'patterns[0]' is wrong: this regular expression",
        ),
        ("references:", "patterns: ['x*']\nreferences:", "matches a line without any text"),
        ('references: ["https://example.org/"]\n', "", "status 'stable' needs references"),
        ('  no_match: ["Zebra crossing"]\n', "", "f.yaml:9: field 'tests.no_match' is missing"),
        ("id: notices.test-build", "id: notices.other", "but the file's place says 'notices.test-build'"),
        ("title: A notice", "title: [A notice", "f.yaml:3: this is no YAML"),
        (GOOD, "- a list\n", "f.yaml:1: the file holds no fields"),
    ],
)
def test_faults_name_file_line_and_field(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in fault(GOOD.replace(old, new, 1))


def test_every_fault_of_a_file_is_named() -> None:
    message = fault(GOOD.replace("kind: disclaimer", "kind: x").replace("title: A notice", "title: 1 #"))
    assert len(message.splitlines()) == 2


def test_aliases_cannot_blow_up() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefg", "bcdefgh", strict=True))
    assert "alias" in fault(bomb)


def test_literals_equal_the_types() -> None:
    assert KindName.__args__ == SIGNATURE_KINDS  # type: ignore[attr-defined]
    assert ZoneName.__args__ == ZONES  # type: ignore[attr-defined]
    assert SourceName.__args__ == SOURCES  # type: ignore[attr-defined]


def test_schema_file_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_text("utf-8") == json_schema()


def test_cache_gives_the_same_and_notices_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = write(tmp_path / "own", GOOD)
    first = load_signatures(tmp_path / "own")
    assert list((tmp_path / "cache").rglob("signatures-*.json"))
    assert load_signatures(tmp_path / "own") == first == load_folder(tmp_path / "own")[0].signatures
    path.write_text(GOOD.replace("A notice", "Another notice"), "utf-8")
    assert load_signatures(tmp_path / "own")["notices.test-build"].title.startswith("Another")
    for cache in (tmp_path / "cache").rglob("signatures-*.json"):
        cache.write_text("[{]", "utf-8")
    assert load_signatures(tmp_path / "own")["notices.test-build"].title.startswith("Another")


def test_own_signatures_stand_beside_the_packaged_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    packaged = load_knowledge()
    write(tmp_path / "own", GOOD)
    both = load_knowledge(tmp_path / "own")
    assert set(both.signatures) - set(packaged.signatures) == {"notices.test-build"}
    assert both.version != packaged.version
    taken = next(iter(packaged.signatures))
    write(tmp_path / "own", GOOD.replace("notices.test-build", taken), taken.replace(".", "/") + ".yaml")
    with pytest.raises(SignatureError, match="is packaged already"):
        load_knowledge(tmp_path / "own")


def test_missing_folder_and_wrong_ending(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="no such folder"):
        load_signatures(tmp_path / "nowhere")
    write(tmp_path, GOOD, "a.yml")
    with pytest.raises(SignatureError, match=r"a\.yml:1: .* ends in '\.yaml'"):
        load_signatures(tmp_path)


def test_deprecated_signatures_are_left_out(tmp_path: Path) -> None:
    from detector.knowledge import Knowledge

    write(tmp_path, GOOD.replace("status: stable", "status: deprecated"))
    assert not Knowledge(load_signatures(tmp_path)).signatures
