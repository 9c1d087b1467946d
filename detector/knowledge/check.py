"""``python -m detector.knowledge.check [FOLDER or FILE]``: says what is wrong with signatures, and runs their tests."""

from __future__ import annotations

import sys
from pathlib import Path

from detector.errors import ExitCode, SignatureError
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
    sys.stdout.write(f"{len(loaded.signatures)} signatures read, {len(faults)} faults\n")
    return int(ExitCode.SETTING if faults else ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
