from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from detector.config import Settings
from detector.errors import PictureError, UsageError
from detector.files import MARKER, find_pictures, order_key
from detector.images import load_frame

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def put(folder: Path, *names: str, data: bytes = PNG) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def names(found: list[str], folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in found]


def test_a_folder_is_walked_in_the_order_of_its_names(tmp_path: Path) -> None:
    put(tmp_path, "b.png", "a/z.jpg", "a/é.png", "a.png", "Z.PNG", "a/b/c.gif", "10.png", "9.png")
    found = find_pictures([tmp_path])
    assert names(found, tmp_path) == ["10.png", "9.png", "Z.PNG", "a/b/c.gif", "a/z.jpg", "a/é.png", "a.png", "b.png"]
    assert found == sorted(found, key=order_key)


def test_what_is_no_picture_is_passed_over_and_what_hides_its_format_is_found(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "manifest.json", "clip.mp4", data=b"BM is the name of a thing, not a picture")
    put(tmp_path, "no-ending", "odd.dat")
    put(tmp_path, "garbage.jpg", data=b"not a picture at all")
    put(tmp_path, ".hidden.png", ".cache/x.png")
    assert names(find_pictures([tmp_path]), tmp_path) == ["garbage.jpg", "no-ending", "odd.dat"]


def test_named_paths_come_first_once_and_even_if_missing(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png", "notes.txt")
    missing = str(tmp_path / "missing.jpg")
    found = find_pictures([missing, tmp_path / "b.png", tmp_path, tmp_path / "notes.txt", f"{tmp_path}/./a.png"])
    assert names(found, tmp_path) == ["missing.jpg", "b.png", "a.png", "notes.txt"]


def test_links_to_folders_are_not_followed_and_loops_end(tmp_path: Path) -> None:
    put(tmp_path, "in/a.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self.png").symlink_to(tmp_path / "in" / "self.png")
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "in" / "a.png")
    (tmp_path / "door").symlink_to(tmp_path / "in")
    assert names(find_pictures([tmp_path / "in"]), tmp_path) == ["in/a.png", "in/link.png", "in/self.png"]
    assert names(find_pictures([tmp_path / "door"]), tmp_path) == ["door/a.png", "door/link.png", "door/self.png"]


def test_own_results_are_not_scanned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, "a.png", "report/annotated/a.png", f"report/{MARKER}")
    assert names(find_pictures([tmp_path]), tmp_path) == ["a.png"]
    assert f"{tmp_path}/report: passed over" in caplog.text, "it may also be put there to hide pictures"
    assert names(find_pictures([tmp_path / "report"]), tmp_path) == ["report/annotated/a.png"]


def test_patterns(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.jpg", "2017/c.png", "2018/d.png", "e.dat")
    assert names(find_pictures([tmp_path], include=["*.png"]), tmp_path) == ["2017/c.png", "2018/d.png", "a.png"]
    assert names(find_pictures([tmp_path], exclude=["2018", "*.jpg"]), tmp_path) == ["2017/c.png", "a.png", "e.dat"]
    assert names(find_pictures([tmp_path], include=["2017/*"]), tmp_path) == ["2017/c.png"]
    assert names(find_pictures([tmp_path], recursive=False), tmp_path) == ["a.png", "b.jpg", "e.dat"]


def test_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.png", "b\nb.png", "c d.png")
    monkeypatch.chdir(tmp_path)
    assert find_pictures([], files_from=io.BytesIO(b"c d.png\r\n\na.png\n")) == ["c d.png", "a.png"]
    assert find_pictures(["a.png"], files_from=io.BytesIO(b"b\nb.png\0a.png\0")) == ["a.png", "b\nb.png"]
    Path("list").write_bytes(b"\xff\xfe.png\n")
    assert os.fsencode(find_pictures([], files_from="list")[0]) == b"\xff\xfe.png"
    with pytest.raises(UsageError):
        find_pictures([], files_from="no-such-list")


def test_very_deep_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2100):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.png").write_bytes(PNG)
    os.chdir(tmp_path)
    try:
        # The system refuses so long a path: that is one row with an error, and no crash.
        assert len(find_pictures(["."])) == 1
    finally:
        subprocess.run(["rm", "-rf", "d"], check=True)  # Python's own cannot


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Object storage in memory, under the same protocol as a real one."""
    fsspec = pytest.importorskip("fsspec", reason="the extra 's3' is not installed")
    monkeypatch.setattr("detector.remote.SCHEMES", ("memory",))
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_pictures_in_object_storage(storage: Any) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (30, 20)).save(picture, "PNG")
    for name in ("b.png", "a/z.jpg", "a/.hidden.png", "notes.txt", "c"):
        storage.pipe(f"/pictures/{name}", picture.getvalue())
    storage.pipe("/pictures/empty.png", b"")
    base = "memory://pictures"
    assert find_pictures([base]) == [f"{base}/a/z.jpg", f"{base}/b.png", f"{base}/empty.png"]
    assert find_pictures([f"{base}/"], exclude=["a"], include=["*"]) == [
        f"{base}/b.png", f"{base}/c", f"{base}/empty.png", f"{base}/notes.txt",
    ]  # fmt: skip
    assert find_pictures([base], recursive=False) == [f"{base}/b.png", f"{base}/empty.png"]
    assert find_pictures([f"{base}/none.jpg"]) == [f"{base}/none.jpg"]
    frame = load_frame(f"{base}/b.png", settings=Settings())
    assert (frame.source, frame.width, frame.format) == (f"{base}/b.png", 30, "PNG")
    for name, code in {"empty.png": "empty", "none.png": "not-found", "a": "not-a-file"}.items():
        with pytest.raises(PictureError) as caught:
            load_frame(f"{base}/{name}", settings=Settings())
        assert caught.value.code == code
    with pytest.raises(PictureError) as caught:
        load_frame(f"{base}/b.png", settings=Settings(max_bytes=10))
    assert caught.value.code == "too-many-bytes"


def test_addresses_are_never_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("went to the network"))
    for source in ("http://127.0.0.1/x.png", "https://example.org/x.png", "ftp://example.org/x.png", "file:///x.png"):
        assert find_pictures([source]) == [source]
        with pytest.raises(PictureError) as caught:
            load_frame(source, settings=Settings())
        assert caught.value.code == "not-found"


def test_storage_without_its_package_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"overlay-detector\[s3\]"):
        load_frame("s3://bucket/x.png", settings=Settings())
