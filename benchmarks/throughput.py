"""Pictures a second and peak memory: ``overlay-detector`` beside the three engines called plainly, in one run.

    python benchmarks/throughput.py --pictures samples --out benchmarks/throughput.md

Each contestant runs in a process of its own, over the same pictures in the same order, after one picture that does
not count (loading models); the rounds are interleaved, so that a machine whose speed drifts treats all alike. What is
compared is the ratio to plain RapidOCR in the same run. Peak memory is the process's largest resident set.
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
import time
from collections.abc import Callable
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


CONTESTANTS: dict[str, Callable[[], Callable[[Path], object]]] = {
    "rapidocr": _rapidocr,
    "overlay-detector quick": lambda: _ours("quick"),
    "overlay-detector normal": lambda: _ours("normal"),
    "overlay-detector thorough": lambda: _ours("thorough"),
    "pytesseract": _pytesseract,
    "easyocr": _easyocr,
}


def _work(name: str, pictures: list[Path]) -> None:
    """Run one contestant and print its figures as JSON; runs in a process of its own."""
    read = CONTESTANTS[name]()
    read(pictures[0])
    began = time.perf_counter()
    for path in pictures:
        read(path)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stderr.flush()
    os.write(3, json.dumps({"seconds": seconds, "peak_mib": peak}).encode())


def _run(name: str, pictures: list[Path]) -> dict[str, float] | None:
    out, into = os.pipe()
    command = [sys.executable, __file__, "--work", name, *map(str, pictures)]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" 3>&{into} >/dev/null', "sh", *command], pass_fds=(into,), stderr=subprocess.PIPE
    )
    os.close(into)
    with os.fdopen(out) as stream:
        text = stream.read()
    if done.returncode or not text:
        print(f"{name}: did not run: {done.stderr.decode(errors='replace').strip()[-300:]}", file=sys.stderr)
        return None
    return json.loads(text)


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
    rates = {
        name: statistics.median(len(pictures) / figures["seconds"] for figures in rows)
        for name, rows in runs.items()
        if rows
    }
    base = rates.get("rapidocr")
    rows = [
        "| contestant | pictures a second | ratio to plain RapidOCR | peak memory, MiB |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, rate in rates.items():
        peak = max(figures["peak_mib"] for figures in runs[name])
        rows.append(
            f"| {name} | {rate:.2f} | {rate / base:.2f} | {peak:.0f} |"
            if base
            else f"| {name} | {rate:.2f} | | {peak:.0f} |"
        )
    command = f"python benchmarks/throughput.py --pictures {options.pictures.name} --limit {options.limit}"
    text = "\n".join(
        [
            "# Throughput",
            "",
            f"{len(pictures)} pictures, median of {options.rounds} interleaved rounds, {os.cpu_count()} cores, "
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
