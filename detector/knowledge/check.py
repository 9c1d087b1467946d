"""``python -m detector.knowledge.check [FOLDER or FILE]``: says what is wrong with signatures, and runs their tests."""

from __future__ import annotations

import sys
from pathlib import Path

from detector.errors import ExitCode, SignatureError
from detector.knowledge.selftest import run_tests
from detector.knowledge.store import load_folder
from detector.resources import SIGNATURES


def main(arguments: list[str]) -> int:
    """Check a folder of signatures (the packaged one unless named); return the exit code."""
    folder = Path(arguments[0]) if arguments else SIGNATURES
    only = None
    if folder.suffix == ".yaml" or (folder != SIGNATURES and SIGNATURES in folder.resolve().parents):
        only, folder = folder.resolve(), SIGNATURES
    try:
        loaded, faults = load_folder(folder)
    except SignatureError as error:
        sys.stderr.write(f"{error}\n")
        return int(ExitCode.SETTING)
    if only is not None:
        faults = [fault for fault in faults if fault.startswith(str(only))]
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    failures = 0
    tested = 0
    for name, signature in loaded.signatures.items():
        if (
            only is not None
            and only != loaded.files[name].resolve()
            and only not in loaded.files[name].resolve().parents
        ):
            continue
        tested += 1
        for failure in run_tests(signature):
            failures += 1
            where: tuple[str | int, ...] = (
                *failure.field.partition("[")[0].split("."),
                int(failure.field.rstrip("]").partition("[")[2]),
            )
            line = loaded.lines.get(name, {}).get(where, 1)
            sys.stdout.write(f"{loaded.files[name]}:{line}: {failure.field} {failure.text!r} {failure.message}\n")
    sys.stdout.write(f"{tested} signatures tested, {failures} tests fail, {len(faults)} faults in files\n")
    return int(ExitCode.SETTING if faults or failures else ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
