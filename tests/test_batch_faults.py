"""Decoders that hang, crash and eat memory; scans that are killed, interrupted, and run out of disk."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from detector.batch import scan
from detector.config import Settings
from detector.errors import OutputError, UsageError
from tests.batch_fakes import Breaking, Fake, make_pictures, result_of

ROOT = Path(__file__).parent.parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are Linux only")


def named(folder: Path, *names: str) -> list[str]:
    made = make_pictures(folder, len(names))
    return [str(Path(path).rename(folder / f"{name}.png")) for path, name in zip(made, names, strict=True)]


@LINUX
def test_whatever_a_picture_does_is_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAKE_ONCE", str(tmp_path / "once"))
    expected = {
        "a1": None, "hang": "timeout", "a2": None, "spin": "timeout", "crash": "worker-died", "a3": None,
        "exit": "worker-died", "killed": "worker-died", "a4": None, "eat": "memory", "eat2": "memory", "a5": None,
        "bug": "internal", "engine": "engine", "once": None, "loud": None, "a6": None, "term": None, "alarm": None,
        "pipe": "internal", "a7": None,
    }  # fmt: skip
    sources = named(tmp_path / "in", *expected)
    settings = Settings(workers=2, timeout_s=10.0, max_memory_mb=400)
    reports = list(scan(sources, settings, output=tmp_path / "out", detector=Breaking))
    assert [r.source for r in reports] == sources
    assert {Path(r.source).stem: r.error.code if r.error else None for r in reports} == expected
    messages = {Path(r.source).stem: r.error.message for r in reports if r.error}
    assert all(source in message for source, message in ((s, messages.get(Path(s).stem, s)) for s in sources))
    assert "BrokenPipeError" in messages["pipe"], "not taken for a parent that has gone"
    assert "--timeout-s" in messages["hang"] and "SIGSEGV" in messages["crash"] and "KeyError" in messages["bug"]
    assert capfd.readouterr() == ("", ""), "a decoder's own words got out"


def test_the_same_picture_that_kills_is_tried_for_each_of_its_names(tmp_path: Path) -> None:
    source = named(tmp_path / "in", "crash")[0]
    others = [str(shutil.copy(source, tmp_path / "in" / f"crash{number}.png")) for number in range(3)]
    reports = list(scan([source, *others], Settings(workers=2), detector=Breaking))
    assert [r.error and r.error.code for r in reports] == ["worker-died"] * 4


def start(detector: str, folder: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    # Without a buffer: communicate() reads past the buffer of readline(), and what stands there would be lost.
    return subprocess.Popen(
        [sys.executable, "-m", "tests.batch_fakes", detector, str(folder), str(output), *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "FAKE_DELAY": "0.01"}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True, bufsize=0,
    )  # fmt: skip


def test_a_killed_scan_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    make_pictures(tmp_path / "in", 40)
    (tmp_path / "in" / "p0007.png").write_bytes(b"broken")
    assert start("Fake", tmp_path / "in", tmp_path / "whole").wait(60) == 0
    chance = random.Random(5)
    out = tmp_path / "out"
    kills = 0
    while kills < 3:
        run = start("Fake", tmp_path / "in", out, "--resume", "--tell")
        assert run.stdout is not None
        for _ in range(chance.randrange(1, 9)):
            run.stdout.readline()
        time.sleep(chance.random() * 0.02)
        run.kill()  # the parent only: the workers must notice by themselves
        assert run.wait(20) == -signal.SIGKILL
        assert not (out / "reports.jsonl").exists(), "an unfinished file under its final name"
        rows = (out / "reports.jsonl.partial").read_bytes()
        assert rows == b"" or rows.endswith(b"\n")
        kills += 1
    assert start("Fake", tmp_path / "in", out).wait(30) == 1, "an unfinished scan was thrown away silently"
    assert start("Fake", tmp_path / "in", out, "--resume").wait(60) == 0
    assert result_of(out) == result_of(tmp_path / "whole")


def test_what_was_read_before_the_kill_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = make_pictures(tmp_path / "in", 30)
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    reports = scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake)
    for _ in range(10):
        next(reports)
    with pytest.raises(UsageError, match="another scan"):
        next(scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake, resume=True))
    reports.close()  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="--resume"):
        scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake)
    assert len(list(scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake, resume=True))) == 30
    read = log.read_text().splitlines()
    assert len(set(read)) == 30 and len(read) <= 31


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(tmp_path: Path) -> None:
    make_pictures(tmp_path / "in", 200)
    run = start("Fake", tmp_path / "in", tmp_path / "out", "--tell")
    assert run.stdout is not None
    for _ in range(5):
        run.stdout.readline()
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: parent and workers
    output, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"type the same command with --resume" in errors and b"Traceback" not in errors
    told = 5 + len(output.splitlines())
    kept = len((tmp_path / "out" / "reports.jsonl.partial").read_bytes().splitlines())
    assert f"stopped after {kept} of 200".encode() in errors
    assert told in (kept - 1, kept)  # the signal may come when a row is kept and not yet printed


@LINUX
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    make_pictures(tmp_path / "in", 50)
    run = start("Fake", tmp_path / "in", tmp_path / "out", "--tell")
    assert run.stdout is not None
    run.stdout.readline()
    children = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, check=True).stdout.split()
    run.kill()
    run.wait(20)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{int(pid)}").exists() for pid in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{int(pid)}").exists() for pid in children)


def test_files_that_vanish_or_change_while_they_are_scanned(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 60)
    reports = scan(sources, Settings(workers=1), detector=Fake)
    first = next(reports)
    Path(sources[50]).unlink()
    Path(sources[51]).write_bytes(b"")
    rest = [first, *reports]
    assert len(rest) == 60
    assert [r.error.code for r in rest if r.error] == ["not-found", "empty"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A disk of less than a MiB; needs the right to mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode  # fmt: skip
    if not mounted:
        pytest.skip("cannot mount a small disk here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_full_disk_ends_the_scan_clearly_and_it_goes_on_later(tmp_path: Path, small_disk: Path) -> None:
    sources = make_pictures(tmp_path / "in", 30, every_game=1)
    out = small_disk / "out"
    with pytest.raises(OutputError, match="Free some space"):
        list(scan(sources, Settings(workers=1), output=out, detector=Fake))
    assert not (out / "reports.jsonl").exists()
    assert (out / "reports.jsonl.partial").read_bytes().endswith(b"\n")
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    list(scan(sources, Settings(workers=1), output=out, detector=Fake, resume=True))
    list(scan(sources, Settings(workers=1), output=tmp_path / "whole", detector=Fake))
    assert result_of(out) == result_of(tmp_path / "whole")


def test_a_read_only_disk(tmp_path: Path, small_disk: Path) -> None:
    sources = make_pictures(tmp_path / "in", 2)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for options in ({"output": small_disk / "out"}, {"cache": small_disk / "c"}):
        with pytest.raises(OutputError, match="Read-only"):
            list(scan(sources, Settings(workers=1), detector=Fake, **options))  # type: ignore[arg-type]


def test_writes_that_fail_without_a_small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, target: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("detector.batch.folder.Folder._replace", full)
    with pytest.raises(OutputError, match="No space left"):
        list(scan(make_pictures(tmp_path / "in", 2), Settings(workers=1), output=tmp_path / "out", detector=Fake))
