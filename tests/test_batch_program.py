"""A scan inside somebody's program: reports taken slowly, threads, early ends, processes that stand still."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from detector import errors
from detector.batch import Progress, rescore, scan
from detector.batch.pool import Pool, Worker
from detector.batch.store import Store
from detector.config import Settings
from detector.errors import DetectorError, OutputError, PictureError
from detector.types import Report
from tests.batch_fakes import Fake, make_pictures
from tests.test_batch_faults import LINUX, start

ROOT = Path(__file__).parent.parent


def test_reports_that_are_taken_slowly_cost_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a picture stands still while its worker waits for us: a pager, a slow database."""
    monkeypatch.setenv("FAKE_DELAY", "0.05")
    sources = make_pictures(tmp_path / "in", 10)
    reports = []
    for report in scan(sources, Settings(workers=2, timeout_s=1.0), detector=Fake):
        reports.append(report)
        time.sleep(1.3 if len(reports) < 6 else 0)
    assert [r.error for r in reports] == [None] * 10


def test_time_in_which_everything_stood_still_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Pipe()
    pool: Any = Pool(print, (), 1)
    pool.workers = [Worker(None, ours, job="x", deadline=time.monotonic() + 0.2, ready=True)]

    def frozen(pipes: Any, patience: float) -> list[Any]:
        time.sleep(2.3)  # as after Ctrl-Z and fg
        return []

    monkeypatch.setattr("detector.batch.pool.wait", frozen)
    assert list(pool.events(0.5)) == []
    assert pool.workers[0].deadline > time.monotonic()
    theirs.close()


@LINUX
def test_ctrl_c_while_the_workers_start_prints_no_trace(tmp_path: Path) -> None:
    make_pictures(tmp_path / "in", 20)
    run = start("Fake", tmp_path / "in", tmp_path / "out")
    deadline = time.monotonic() + 60
    # Its workers are there and still import: no row has been written.
    while len(workers_of(run.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(run.pid, signal.SIGINT)
    errors = run.communicate(timeout=60)[1].decode()
    assert run.returncode == 130, errors
    assert "Traceback" not in errors and "type the same command with --resume" in errors


def workers_of(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_scans_in_threads_of_their_own(tmp_path: Path) -> None:
    found: dict[int, list[Report]] = {}
    sources = [make_pictures(tmp_path / str(number), 6) for number in range(2)]
    threads = [
        threading.Thread(
            target=lambda n=n: found.update({n: list(scan(sources[n], Settings(workers=1), detector=Fake))})
        )
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [[r.source for r in found[number]] for number in range(2)] == sources


@LINUX
def test_a_scan_that_is_left_early_leaves_no_process(tmp_path: Path) -> None:
    reports = scan(make_pictures(tmp_path / "in", 50), Settings(workers=2), detector=Fake)
    next(reports)
    workers = workers_of(os.getpid())
    assert len(workers) == 2
    reports.close()  # type: ignore[attr-defined]
    assert not workers_of(os.getpid())
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_nothing_happens_before_the_first_report_is_asked_for(tmp_path: Path) -> None:
    scan(make_pictures(tmp_path / "in", 2), Settings(workers=1), output=tmp_path / "out", detector=Fake)
    assert not (tmp_path / "out").exists()


def test_errors_pass_between_processes() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DetectorError)]
    made = [PictureError("truncated", "x.png: it stops")]
    made += [kind("what it says") for kind in kinds if kind is not PictureError]
    for error in made:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.code, copy.exit_code) == (
            type(error), str(error), error.code, error.exit_code,
        )  # fmt: skip


def test_sources_are_only_read(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 3)
    for path in map(Path, sources):
        path.chmod(0o444)
    (tmp_path / "in").chmod(0o555)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes()) for path in map(Path, sources)}
    list(scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake, annotate="all"))
    assert sorted(map(str, (tmp_path / "in").iterdir())) == sources
    assert before == {
        path: (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes()) for path in map(Path, sources)
    }


@pytest.mark.parametrize("name", ["lock", "scan", "PID.tmp", "observations.sqlite", "observations/ab"])
def test_a_planted_link_in_an_unfinished_scan_is_refused(name: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link = tmp_path / "out" / ".partial" / name.replace("PID", str(os.getpid()))
    link.parent.mkdir(parents=True)
    link.symlink_to(victim)
    with pytest.raises(OutputError, match="a link"):
        list(scan(make_pictures(tmp_path / "in", 2), Settings(workers=1), output=tmp_path / "out", detector=Fake,
                  resume=True))  # fmt: skip
    assert victim.read_text() == "mine"


def test_files_of_others_in_our_folders_are_left_alone(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 2)
    list(scan(sources, Settings(workers=1), output=tmp_path / "out", detector=Fake))
    name = next((tmp_path / "out" / "observations").iterdir()).name
    (tmp_path / "out" / "observations" / f"{name}.bak").write_text("mine")
    list(scan(sources[:1], Settings(workers=1), output=tmp_path / "out", detector=Fake))
    assert (tmp_path / "out" / "observations" / f"{name}.bak").exists()


def test_a_folder_that_may_not_be_entered_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(OutputError, match=r"out: cannot be written: Permission denied"):
        scan(["x.png"], Settings(workers=1), output=tmp_path / "out", detector=Fake)


def test_a_store_that_somebody_holds_is_not_to_be_deleted() -> None:
    import sqlite3

    with Store(None) as store, pytest.raises(OutputError, match="Wait for it"), store._guarded():
        raise sqlite3.OperationalError("database is locked")


def test_a_rescore_counts_pictures_and_not_versions(tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 4)
    for background in ("#000000", "#ffffff"):
        list(scan(sources, Settings(workers=1, background=background), cache=tmp_path / "c.sqlite", detector=Fake))
    seen: list[Progress] = []
    fake: Any = Fake(Settings())
    reports = list(rescore([tmp_path / "c.sqlite"], Settings(), on_progress=seen.append, detector=fake))
    assert len(reports) == 4 and (seen[-1].done, seen[-1].total) == (4, 4)


SCRIPT = """
from detector.batch import scan
from detector.config import Settings
from tests.batch_fakes import Fake
import sys
print(sum(1 for _ in scan(sys.argv[1:], Settings(workers=1), detector=Fake)))
"""


def test_a_script_without_the_main_guard_is_told_so(tmp_path: Path) -> None:
    """Workers import the script again; it must end with a sentence and not with ever more processes."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py", *make_pictures(tmp_path / "in", 2)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr
