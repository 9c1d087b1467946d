"""Feeds damaged and hostile pictures to the loader, or to a whole scan, and counts what comes out.

Usage: python -m tests.fuzz [--count 20000] [--seed 0] [--output FILE]     the loader alone
       python -m tests.fuzz --scan [--count 20000] [--seed 0]              every picture a row of one scan
       python -m tests.fuzz --one SEED                                     one of them again, here

Every picture must come back as a frame (a report) or as an error with a known code: no other exception, no
crash, no hang, no memory beyond the limit. The loader runs in a process of its own with a limit of memory, so
that a crash is seen and named by its seed. The scan is the one of ``overlay-detector scan``, with one worker that
must live through all of it, every output but Parquet, every picture drawn on, and an engine that reads nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections import Counter
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from detector.config import Settings
from detector.errors import PictureError
from detector.images import load_frame
from tests.fuzz.mutate import mutant

LIMIT_S = 120.0
"""By the clock: beyond it, it hangs. Long, so that a busy machine makes no findings."""
LIMIT_CPU_S = 10.0
LIMIT_MIB = 1024
SETTINGS = Settings(max_pixels=20_000_000, max_bytes=10_000_000)
CODES = {
    "empty", "too-many-bytes", "too-many-pixels", "not-a-picture", "unsupported", "truncated", "damaged",
    "zero-sized", "memory",
}  # fmt: skip


def outcome(seed: int) -> str:
    """Return ``frame`` or the code of the error; anything else that is raised is a finding."""
    name, data = mutant(seed)
    try:
        frame = load_frame(data, settings=SETTINGS, name=f"{name}.jpg")
    except PictureError as error:
        if error.code not in CODES:
            raise AssertionError(f"code {error.code!r} for bytes") from error
        return error.code
    if frame.width * frame.height > SETTINGS.max_pixels or sum(map(len, frame.metadata.values())) > 100_000:
        raise AssertionError("beyond the limits")
    return "frame"


def serve(pipe: Connection) -> None:
    """Answer seeds with outcomes."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_MIB << 20, LIMIT_MIB << 20))
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what decoders say is not the matter here
    while True:
        try:
            seed = pipe.recv()
        except EOFError:
            return
        begin = time.process_time()
        try:
            said = outcome(seed)
        except BaseException as error:
            said = f"! {type(error).__name__}: {error}"
        took = time.process_time() - begin
        if took > LIMIT_CPU_S:
            said = f"! {took:.1f} s of processor time, then {said}"
        pipe.send((said, took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def through_the_loader(seeds: range) -> tuple[Counter[str], list[str], str]:
    """Return counts by outcome, findings, and what it took in words."""
    counts: Counter[str] = Counter()
    findings: list[str] = []
    slowest, peak = (0.0, 0), 0
    context = get_context("spawn")
    process = pipe = None
    for seed in seeds:
        if process is None:
            pipe, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
        assert pipe is not None
        pipe.send(seed)
        try:
            if not pipe.poll(LIMIT_S):
                raise TimeoutError(f"longer than {LIMIT_S:g} s")
            said, took, memory = pipe.recv()
            peak = max(peak, memory)
            slowest = max(slowest, (took, seed)) if counts else slowest  # the first one loads decoders
        except (EOFError, TimeoutError) as error:
            process.kill()
            process.join()
            said = f"! {error or f'the process ended with {process.exitcode}'}"
            process = None
        counts["finding" if said.startswith("!") else said] += 1
        if said.startswith("!"):
            findings.append(f"seed {seed} ({mutant(seed)[0]}): {said}")
    return counts, findings, (
        f"the slowest {slowest[0]:.2f} s of processor time (seed {slowest[1]}); peak memory {peak >> 10} MiB of "
        f"{LIMIT_MIB}"
    )  # fmt: skip


def through_the_scan(seeds: range) -> tuple[Counter[str], list[str], str]:
    """The same with every picture a row of one scan."""
    from detector.batch import scan

    counts: Counter[str] = Counter()
    findings: list[str] = []
    settings = replace(SETTINGS, engine="none", workers=1, timeout_s=LIMIT_S, max_memory_mb=LIMIT_MIB)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / "in").mkdir()
        sources = []
        for seed in seeds:
            path = place / "in" / f"{seed:09}.jpg"
            path.write_bytes(mutant(seed)[1])
            sources.append(str(path))
        rows = scan(sources, settings, output=place / "out", annotate="all")
        for seed, source, report in zip(seeds, sources, rows, strict=True):
            code = report.error.code if report.error is not None else "report"
            known = (code == "report" and report.verdict is not None) or code in CODES
            counts[code if known else "finding"] += 1
            if not known or report.source != source:
                said = report.error.message if report.error is not None else "no verdict"
                findings.append(f"seed {seed} ({mutant(seed)[0]}): {code}: {said}")
        written = len((place / "out" / "reports.jsonl").read_bytes().splitlines())
        if written != len(seeds):
            findings.append(f"{written} rows were written")
    worker, parent = (
        resource.getrusage(who).ru_maxrss >> 10 for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)
    )
    return counts, findings, f"peak memory {worker} MiB in the worker (limit {LIMIT_MIB}), {parent} MiB in its parent"


def main() -> int:
    """Run, print, and return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--one", type=int)
    options = parser.parse_args()
    if options.one is not None:
        tracemalloc.start()
        say(f"{mutant(options.one)[0]}: {outcome(options.one)}, {tracemalloc.get_traced_memory()[1] >> 20} MiB")
        return 0
    begin = time.monotonic()
    seeds = range(options.seed, options.seed + options.count)
    counts, findings, cost = (through_the_scan if options.scan else through_the_loader)(seeds)
    import PIL

    rows = [
        f"command: python -m tests.fuzz {'--scan ' * options.scan}--count {options.count} --seed {options.seed}",
        f"python {platform.python_version()}, pillow {PIL.__version__}, {platform.system()} {platform.machine()}",
        f"{options.count} pictures in {time.monotonic() - begin:.0f} s; {cost}",
        *(f"{name:16} {count:6}" for name, count in counts.most_common()),
        f"findings: {len(findings)}",
        *findings,
    ]
    say("\n".join(rows))
    if options.output:
        options.output.write_text("\n".join(rows) + "\n", "utf-8")
    return 1 if findings else 0
