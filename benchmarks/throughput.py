"""Pictures a second and peak memory: ``overlay-detector`` beside the three engines called plainly, in one run.

    python benchmarks/throughput.py --pictures samples --out benchmarks/throughput.md

Each contestant runs in a process of its own, over the same pictures in the same order, after one picture that does
not count (loading models); the rounds are interleaved, so that a machine whose speed drifts treats all alike. What is
compared is the ratio to plain RapidOCR in the same run.

The engines called plainly read each picture once, whole. ``Detector`` does what they do and all the rest: borders at
double scale, evidence, judgement. ``scan`` is the command's work in worker processes, with reports, annotated pictures
and the page; its start is taken off by a scan of the first picture alone. Peak memory is the largest sum over the
process and all that it started (proportional set size, looked at four times a second; Linux only). Processor seconds
are those of the process and of all that it started, and say the same on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".gif"}


def _rapidocr() -> Callable[[Path], object]:
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error"})
    return lambda path: engine(str(path))


def _easyocr() -> Callable[[Path], object]:
    import easyocr
    import easyocr_en_models

    reader = easyocr.Reader(
        ["en"],
        gpu=False,
        download_enabled=False,
        verbose=False,
        model_storage_directory=str(easyocr_en_models.model_dir()),
    )
    return lambda path: reader.readtext(str(path))


def _pytesseract() -> Callable[[Path], object]:
    import pytesseract
    from PIL import Image

    return lambda path: pytesseract.image_to_string(Image.open(path).convert("RGB"))


def _ours(effort: str) -> Callable[[Path], object]:
    from detector import Detector

    detector = Detector(effort=effort)
    return detector.inspect


def _clocks() -> tuple[float, float]:
    """Return the time, and the processor seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def _scan(effort: str, pictures: list[Path]) -> tuple[float, float]:
    """Return seconds and processor seconds a picture of a whole scan, without the start of its workers."""
    from detector import Settings
    from detector.batch import scan

    def seconds(chosen: list[Path]) -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as folder:
            began = _clocks()
            for _ in scan([str(path) for path in chosen], Settings(effort=effort), output=Path(folder), annotate="all"):
                pass
            return _since(began)

    start, whole = seconds(pictures[:1]), seconds(pictures)
    return (whole[0] - start[0]) / (len(pictures) - 1), (whole[1] - start[1]) / (len(pictures) - 1)


def _since(began: tuple[float, float]) -> tuple[float, float]:
    now = _clocks()
    return now[0] - began[0], now[1] - began[1]


CONTESTANTS: dict[str, Callable[[], Callable[[Path], object] | None]] = {
    "rapidocr": _rapidocr,
    "Detector, quick": lambda: _ours("quick"),
    "Detector, normal": lambda: _ours("normal"),
    "Detector, thorough": lambda: _ours("thorough"),
    "scan, quick": lambda: None,
    "scan, normal": lambda: None,
    "pytesseract": _pytesseract,
    "easyocr": _easyocr,
}


def _work(name: str, pictures: list[Path]) -> None:
    """Run one contestant and print its seconds a picture; runs in a process of its own."""
    read = CONTESTANTS[name]()
    if read is None:
        seconds, processor = _scan(name.split()[-1], pictures)
    else:
        read(pictures[0])
        began = _clocks()
        for path in pictures:
            read(path)
        seconds, processor = (total / len(pictures) for total in _since(began))
    sys.stderr.flush()
    os.write(3, json.dumps({"seconds": seconds, "processor": processor}).encode())


def _run(name: str, pictures: list[Path]) -> dict[str, float] | None:
    out, into = os.pipe()
    command = [sys.executable, __file__, "--work", name, *map(str, pictures)]
    with tempfile.TemporaryFile() as errors:
        running = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3>&{into} >/dev/null', "sh", *command], pass_fds=(into,), stderr=errors
        )
        os.close(into)
        peak = 0.0
        while running.poll() is None:
            peak = max(peak, sum(_memory_mib(process) for process in _tree(running.pid)))
            time.sleep(0.25)
        with os.fdopen(out) as stream:
            text = stream.read()
        if running.returncode or not text:
            errors.seek(0)
            print(f"{name}: did not run: {errors.read().decode(errors='replace').strip()[-300:]}", file=sys.stderr)
            return None
    return {"peak_mib": peak, **json.loads(text)}


def _tree(root: int) -> list[int]:
    """Return a process and all that it started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _memory_mib(process: int) -> float:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=Path("samples"), help="folder of pictures")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contestants", nargs="*", default=list(CONTESTANTS))
    parser.add_argument("--out", type=Path, help="write the table here, as Markdown")
    parser.add_argument("--work", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        _work(options.work[0], [Path(name) for name in options.work[1:]])
        return
    found = sorted(path for path in options.pictures.rglob("*") if path.suffix.lower() in ENDINGS)
    pictures = found[:: max(1, len(found) // options.limit)][: options.limit]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in options.contestants}
    for _ in range(options.rounds):
        for name in options.contestants:
            figures = _run(name, pictures)
            if figures is not None:
                runs[name].append(figures)
    runs = {name: figures for name, figures in runs.items() if figures}
    rows = [
        "| contestant | pictures a second | ratio to plain RapidOCR | processor seconds a picture | ratio "
        "| peak memory, MiB | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    base: dict[str, float] = {}
    for name, all_rounds in runs.items():
        # Ratios are of the same round, then the median: what slows one round down slows all in it.
        middle = {key: statistics.median(each[key] for each in all_rounds) for key in all_rounds[0]}
        base = base or middle
        faster = statistics.median(
            first["seconds"] / each["seconds"] for first, each in zip(runs[next(iter(runs))], all_rounds, strict=False)
        )
        rows.append(
            f"| {name} | {1 / middle['seconds']:.2f} | {faster:.2f} | {middle['processor']:.2f} | "
            f"{middle['processor'] / base['processor']:.2f} | {middle['peak_mib']:.0f} | "
            f"{middle['peak_mib'] / base['peak_mib']:.2f} |"
        )
    command = (
        f"python benchmarks/throughput.py --pictures {options.pictures.as_posix()} --limit {options.limit} "
        f"--rounds {options.rounds}"
    )
    text = "\n".join(
        [
            "# Throughput",
            "",
            f"{len(pictures)} pictures, median of {options.rounds} interleaved rounds, "
            f"{len(os.sched_getaffinity(0))} cores, "
            f"{platform.machine()}, Python {platform.python_version()}. Read the ratios, not the rates.",
            "",
            *rows,
            "",
            f"Command: `{command}`",
            "",
        ]
    )
    print(text)
    if options.out:
        options.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
