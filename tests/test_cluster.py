"""The same scan on a real Ray cluster of several worker processes: every file has the bytes of a local scan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from detector.anywhere import scan_anywhere
from detector.batch import scan
from detector.config import Settings
from detector.errors import EngineError, UsageError
from detector.files import find_pictures
from tests.batch_fakes import Breaking, Fake, NoEngine, make_pictures, result_of
from tests.test_storage import BUCKET, put_pictures, s3, uploaded

__all__ = ["s3"]
ROOT = str(Path(__file__).parent.parent)
FORMATS = ("jsonl", "csv", "html", "parquet")
TWO = Settings(workers=2)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class KillsItsActor(Fake):
    """Kills the Ray actor above it, and itself, in the middle of the picture that the environment names; once."""

    def act(self, name: str) -> None:
        flag = Path(os.environ["FAKE_ONCE"])
        if name == "p0007" and not flag.exists():
            flag.write_text(str(os.getppid()))
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def flag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flag") / "killed"


@pytest.fixture(scope="module")
def cluster(s3: Any, flag: Path) -> Iterator[Any]:
    """A cluster that stays for all tests; ``scan_anywhere`` uses the one that it finds connected."""
    pytest.importorskip("ray", reason="the extra 'ray' is not installed: pip install 'overlay-detector[ray]'")
    pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    from detector import cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ROOT)
        patch.setenv("FAKE_ONCE", str(flag))
        patch.setattr(cluster, "LOCAL_OBJECT_STORE", 100 << 20)
        with cluster.connected("local", 2) as ray:
            yield ray


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


def difficult(folder: Path, count: int) -> None:
    paths = make_pictures(folder, count)
    for path, name in zip(paths, ("crash", "bug", "killed"), strict=False):
        Path(path).rename(folder / f"{name}.png")
    good = Path(paths[-1]).read_bytes()
    (folder / "copy.png").write_bytes(good)
    (folder / "cut.png").write_bytes(good[: len(good) // 2])
    (folder / "empty.jpg").write_bytes(b"")


def test_a_cluster_listens_on_the_loopback_only_and_tells_nobody(cluster: Any) -> None:
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert not cluster._private.worker.global_worker.node.webui_url
    ours = {os.getpid(), *descendants(os.getpid())}
    sockets = {
        str(link.readlink()).removeprefix("socket:[").rstrip("]")
        for pid in ours
        for link in Path(f"/proc/{pid}/fd").glob("*")
        if link.is_symlink() and str(link.readlink()).startswith("socket:")
    }
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in sockets:
                listening.add(words[1].partition(":")[0])
    # 127.0.0.1, and the same as an IPv6 address.
    assert listening and listening <= {"0100007F", "0000000000000000FFFF00000100007F"}, listening


def descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from descendants(child)


def test_every_file_of_the_report_is_that_of_a_local_scan(cluster: Any, tmp_path: Path) -> None:
    difficult(tmp_path / "in", 40)
    sources = [*find_pictures([tmp_path / "in"]), str(tmp_path / "gone.png"), os.fsdecode(b"/bytes-\xff.png")]
    options: dict[str, Any] = {"formats": FORMATS, "annotate": "all", "detector": Breaking}
    here = list(scan(sources, TWO, output=tmp_path / "here", **options))
    there = list(scan_anywhere(sources, TWO, cluster="local", output=tmp_path / "there", **options))
    assert [r.source for r in there] == sources
    assert [r.to_json() for r in there] == [r.to_json() for r in here]
    assert {r.error.code for r in there if r.error} >= {"worker-died", "internal", "truncated", "empty", "not-found"}
    assert result_of(tmp_path / "there") == result_of(tmp_path / "here")


def test_from_object_storage_into_object_storage(cluster: Any, s3: Any, tmp_path: Path) -> None:
    difficult(tmp_path / "in", 10)
    sources = put_pictures(s3, tmp_path / "in", "cluster/in")
    list(scan(sources, TWO, output=tmp_path / "here", formats=FORMATS, annotate="flagged", detector=Breaking))
    url = f"s3://{BUCKET}/cluster/out"
    reports = scan_anywhere(
        sources, TWO, cluster="local", output=url, formats=FORMATS, annotate="flagged", detector=Breaking
    )
    next(reports)
    reports.close()  # type: ignore[attr-defined]
    assert all(name.startswith(".partial/") for name in uploaded(s3, "cluster/out"))
    list(
        scan_anywhere(
            sources,
            TWO,
            cluster="local",
            output=url,
            formats=FORMATS,
            annotate="flagged",
            detector=Breaking,
            resume=True,
        )
    )
    assert uploaded(s3, "cluster/out") == result_of(tmp_path / "here")


def test_a_worker_killed_in_the_middle_costs_nothing(cluster: Any, flag: Path, tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 40)
    expected = [r.to_json() for r in scan(sources, TWO, detector=Fake)]
    reports = list(scan_anywhere(sources, TWO, cluster="local", detector=KillsItsActor))
    assert flag.exists() and not Path(f"/proc/{flag.read_text()}").exists(), "no actor was killed"
    assert [r.to_json() for r in reports] == expected


def test_a_cache_that_all_machines_reach(cluster: Any, s3: Any, tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 6)
    cache = f"s3://{BUCKET}/cache"
    first = [r.to_json() for r in scan_anywhere(sources, TWO, cluster="local", cache=cache, detector=Fake)]
    assert len(s3.find(f"{BUCKET}/cache")) == 6
    # A detector that reads nothing any more: what comes now comes from the cache.
    again = [r.to_json() for r in scan_anywhere(sources, TWO, cluster="local", cache=cache, detector=ReadsNothing)]
    assert again == first


class ReadsNothing(Fake):
    def act(self, name: str) -> None:
        raise EngineError("it was read again")


def test_a_missing_engine_ends_it_as_it_does_here(cluster: Any, tmp_path: Path) -> None:
    sources = make_pictures(tmp_path / "in", 2)
    with pytest.raises(EngineError, match="pip install one"):
        list(scan_anywhere(sources, TWO, cluster="local", output=tmp_path / "out", detector=NoEngine))


@pytest.mark.engine("rapidocr")
def test_the_command_starts_a_cluster_and_leaves_nothing_behind(s3: Any, tmp_path: Path) -> None:
    """The real engine, in a process of its own, from the command line to the object storage."""
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from PIL import Image, ImageDraw

    (tmp_path / "in").mkdir()
    picture = Image.new("RGB", (640, 360), (90, 110, 70))
    ImageDraw.Draw(picture).text((330, 8), "Development footage. This is a work in progress.", (255, 255, 255))
    picture.resize((1280, 720)).save(tmp_path / "in" / "game.png")
    Image.new("RGB", (640, 360), (90, 110, 70)).save(tmp_path / "in" / "plain.png")
    put_pictures(s3, tmp_path / "in", "command/in")
    before = set(Path("/tmp").glob("od-*"))
    command = [sys.executable, "-m", "detector", "scan", f"s3://{BUCKET}/command/in", "-o"]
    done = [
        subprocess.run(
            [*command, f"s3://{BUCKET}/command/{name}", "--effort", "quick", "--workers", "2", *options],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": ROOT}, capture_output=True, text=True, timeout=600,
        )
        for name, options in (("here", ()), ("there", ("--cluster", "local")))
    ]  # fmt: skip
    assert [run.returncode for run in done] == [0, 0], done[1].stderr
    assert done[0].stdout == done[1].stdout == ""
    assert done[1].stderr == done[0].stderr.replace("/here/", "/there/")
    here, there = uploaded(s3, "command/here"), uploaded(s3, "command/there")
    assert there == here
    first = json.loads(here["reports.jsonl"].splitlines()[0])
    assert "Development" in " ".join(line["text"] for line in first["lines"]) and first["verdict"]["fakeness"] > 0.5
    time.sleep(0.5)
    assert set(Path("/tmp").glob("od-*")) == before


def test_a_cluster_that_fails_or_does_not_start_is_named(
    cluster: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from detector.cluster import _blocks, connected

    def lost(**_: Any) -> Iterator[Any]:
        yield "block"
        raise cluster.exceptions.NodeDiedError("the head node has gone\nand more")

    blocks = _blocks(cluster, SimpleNamespace(iter_batches=lost))
    assert next(blocks) == "block"
    with pytest.raises(UsageError, match=r"NodeDiedError: the head node has gone.*--resume"):
        next(blocks)

    def slow(**_: Any) -> None:
        raise Exception("The current node timed out during startup.\nMore words")

    before = set(Path("/tmp").glob("od-*"))
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "is_initialized", lambda: False)
        patch.setattr(cluster, "init", slow)
        patch.setattr(cluster, "shutdown", lambda: None)
        with pytest.raises(UsageError, match=r"no Ray cluster at 'local': .*timed out during startup\."):
            connected("local", 2).__enter__()
    assert set(Path("/tmp").glob("od-*")) == before


def test_without_ray_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"overlay-detector\[ray\]"):
        list(scan_anywhere(["x.png"], TWO, cluster="auto"))
