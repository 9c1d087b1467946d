"""Coverage-guided fuzzing with Atheris: it keeps the inputs that reach new code and goes on from them.

Usage: pip install atheris
       python -m tests.fuzz.guided images|observations|signatures [-max_total_time=60] [-seed=1]

All options of libFuzzer work. What is raised beyond the errors that are promised ends the run, and the input is
kept as ``crash-<hash>`` in the current folder.
"""

from __future__ import annotations

import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["detector", "PIL", "yaml"]):
    import detector.knowledge.schema
    import detector.knowledge.store
    import detector.knowledge.yamlfile  # noqa: F401 - loaded here, so that it is watched
    from detector.config import Settings
    from detector.errors import ObservationsError, PictureError, SignatureError
    from detector.images import load_frame
    from detector.knowledge.base import load_signatures
    from detector.types import Observations

from detector.resources import SIGNATURES
from tests.fuzz.mutate import good_pictures

SETTINGS = Settings(max_pixels=4_000_000, max_bytes=1_000_000)
PLACE = Path(tempfile.mkdtemp())
FOLDER = PLACE / "signatures"


def images(data: bytes) -> None:
    with suppress(PictureError):
        load_frame(data, settings=SETTINGS, name="x.jpg")


def observations(data: bytes) -> None:
    try:
        seen = Observations.from_json(data)
    except ObservationsError:
        return
    assert Observations.from_json(seen.to_json()) == seen


def signatures(data: bytes) -> None:
    (FOLDER / "x.yaml").write_bytes(data)
    with suppress(SignatureError):
        load_signatures(FOLDER)


def corpus(target: str) -> list[bytes]:
    """Return what to begin with."""
    if target == "images":
        return [data for _, data in good_pictures()]
    if target == "signatures":
        texts = [path.read_text("utf-8") for path in sorted(SIGNATURES.rglob("*.yaml"))[:60]]
        return [re.sub(r"\Aid: .*", "id: x", text).encode() for text in texts]
    text = (
        '{"schema":1,"source":"a","sha256":"0","size":[4,3],"format":"PNG","notes":["n"],"lines":[{"text":"ab",'
        '"confidence":0.5,"quad":[[0,0],[9,0],[9,5],[0,5]],"engine":"e","view":"whole","script":"Latn",'
        '"char_confidences":[0.1,0.2],"votes":[{"text":"ab","confidence":0.5,"engine":"e","view":"w"}]}],'
        '"readings":{"k":{}},"provenance":{"e":"1"}}'
    )
    return [text.encode()]


def main() -> None:
    targets: dict[str, Callable[[bytes], None]] = {
        "images": images, "observations": observations, "signatures": signatures,
    }  # fmt: skip
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        sys.exit(__doc__)
    target = sys.argv.pop(1)
    warnings.simplefilter("ignore")
    FOLDER.mkdir()
    begin = PLACE / "corpus"
    begin.mkdir()
    for number, data in enumerate(corpus(target)):
        (begin / str(number)).write_bytes(data)
    atheris.Setup([*sys.argv, "-rss_limit_mb=2048", "-timeout=20", str(begin)], targets[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
