"""Order, rows, names, cache, duplicates: what a scan promises when nothing goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from detector.batch import Progress, rescore, scan
from detector.batch.folder import safe_name
from detector.batch.store import Store
from detector.config import Settings
from detector.errors import EngineError, OutputError, UsageError
from detector.files import MARKER, find_pictures
from detector.types import Report
from tests.batch_fakes import DiesAtOnce, Fake, NoEngine, NoModel, Plain, make_pictures, result_of

TWO = Settings(workers=2)


def run(sources: Sequence[str], settings: Settings = TWO, **options: Any) -> list[Report]:
    options.setdefault("detector", Fake)
    return list(scan(sources, settings, **options))


def bad_files(folder: Path) -> dict[str, str]:
    """Twelve files that cannot be read, and the code that each one must get."""
    good = Path(make_pictures(folder, 1)[0]).read_bytes()
    (folder / "p0000.png").unlink()
    contents = {
        "b01-empty.jpg": (b"", "empty"),
        "b02-text.jpg": (b"this is a text", "not-a-picture"),
        "b03-cut.png": (good[: len(good) // 2], "truncated"),
        "b04-bomb.png": (good[:16] + b"\x00\x01\x86\xa0" * 2 + good[24:], "too-many-pixels"),
        "b05-zero.png": (good[:16] + b"\0" * 8 + good[24:], "zero-sized"),
        "b06-broken.png": (good[:41] + b"\xff\xff\xff" + good[44:], "damaged"),
        "b07.jxl": (b"\xff\x0a" + b"\0" * 50, "unsupported"),
        "b08-html.webp": (b"<html><body>404", "not-a-picture"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    codes = {name: code for name, (_, code) in contents.items()}
    os.mkfifo(folder / "b09-pipe.jpg")
    (folder / "b10-gone.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "b11-loop.jpg").symlink_to(folder / "b11-loop.jpg")
    with (folder / "b12-huge.jpg").open("wb") as file:
        file.truncate(1 << 40)
    codes |= {"b09-pipe.jpg": "not-a-file", "b10-gone.jpg": "not-found", "b11-loop.jpg": "unreadable"}
    return codes | {"b12-huge.jpg": "too-many-bytes"}


def test_twelve_bad_files_among_eight_good_ones(tmp_path: Path) -> None:
    expected = bad_files(tmp_path / "in")
    make_pictures(tmp_path / "in", 8)
    seen: list[Progress] = []
    reports = run(find_pictures([tmp_path / "in"]), output=tmp_path / "out", on_progress=seen.append)
    assert len(reports) == 20
    assert {Path(r.source).name: r.error.code for r in reports if r.error} == expected
    assert [r.source for r in reports] == find_pictures([tmp_path / "in"])
    rows = [json.loads(line) for line in (tmp_path / "out" / "reports.jsonl").read_text().splitlines()]
    assert rows == [r.to_dict() for r in reports]
    assert len(list((tmp_path / "out" / "observations").iterdir())) == 8
    assert len(list((tmp_path / "out" / "annotated").iterdir())) == 2
    assert not (tmp_path / "out" / ".partial").exists()
    assert (tmp_path / "out" / MARKER).exists()
    last = seen[-1]
    assert (last.done, last.total, last.flagged, last.failed, last.seconds_left) == (20, 20, 2, 12, 0)
    assert [progress.done for progress in seen] == list(range(1, 21))


def test_the_same_bytes_with_any_number_of_workers_and_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = make_pictures(tmp_path / "in", 40)
    monkeypatch.setenv("FAKE_DELAY", "0.002")
    results = []
    for number, options in enumerate(({}, {"cache": tmp_path / "c"}, {"cache": tmp_path / "c"})):
        out = tmp_path / f"out{number}"
        run(sources, Settings(workers=(1, 3, 2)[number]), output=out, **options)
        results.append(result_of(out))
    assert results[0] == results[1] == results[2]
    assert set(results[0]) > {"reports.jsonl", "reports.csv", "index.html"}


def test_a_cached_picture_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = make_pictures(tmp_path / "in", 6)
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    run(sources, cache=tmp_path / "cache.sqlite")
    assert len(log.read_text().splitlines()) == 6
    run(sources, cache=tmp_path / "cache.sqlite")
    assert len(log.read_text().splitlines()) == 6
    # Settings that change what is read change the key; those that do not, do not.
    run(sources[:1], Settings(workers=1, prior_game=0.2, threads=1), cache=tmp_path / "cache.sqlite")
    assert len(log.read_text().splitlines()) == 6
    run(sources[:1], Settings(workers=1, background="#000000"), cache=tmp_path / "cache.sqlite")
    assert len(log.read_text().splitlines()) == 7
    # Another picture under an old name is another picture.
    shutil.copy(sources[1], sources[0])
    assert run(sources[:1], cache=tmp_path / "cache.sqlite")[0].sha256 == run(sources[1:2])[0].sha256


def test_a_damaged_entry_is_read_again_and_a_damaged_cache_is_named(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 3)
    cache = tmp_path / "cache.sqlite"
    first = run(sources, cache=cache)
    with sqlite3.connect(cache) as base:
        base.execute("UPDATE observations SET data = x'00ff' WHERE rowid = 1")
        base.execute("UPDATE observations SET data = ? WHERE rowid = 2", (zlib.compress(b'{"schema":1}'),))
        base.execute("UPDATE observations SET data = (SELECT data FROM observations WHERE rowid = 2) WHERE rowid = 3")
    assert run(sources, cache=cache) == first
    cache.write_bytes(b"this is no cache" * 100)
    for leftover in tmp_path.glob("cache.sqlite-*"):
        leftover.unlink()
    with pytest.raises(OutputError, match=r"cache\.sqlite.*Delete it"):
        run(sources, cache=cache)


def test_duplicates_are_read_once_and_reported_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = make_pictures(tmp_path / "in", 1)[0]
    copies = [str(shutil.copy(original, tmp_path / "in" / f"copy{number}.png")) for number in range(9)]
    lying = str(shutil.copy(original, tmp_path / "in" / "x.jpg"))
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    monkeypatch.setenv("FAKE_DELAY", "0.1")
    reports = run([original, *copies, lying], Settings(workers=3))
    assert [r.source for r in reports] == [original, *copies, lying]
    assert {r.sha256 for r in reports} == {reports[0].sha256}
    assert len(log.read_text().splitlines()) == 2, "once, and once more under a name with another ending"
    assert [bool(r.notes) for r in reports] == [False] * 10 + [True]


def test_names_that_want_to_escape(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    plain = make_pictures(tmp_path / "plain", 1)[0]
    names = [
        "a\nb.png", "'\"<img src=x onerror=alert(1)>.png", "\u202egnp.exe.png", "=HYPERLINK(1).png", "-rf.png",
        "x" * 240 + ".png", "\x1b[31mred.png", "CON.png", "..png.png", "a\\..\\b.png", os.fsdecode(b"\xff\xfe.png"),
    ]  # fmt: skip
    for name in names:
        shutil.copy(plain, folder / name)
    sources = [str(folder / name) for name in names]
    reports = run(sources, output=tmp_path / "out", annotate="all")
    assert [r.status for r in reports] == ["ok"] * len(names)
    assert [r.source for r in reports] == sources
    written = list((tmp_path / "out" / "annotated").iterdir())
    assert len(written) == len(names)
    assert all(
        set(path.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") for path in written
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "plain"]
    again = list(rescore([tmp_path / "out"], TWO, detector=Fake(TWO)))  # type: ignore[arg-type]
    assert sorted(r.source.encode("utf-8", "surrogatepass") for r in again) == sorted(
        s.encode("utf-8", "surrogatepass") for s in sources
    )


@pytest.mark.parametrize("source", ["a/../../etc/passwd", "/", "", "..", "a" * 5000, "\0", "\ud800.png", "name.tar.gz"])
def test_safe_names_are_one_plain_part(source: str) -> None:
    name = safe_name(source)
    assert name == safe_name(source) != safe_name(source + "x")
    assert len(name) <= 96 and not set(name) & set("/\\\0:.\n") and name[0] not in ".-"


def test_rescore_gives_the_same_bytes_as_the_scan(tmp_path: Path) -> None:
    make_pictures(tmp_path / "in" / "b", 5)
    make_pictures(tmp_path / "in" / "a", 5)
    make_pictures(tmp_path / "in", 5)
    reports = run(find_pictures([tmp_path / "in"]), output=tmp_path / "out", cache=tmp_path / "cache", annotate="none")
    fake: Any = Fake(TWO)
    again = list(rescore([tmp_path / "out"], TWO, output=tmp_path / "again", detector=fake))
    assert [r.to_json() for r in again] == [r.to_json() for r in reports]
    first, second = result_of(tmp_path / "out"), result_of(tmp_path / "again")
    assert second.pop("index.html") != first.pop("index.html")  # without the small pictures
    assert first == second
    cached = list(rescore([tmp_path / "cache"], TWO, detector=fake))
    assert {r.sha256 for r in cached} == {r.sha256 for r in reports}
    one = next((tmp_path / "out" / "observations").iterdir())
    assert len(list(rescore([one], TWO, detector=fake))) == 1
    one.write_text('{"schema": 99}')
    broken = list(rescore([one, tmp_path / "missing.json"], TWO, detector=fake))
    assert [r.error.code for r in broken if r.error] == ["observations", "not-found"]


def test_what_an_earlier_scan_left_does_not_pass_for_a_result(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 6, every_game=1)
    run(sources, output=tmp_path / "out")
    (tmp_path / "out" / "annotated" / "mine.jpg").write_text("not of us")
    run(sources[:2], output=tmp_path / "out")
    assert len(list((tmp_path / "out" / "observations").iterdir())) == 2
    assert len(list((tmp_path / "out" / "annotated").iterdir())) == 3


def test_rescoring_a_folder_into_itself_loses_nothing(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 6)
    reports = run(sources, output=tmp_path / "out")
    before = result_of(tmp_path / "out")
    fake: Any = Fake(TWO)
    assert list(rescore([tmp_path / "out"], TWO, output=tmp_path / "out", detector=fake)) == reports
    after = result_of(tmp_path / "out")
    assert {name: data for name, data in after.items() if name not in ("index.html", "reports.csv")} == {
        name: data for name, data in before.items() if name not in ("index.html", "reports.csv")
    }
    half = scan(sources, TWO, output=tmp_path / "out", detector=Fake)
    next(half)
    half.close()  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="Finish it first"):
        rescore([tmp_path / "out"], TWO, output=tmp_path / "out", detector=fake)


def test_a_picture_too_long_to_be_drawn_still_has_its_report(tmp_path: Path) -> None:
    Image.new("L", (1, 65_480)).save(tmp_path / "long.png")
    Image.new("L", (1, 60_000)).save(tmp_path / "short.png")
    sources = [str(tmp_path / "long.png"), str(tmp_path / "short.png")]
    reports = run(sources, Settings(workers=1), output=tmp_path / "out", annotate="all")
    assert [r.status for r in reports] == ["ok", "ok"]
    assert [path.name[:5] for path in (tmp_path / "out" / "annotated").iterdir()] == ["short"]


def test_nothing_to_scan(tmp_path: Path) -> None:
    assert run([], output=tmp_path / "out") == []
    assert (tmp_path / "out" / "reports.jsonl").read_bytes() == b""


def test_what_ends_a_scan_at_once(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 2)
    with pytest.raises(UsageError, match="known"):
        scan(sources, TWO, output=tmp_path / "out", formats=["xlsx"])
    with pytest.raises(EngineError, match="pip install one"):
        run(sources, detector=NoEngine)
    with pytest.raises(EngineError, match="a model file is missing"):
        run(sources, detector=NoModel)
    with pytest.raises(EngineError, match="__main__"):
        run(sources, detector=DiesAtOnce)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file"):
        run(sources, output=tmp_path / "file")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "annotated").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="a link"):
        run(sources, output=tmp_path / "linked")


def test_the_real_detector_is_made_in_each_worker(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 2)
    reports = run(sources, detector=Plain)
    assert [r.status for r in reports] == ["ok", "ok"]
    assert all(r.verdict is not None and r.verdict.label == "no-finding" for r in reports)


def test_the_store_keeps_the_newest_and_forgets_in_memory_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.batch.store._KEEP_IN_MEMORY", 3)
    with Store(None) as store:
        for number in range(10):
            store.put(f"k{number}", "c", "{}")
        assert len(store) == 3 and store.get("k9") == "{}" and store.get("k0") is None
    with Store(tmp_path / "s") as store:
        for number in range(10):
            store.put(f"k{number}", "c", "{}")
        assert len(store) == 10
