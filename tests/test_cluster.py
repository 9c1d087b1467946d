"""A real Ray cluster of several worker processes, and a real S3 server, both on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detector.batch import scan
from detector.config import Settings
from detector.errors import EngineError, PictureError, UsageError
from detector.files import find_pictures
from detector.images import load_frame
from tests.batch_fakes import Breaking, Fake, NoEngine, make_pictures

BUCKET = "pictures"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """An S3 server on the loopback; what is left of the network is out of reach."""
    pytest.importorskip("s3fs", reason="the extra 's3' is not installed")
    server = pytest.importorskip("moto.server", reason="moto's server is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    values = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        import s3fs

        system = s3fs.S3FileSystem()
        system.mkdir(BUCKET)
        yield system
    running.stop()


@pytest.fixture(scope="module")
def cluster(s3: Any) -> Iterator[Any]:
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    root = str(Path(__file__).parent.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", root)
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
        yield ray
        ray.shutdown()


def upload(system: Any, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            system.pipe(f"{BUCKET}/in/{path.relative_to(folder)}", path.read_bytes())


def rows_of(files: list[Any]) -> list[dict[str, Any]]:
    import pyarrow.parquet

    rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: row["position"])


def test_pictures_in_object_storage(s3: Any, tmp_path: Path) -> None:
    make_pictures(tmp_path / "in" / "sub", 3)
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "empty.jpg").write_bytes(b"")
    upload(s3, tmp_path / "in")
    sources = find_pictures([f"s3://{BUCKET}/in"])
    assert sources == [f"s3://{BUCKET}/in/empty.jpg", *(f"s3://{BUCKET}/in/sub/p{n:04}.png" for n in range(3))]
    assert find_pictures([f"s3://{BUCKET}/in"], exclude=["sub"]) == sources[:1]
    frame = load_frame(sources[1], settings=Settings())
    assert frame.source == sources[1]
    assert frame.sha256 == load_frame(tmp_path / "in" / "sub" / "p0000.png", settings=Settings()).sha256
    expected = {sources[0]: "empty", f"s3://{BUCKET}/in/none.jpg": "not-found", f"s3://{BUCKET}/in/sub": "not-a-file",
                "s3://no-such-bucket/x.jpg": "not-found"}  # fmt: skip
    for source, code in expected.items():
        with pytest.raises(PictureError) as caught:
            load_frame(source, settings=Settings())
        assert caught.value.code == code, source
    with pytest.raises(PictureError, match="max-bytes"):
        load_frame(sources[1], settings=Settings(max_bytes=10))
    # Only storage: an address in a list is not visited.
    with pytest.raises(PictureError) as caught:
        load_frame(os.environ["AWS_ENDPOINT_URL"] + f"/{BUCKET}/in/sub/p0000.png", settings=Settings())
    assert caught.value.code == "not-found"
    local = scan(sources, Settings(workers=2), output=tmp_path / "out", detector=Fake)
    assert [report.error.code if report.error else None for report in local] == ["empty", None, None, None]


def test_the_cluster_gives_the_rows_of_a_local_scan(s3: Any, cluster: Any, tmp_path: Path) -> None:
    from detector.batch.cluster import scan_on_cluster

    make_pictures(tmp_path / "in", 90)
    for name in ("crash", "bug"):
        shutil.copy(tmp_path / "in" / "p0000.png", tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    if s3.exists(f"{BUCKET}/in"):
        s3.rm(f"{BUCKET}/in", recursive=True)
    upload(s3, tmp_path / "in")
    sources = find_pictures([f"s3://{BUCKET}/in"])
    assert len(sources) == 93
    expected = [r.to_json() for r in scan(sources, Settings(workers=2), detector=Breaking)]
    counts = scan_on_cluster(sources, Settings(workers=2), output=f"s3://{BUCKET}/out", detector=Breaking)
    assert counts == {"suspect": 23, "no-finding": 67, "error": 3}
    rows = rows_of([s3.open(path) for path in s3.find(f"{BUCKET}/out")])
    assert [row["source"] for row in rows] == sources
    assert [row["report"] for row in rows] == expected
    assert {row["error"] for row in rows} == {"", "worker-died", "internal", "truncated"}
    with pytest.raises(UsageError, match="--resume"):
        scan_on_cluster(sources, Settings(workers=2), output=f"s3://{BUCKET}/out", detector=Breaking)
    more = [*sources, f"s3://{BUCKET}/in/none.png"]
    scan_on_cluster(more, Settings(workers=2), output=f"s3://{BUCKET}/out", detector=Breaking, resume=True)
    again = rows_of([s3.open(path) for path in s3.find(f"{BUCKET}/out")])
    assert [row["source"] for row in again] == more


def test_a_worker_killed_in_the_middle_costs_nothing(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detector.batch.cluster import scan_on_cluster

    sources = make_pictures(tmp_path / "in", 200)
    expected = [r.to_json() for r in scan(sources, Settings(workers=2), detector=Fake)]
    killed = []

    def kill_one() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not killed:
            found = subprocess.run(["pgrep", "-f", "^ray::.*(Inspector|MapWorker)"], capture_output=True, check=False)
            for pid in found.stdout.split():
                if (tmp_path / "log").exists():
                    os.kill(int(pid), signal.SIGKILL)
                    killed.append(int(pid))
                    return
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    scan_on_cluster(sources, Settings(workers=2), output=str(tmp_path / "out"), detector=Logging(tmp_path / "log"))
    killer.join()
    assert killed, "nothing was killed, so nothing was shown"
    rows = rows_of(sorted((tmp_path / "out").glob("*.parquet")))
    assert [row["report"] for row in rows] == expected


class Logging:
    """Makes slow fakes that leave a file behind, so that the test knows that work has begun."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, settings: Settings) -> Fake:
        os.environ["FAKE_LOG"] = str(self.path)
        os.environ["FAKE_DELAY"] = "0.02"
        return Fake(settings)


def test_errors_of_workers_are_the_same_as_locally(cluster: Any, tmp_path: Path) -> None:
    from detector.batch.cluster import scan_on_cluster

    sources = make_pictures(tmp_path / "in", 2)
    with pytest.raises(EngineError, match="pip install one"):
        scan_on_cluster(sources, Settings(workers=1), output=str(tmp_path / "out"), detector=NoEngine)


def test_without_ray_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from detector.batch.cluster import scan_on_cluster

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"overlay-detector\[ray\]"):
        scan_on_cluster(["x"], Settings(), output=str(tmp_path))
