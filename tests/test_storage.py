"""Reports that are put together here and moved to object storage; a real S3 server on the loopback."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detector.anywhere import scan_anywhere
from detector.batch import scan
from detector.config import Settings
from detector.errors import OutputError, UsageError
from detector.files import find_pictures
from detector.storage import SharedStore, Upload
from tests.batch_fakes import Breaking, Fake, make_pictures, result_of

BUCKET = "results"
FORMATS = ("jsonl", "csv", "html")


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    s3fs = pytest.importorskip("s3fs", reason="the extra 's3' is not installed")
    server = pytest.importorskip("moto.server", reason="moto's server is not installed: pip install 'moto[server]'")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        system = s3fs.S3FileSystem()
        system.makedirs(BUCKET, exist_ok=True)  # one server's state is shared by all in this process
        yield system
    s3fs.S3FileSystem.clear_instance_cache()
    running.stop()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


def uploaded(system: Any, prefix: str) -> dict[str, bytes]:
    system.invalidate_cache()
    base = f"{BUCKET}/{prefix}/"
    return {path.removeprefix(base): system.cat_file(path) for path in system.find(base)}


def put_pictures(system: Any, folder: Path, prefix: str) -> list[str]:
    for path in sorted(folder.iterdir()):
        system.pipe_file(f"{BUCKET}/{prefix}/{path.name}", path.read_bytes())
    return find_pictures([f"s3://{BUCKET}/{prefix}"])


@pytest.mark.slow
def test_a_report_in_object_storage_is_the_report_of_a_folder(s3: Any, tmp_path: Path) -> None:
    make_pictures(tmp_path / "in", 5)
    (tmp_path / "in" / "q.jpg").write_bytes(b"no picture")
    (tmp_path / "in" / "r.jpg").write_bytes(b"")
    sources = put_pictures(s3, tmp_path / "in", "a/in")
    settings = Settings(workers=2)
    here = list(scan(sources, settings, output=tmp_path / "out", formats=FORMATS, annotate="flagged", detector=Fake))
    there = list(
        scan_anywhere(
            sources, settings, output=f"s3://{BUCKET}/a/out/", formats=FORMATS, annotate="flagged", detector=Fake
        )
    )
    assert [r.to_json() for r in there] == [r.to_json() for r in here]
    assert [r.error.code for r in there if r.error] == ["not-a-picture", "empty"]
    assert uploaded(s3, "a/out") == result_of(tmp_path / "out")
    assert not any((tmp_path / "home").rglob("report")), "nothing is left on this machine"
    # The rows of pictures in a folder are the same but for the names.
    local = list(scan(find_pictures([tmp_path / "in"]), settings, detector=Fake))
    renamed = [r.to_json().replace(f"{tmp_path}/in/", f"s3://{BUCKET}/a/in/") for r in local]
    assert renamed == [r.to_json() for r in there]
    # What belongs to pictures that are no longer there goes.
    list(
        scan_anywhere(
            sources[2:], settings, output=f"s3://{BUCKET}/a/out", formats=FORMATS, annotate="flagged", detector=Fake
        )
    )
    assert sorted(name for name in uploaded(s3, "a/out") if name.startswith("observations/")) == sorted(
        name for name in result_of(tmp_path / "out") if name.startswith("observations/p000") and name[17] in "234"
    )


@pytest.mark.slow
def test_a_stopped_scan_goes_on_and_a_failed_upload_reads_nothing_again(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pictures(tmp_path / "in", 6)
    sources = put_pictures(s3, tmp_path / "in", "b/in")
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    url, settings = f"s3://{BUCKET}/b/out", Settings(workers=1)
    reports = scan_anywhere(sources, settings, output=url, formats=FORMATS, annotate="flagged", detector=Fake)
    next(reports)
    reports.close()  # type: ignore[attr-defined]
    assert set(uploaded(s3, "b/out")) == {".partial/scan"}, "nothing is seen before it is complete"
    with pytest.raises(UsageError, match=r"s3://results/b/out.*--resume"):
        scan_anywhere(sources, settings, output=url, formats=FORMATS, annotate="flagged", detector=Fake)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "forbidden")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3, "put", refuse)
        with pytest.raises(OutputError, match=r"forbidden.*kept in.*--resume"):
            list(
                scan_anywhere(
                    sources, settings, output=url, formats=FORMATS, annotate="flagged", resume=True, detector=Fake
                )
            )
    list(scan_anywhere(sources, settings, output=url, formats=FORMATS, annotate="flagged", resume=True, detector=Fake))
    assert len(log.read_text().splitlines()) == 6, "each was read once"
    assert len(uploaded(s3, "b/out")["reports.jsonl"].splitlines()) == 6
    assert not any(name.startswith(".partial/") for name in uploaded(s3, "b/out"))


def test_storage_that_refuses_is_found_before_anything_is_read(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"s3://no-such-bucket/out: cannot be written.*AWS_ENDPOINT_URL"):
        scan_anywhere(["x.png"], Settings(), output="s3://no-such-bucket/out", detector=Breaking)
    with pytest.raises(UsageError, match="--cluster"):
        scan_anywhere(["x.png"], Settings(), cache=f"s3://{BUCKET}/cache")
    with pytest.raises(UsageError, match="folder or URL"):
        scan_anywhere(["x.png"], Settings(), cache="seen.sqlite", cluster="local")


@pytest.mark.parametrize("remote", [False, True])
def test_shared_observations_are_whole_or_not_there(remote: bool, tmp_path: Path, request: Any) -> None:
    system = request.getfixturevalue("s3") if remote else None
    place = f"s3://{BUCKET}/shared" if remote else str(tmp_path / "shared")
    store, key = SharedStore(place), "ab" + "0" * 62
    assert store.get(key) is None
    store.put(key, "", '{"text":"ß"}')
    assert store.get(key) == '{"text":"ß"}'
    names = system.find(f"{BUCKET}/shared") if remote else sorted((tmp_path / "shared").rglob("*.*"))
    assert [Path(name).name for name in names] == [f"{key}.json.gz"]

    def spoil(data: bytes) -> None:
        if remote:
            system.pipe_file(str(names[0]), data)
        else:
            Path(names[0]).write_bytes(data)

    for damaged in (b"", b"no gzip", gzip.compress(b'{"text":"' + b"x" * 1000)[:-9], gzip.compress(b"\xff\xfe")):
        spoil(damaged)
        assert store.get(key) is None, damaged
    spoil(gzip.compress(bytes(80 << 20)))
    assert store.get(key) is None, "no bomb"


def test_two_places_never_share_what_waits_here(s3: Any, tmp_path: Path) -> None:
    first, again, other = (Upload(f"s3://{BUCKET}/{name}") for name in ("c", "c/", "d"))
    assert first.folder == again.folder != other.folder
