"""Throughput and memory of ``scan`` by workers and by number of pictures, from the cache, and after a stop.

Usage: python -m benchmarks.scale PICTURES [--counts 100,1000] [--workers 1,2] [--effort quick] [--engine rapidocr]
       python -m benchmarks.scale --cached 10000        # the bookkeeping alone, with an engine that reads nothing

``PICTURES`` is a folder of a few hundred pictures; as many distinct files as asked for are made from them by
putting a different comment in each JPEG's header, so that no two have the same content and the picture stays
the same. Each measurement runs in a process of its own. Memory is the largest resident set of the parent and
of any one worker, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def make_files(originals: list[Path], folder: Path, count: int) -> None:
    """Write so many distinct JPEG files."""
    from PIL import Image

    folder.mkdir(parents=True)
    bodies: list[bytes] = []
    for path in originals[:count]:
        buffer = io.BytesIO()
        with Image.open(path) as image:
            image.convert("RGB").save(buffer, "JPEG", quality=90)
        bodies.append(buffer.getvalue())
    for number in range(count):
        body = bodies[number % len(bodies)]
        comment = f"copy {number}".encode()
        segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
        (folder / f"{number:06}.jpg").write_bytes(body[:2] + segment + body[2:])


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def resident_mib(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    except (OSError, IndexError):
        return 0.0


class Memory(threading.Thread):
    """Watches this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.parent = self.worker = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.1):
            self.parent = max(self.parent, resident_mib(os.getpid()))
            self.worker = max([self.worker, *(resident_mib(pid) for pid in children(os.getpid()))])


def measure(options: dict[str, Any]) -> dict[str, float]:
    """Scan once, here, and return seconds and memory."""
    from detector.batch import scan
    from detector.config import Settings
    from detector.files import find_pictures

    sources = find_pictures([options["folder"]])
    settings = Settings(workers=options["workers"], effort=options["effort"], engine=options["engine"])
    memory = Memory()
    memory.start()
    marks: list[float] = []
    begin = time.monotonic()
    reports = scan(
        sources,
        settings,
        output=Path(options["output"]) if options.get("output") else None,
        cache=Path(options["cache"]) if options.get("cache") else None,
        resume=bool(options.get("resume")),
    )
    failed = 0
    for report in reports:
        marks.append(time.monotonic())
        failed += report.status == "error"
        if options.get("stop_after") and len(marks) >= options["stop_after"]:
            reports.close()  # type: ignore[attr-defined]
            break
    end = time.monotonic()
    memory.over.set()
    steady = marks[len(marks) // 10 :]  # without the start of the workers
    return {
        "pictures": len(marks),
        "failed": failed,
        "seconds": end - begin,
        "rate": (len(steady) - 1) / max(steady[-1] - steady[0], 1e-9),
        "parent_mib": memory.parent,
        "worker_mib": memory.worker,
    }


def apart(**options: Any) -> dict[str, float]:
    """Measure in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--measure", json.dumps(options)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def row(what: str, found: dict[str, float]) -> str:
    return (
        f"| {what} | {found['pictures']:.0f} | {found['seconds']:.1f} | {found['rate']:.2f} | "
        f"{found['parent_mib']:.0f} | {found['worker_mib']:.0f} | {found['failed']:.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="?")
    parser.add_argument("--counts", default="100")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--cached", type=int, help="so many pictures with the engine 'none', then from the cache")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure))))
        return 0
    lines = [
        f"command: python -m benchmarks.scale {' '.join(sys.argv[1:])}",
        f"python {platform.python_version()}, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}",
        "",
        "| what | pictures | seconds | pictures/s | parent MiB | worker MiB | failed |",
        "|---|---|---|---|---|---|---|",
    ]

    def add(what: str, found: dict[str, float]) -> None:
        lines.append(row(what, found))
        print(lines[-1], flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        originals = pictures_of(options.pictures, place)
        shared = {"effort": options.effort, "engine": options.engine}
        if options.cached:
            make_files(originals, place / "in", options.cached)
            shared |= {"folder": str(place / "in"), "engine": "none", "workers": 2}
            add("first scan", apart(**shared, cache=str(place / "c"), output=str(place / "a")))
            add("from the cache", apart(**shared, cache=str(place / "c")))
            add("from the cache, with reports", apart(**shared, cache=str(place / "c"), output=str(place / "b")))
            half = options.cached // 2
            add("stopped half-way", apart(**shared, output=str(place / "d"), stop_after=half))
            add("resumed", apart(**shared, output=str(place / "d"), resume=True))
        else:
            for count in map(int, options.counts.split(",")):
                make_files(originals, place / f"in{count}", count)
                for workers in map(int, options.workers.split(",")):
                    found = apart(**shared, folder=str(place / f"in{count}"), workers=workers)
                    add(f"{workers} worker{'s' * (workers > 1)}", found)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def pictures_of(folder: Path | None, place: Path) -> list[Path]:
    from detector.files import find_pictures

    if folder is not None:
        return [Path(path) for path in find_pictures([folder])]
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(0)
    (place / "made").mkdir()
    for number in range(50):
        small = Image.fromarray(chance.integers(0, 256, (18, 32, 3), np.uint8))
        small.resize((1280, 720), Image.Resampling.BICUBIC).save(place / "made" / f"{number}.png")
    return sorted((place / "made").iterdir())


if __name__ == "__main__":
    sys.exit(main())
