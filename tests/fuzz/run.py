"""Feeds damaged and hostile pictures to the loader and counts what comes out.

Usage: python -m tests.fuzz [--count 20000] [--seed 0] [--output FILE]

Every picture must come back as a frame or as a ``PictureError`` with a known code: no other exception, no
crash, no hang, no memory beyond the limit. The pictures run in a process of their own with a limit of memory,
so that a crash is seen and named by its seed; ``python -m tests.fuzz --one SEED`` repeats one of them here.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
import tracemalloc
import warnings
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from detector.config import Settings
from detector.errors import PictureError
from detector.images import load_frame
from tests.fuzz.mutate import mutant

LIMIT_S = 10.0
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
        try:
            said = outcome(seed)
        except BaseException as error:
            said = f"! {type(error).__name__}: {error}"
        pipe.send((said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main() -> int:
    """Run, print, and return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--one", type=int)
    options = parser.parse_args()
    if options.one is not None:
        tracemalloc.start()
        say(f"{mutant(options.one)[0]}: {outcome(options.one)}, {tracemalloc.get_traced_memory()[1] >> 20} MiB")
        return 0
    counts: Counter[str] = Counter()
    findings: list[str] = []
    slowest, peak, begin = (0.0, 0), 0, time.monotonic()
    context = get_context("spawn")
    process = pipe = None
    for seed in range(options.seed, options.seed + options.count):
        if process is None:
            pipe, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
        assert pipe is not None
        start = time.monotonic()
        pipe.send(seed)
        allowed = LIMIT_S + (30.0 if not counts else 0.0)
        try:
            if not pipe.poll(allowed):
                raise TimeoutError(f"longer than {LIMIT_S:g} s")
            said, memory = pipe.recv()
            peak = max(peak, memory)
        except (EOFError, TimeoutError) as error:
            process.kill()
            process.join()
            said = f"! {error or f'the process ended with {process.exitcode}'}"
            process = None
        if counts:
            slowest = max(slowest, (time.monotonic() - start, seed))
        counts["finding" if said.startswith("!") else said] += 1
        if said.startswith("!"):
            findings.append(f"seed {seed} ({mutant(seed)[0]}): {said}")
    import PIL

    rows = [
        f"command: python -m tests.fuzz --count {options.count} --seed {options.seed}",
        f"python {platform.python_version()}, pillow {PIL.__version__}, {platform.system()} {platform.machine()}",
        f"{options.count} pictures in {time.monotonic() - begin:.0f} s; the slowest {slowest[0]:.2f} s (seed "
        f"{slowest[1]}); peak memory {peak >> 10} MiB of {LIMIT_MIB}",
        *(f"{name:16} {count:6}" for name, count in counts.most_common()),
        f"findings: {len(findings)}",
        *findings,
    ]
    say("\n".join(rows))
    if options.output:
        options.output.write_text("\n".join(rows) + "\n", "utf-8")
    return 1 if findings else 0
