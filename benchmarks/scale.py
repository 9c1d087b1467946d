"""Throughput and memory of ``scan`` by workers and by number of pictures, from the cache, and after a stop.

Usage: python -m benchmarks.scale PICTURES [--counts 100,1000] [--workers 1,2] [--effort quick] [--engine rapidocr]
                                          [--threads 1] [--longest 480] [--rounds 3]
       python -m benchmarks.scale --cached 10000        # the bookkeeping alone, with an engine that reads nothing
       python -m benchmarks.scale PICTURES --seeded 10000    # from a cache with what is really read in PICTURES
       python -m benchmarks.scale PICTURES --stages [--first 60]   # processor time of each stage of one picture

``PICTURES`` is a folder of a few hundred pictures; as many distinct files as asked for are made from them by
putting a different comment in each JPEG's header, so that no two have the same content and the picture stays
the same. With ``--longest`` they are shrunk first, so that ten thousand can be read in minutes; with ``--rounds``
everything is measured so often, in turn. Each measurement runs in a process of its own. Memory is the largest
resident set of the parent and of any one worker, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def make_files(originals: list[Path], folder: Path, count: int, longest: int) -> None:
    """Write so many distinct JPEG files; their longer side has at most ``longest`` pixels, if that is not 0."""
    from PIL import Image

    folder.mkdir(parents=True)
    bodies: list[bytes] = []
    for path in originals[:count]:
        buffer = io.BytesIO()
        with Image.open(path) as image:
            whole = image.convert("RGB")
            if longest:
                whole.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            whole.save(buffer, "JPEG", quality=90)
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
    settings = Settings(
        workers=options["workers"], effort=options["effort"], engine=options["engine"], threads=options["threads"]
    )
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
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "pictures": len(marks),
        "cpu": (used.ru_utime + used.ru_stime) / max(len(marks), 1),
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
        f"| {what} | {found['pictures']:.0f} | {found['seconds']:.1f} | {found['rate']:.2f} | {found['cpu']:.3f} | "
        f"{found['parent_mib']:.0f} | {found['worker_mib']:.0f} | {found['failed']:.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="?")
    parser.add_argument("--counts", default="100")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of each engine; 0: the cores, shared by the workers")
    parser.add_argument("--longest", type=int, default=0, help="pixels of the longer side at most")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cached", type=int, help="so many pictures with the engine 'none', then from the cache")
    parser.add_argument("--seeded", type=int)
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--first", type=int, help="use so many of the pictures")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(json.loads(options.measure))))
        return 0
    lines = [
        f"command: python -m benchmarks.scale {' '.join(sys.argv[1:])}",
        f"python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load before: "
        f"{os.getloadavg()[0]:.1f}",
        "",
        "| what | pictures | seconds | pictures/s | CPU s a picture | parent MiB | worker MiB | failed |",
        "|---|---|---|---|---|---|---|---|",
    ]

    def add(what: str, found: dict[str, float]) -> None:
        lines.append(row(what, found))
        print(lines[-1], flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        originals = pictures_of(options.pictures, place)[: options.first]
        shared = {"effort": options.effort, "engine": options.engine, "threads": options.threads}
        if options.stages:
            lines[3:] = stages(originals, options.effort, options.engine)
            print("\n".join(lines[3:]), flush=True)
        elif options.seeded:
            make_files(originals, place / "in", options.seeded, options.longest)
            seed_cache(place / "in", place / "c.sqlite", len(originals), options.effort, options.engine)
            shared |= {"folder": str(place / "in"), "workers": 2, "cache": str(place / "c.sqlite")}
            add("from the cache", apart(**shared))
            add("from the cache, with reports", apart(**shared, output=str(place / "b")))
        elif options.cached:
            make_files(originals, place / "in", options.cached, options.longest)
            shared |= {"folder": str(place / "in"), "engine": "none", "workers": 2}
            add("first scan", apart(**shared, cache=str(place / "c"), output=str(place / "a")))
            add("from the cache", apart(**shared, cache=str(place / "c")))
            add("from the cache, with reports", apart(**shared, cache=str(place / "c"), output=str(place / "b")))
            half = options.cached // 2
            add("stopped half-way", apart(**shared, output=str(place / "d"), stop_after=half))
            add("resumed", apart(**shared, output=str(place / "d"), resume=True))
        else:
            for count in map(int, options.counts.split(",")):
                make_files(originals, place / f"in{count}", count, options.longest)
                rates: dict[int, list[float]] = {}
                for _ in range(options.rounds):
                    for workers in map(int, options.workers.split(",")):
                        found = apart(**shared, folder=str(place / f"in{count}"), workers=workers)
                        rates.setdefault(workers, []).append(found["rate"])
                        add(f"{workers} worker{'s' * (workers > 1)}", found)
                if {1, 2} <= set(rates):
                    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
                    said = ", ".join(f"{ratio:.2f}" for ratio in ratios)
                    lines.append(f"\n{count} pictures: two workers against one, round by round: {said}")
                    print(lines[-1], flush=True)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def stages(originals: list[Path], effort: str, engine: str) -> list[str]:
    """Return the processor time of each stage, one thread, as rows of a table."""
    import hashlib
    import statistics

    from detector import Detector
    from detector.annotate import annotate, thumbnail
    from detector.batch.store import Store
    from detector.config import Settings
    from detector.images import read_bytes
    from detector.types import Observations

    settings = Settings(effort=effort, engine=engine, threads=1)
    detector = Detector(settings)
    store = Store(None)
    spent: dict[str, list[float]] = {}
    sizes: list[int] = []

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        spent.setdefault(name, []).append((time.process_time() - start) * 1000)
        return result

    for round_number in range(2):  # the first one loads models
        spent.clear()
        for path in originals[: 3 if round_number == 0 else None]:
            data, _ = timed("open and read the file", lambda: read_bytes(path, settings=settings))  # noqa: B023
            timed("hash", lambda: hashlib.sha256(data).hexdigest())  # noqa: B023
            frame = timed("decode", lambda: detector.load(data, str(path)))  # noqa: B023
            seen = timed("find and read text, look at pixels", lambda: detector.observe(frame))  # noqa: B023
            text = timed("observations to JSON and into the store", lambda: put(store, seen))  # noqa: B023
            report = timed("judge", lambda: detector.judge(seen))  # noqa: B023
            timed("judge again from the store (cache, rescore)", lambda: detector.judge(
                Observations.from_json(store.get(seen.sha256) or "")))  # noqa: B023  # fmt: skip
            timed("report to JSON", report.to_json)
            timed("small picture for the page", lambda: thumbnail(frame))  # noqa: B023
            timed("draw", lambda: annotate(frame, report))  # noqa: B023
            sizes.append(len(text))
    rows = ["| stage | mean ms | median ms |", "|---|---|---|"]
    rows += [
        f"| {name} | {statistics.mean(took):.1f} | {statistics.median(took):.1f} |" for name, took in spent.items()
    ]
    return [*rows, "", f"{len(originals)} pictures; observations are {statistics.mean(sizes):.0f} bytes of JSON each"]


def seed_cache(folder: Path, cache: Path, different: int, effort: str, engine: str) -> None:
    """Fill a cache for copies that differ in their comment only, by reading each original once."""
    import hashlib
    from dataclasses import replace

    from detector import Detector
    from detector.batch.store import Store, content_of, key_of
    from detector.batch.versions import fingerprint
    from detector.config import Settings

    settings = Settings(effort=effort, engine=engine, threads=1)
    detector = Detector(settings)
    versions = fingerprint(settings, detector)
    files = sorted(folder.iterdir())
    seen = [detector.observe(str(path)) for path in files[:different]]
    with Store(cache) as store:
        for number, path in enumerate(files):
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            content = content_of(sha256, str(path))
            copy = replace(seen[number % different], sha256=sha256, source=str(path))
            store.put(key_of(content, versions), content, copy.to_json())


def put(store: Any, seen: Any) -> str:
    text: str = seen.to_json()
    store.put(seen.sha256, seen.sha256, text)
    return text


def pictures_of(folder: Path | None, place: Path) -> list[Path]:
    from detector.files import find_pictures

    if folder is not None:
        found = [Path(path) for path in find_pictures([folder])]
        random.Random(0).shuffle(found)  # so that the first hundred are of all kinds
        return found
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
