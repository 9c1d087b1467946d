"""Kills scans at random moments, resumes them, and compares the results byte for byte.

Usage: python -m benchmarks.kills [--rounds 200] [--pictures 60] [--seed 0]

One round: a scan into a fresh folder is killed (SIGKILL, the parent alone or its whole process group) at a
random moment, resumed with ``--resume``, perhaps killed again, and at last left to finish. The result must be
the same files with the same bytes as those of a scan that nobody disturbed. Reading is a cheap stand-in, so
that most kills fall into the bookkeeping and not into OCR.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.batch_fakes import make_pictures, result_of

ROOT = Path(__file__).parent.parent


def start(pictures: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.batch_fakes", "Fake", str(pictures), str(output), "--tell", *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "FAKE_DELAY": "0.002"}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def kill(run: subprocess.Popen[bytes], chance: random.Random, pictures: int) -> str:
    """Kill a scan somewhere between its start and its end; return where."""
    assert run.stdout is not None
    where = chance.choice(("start", "middle", "middle", "middle", "end"))
    rows = {"start": 0, "middle": chance.randrange(pictures), "end": pictures}[where]
    seen = 0
    while seen < rows and run.stdout.readline():
        seen += 1
    time.sleep(chance.random() * {"start": 1.0, "middle": 0.02, "end": 0.1}[where])
    if chance.random() < 0.5:
        os.killpg(run.pid, signal.SIGKILL)
    else:
        run.kill()
    run.communicate()
    return where if run.returncode == -signal.SIGKILL else "too late"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    kills: Counter[str] = Counter()
    different = 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        make_pictures(place / "in", options.pictures)
        (place / "in" / "p0005.png").write_bytes(b"broken")
        shutil.copy(place / "in" / "p0004.png", place / "in" / "p0041-copy.png")
        whole = start(place / "in", place / "whole")
        whole.communicate()
        assert whole.returncode == 0
        expected = result_of(place / "whole")
        for number in range(options.rounds):
            out = place / "out"
            for _ in range(chance.choice((1, 1, 2, 3))):
                kills[kill(start(place / "in", out, "--resume"), chance, options.pictures)] += 1
            last = start(place / "in", out, "--resume")
            said = last.communicate()[1]
            if last.returncode != 0 or result_of(out) != expected:
                different += 1
                print(f"round {number}: exit code {last.returncode}, {said.decode()[-300:]}", flush=True)
            shutil.rmtree(out)
    rows = [
        f"command: python -m benchmarks.kills --rounds {options.rounds} --pictures {options.pictures} "
        f"--seed {options.seed}",
        f"{options.rounds} scans of {options.pictures + 1} pictures, {kills.total()} kills in "
        f"{time.monotonic() - begin:.0f} s: " + ", ".join(f"{count} {where}" for where, count in kills.most_common()),
        f"results that differ from the undisturbed scan: {different} of {options.rounds}",
    ]
    print("\n".join(rows))
    if options.output:
        options.output.write_text("\n".join(rows) + "\n", "utf-8")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
