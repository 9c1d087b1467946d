"""A small share of the fuzzing on every run; the whole of it: python -m tests.fuzz."""

from __future__ import annotations

import json
import random
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from detector.batch import scan
from detector.config import Settings
from detector.errors import ObservationsError
from detector.types import Observations, TextLine, box_quad
from tests.batch_fakes import Fake
from tests.fuzz.mutate import good_pictures, mutant
from tests.fuzz.run import CODES, outcome


@pytest.mark.parametrize("name", [name for name, _ in good_pictures()])
def test_the_unharmed_pictures_are_read(name: str) -> None:
    from detector.images import load_frame

    if name.startswith("heif"):
        pytest.importorskip("pi_heif", reason="the extra 'heif' is not installed")
    frame = load_frame(dict(good_pictures())[name], settings=Settings(), name=name)
    assert min(frame.pixels.shape[:2]) >= 48


def test_damaged_pictures_are_frames_or_errors_with_a_code() -> None:
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(900):
            start = time.monotonic()
            seen.add(outcome(seed))
            assert time.monotonic() - start < 30, f"seed {seed}"
    assert {"frame", "damaged", "truncated", "not-a-picture", "too-many-pixels"} <= seen <= CODES | {"frame"}


def test_the_same_seed_gives_the_same_picture() -> None:
    assert [mutant(seed) for seed in range(50)] == [mutant(seed) for seed in range(50)]


def test_damaged_pictures_through_the_whole_scan(tmp_path: Path) -> None:
    for seed in range(2000, 2120):
        (tmp_path / f"{seed}.png").write_bytes(mutant(seed)[1])
    sources = sorted(str(path) for path in tmp_path.glob("*.png"))
    settings = Settings(workers=2, max_pixels=20_000_000)
    reports = list(scan(sources, settings, output=tmp_path / "out", detector=Fake, annotate="all"))
    assert [r.source for r in reports] == sources
    assert {r.error.code for r in reports if r.error} <= CODES


def shaken(chance: random.Random, value: Any) -> Any:
    """Return the same JSON with one thing in it replaced."""
    odd = [
        None,
        True,
        -1,
        0,
        1e308,
        float("1e999"),
        2**70,
        "",
        "\0",
        "\ud800",
        [],
        {},
        [[]],
        {"a": []},
        "x" * 9999,
        [1, 2, 3, 4],
    ]
    if chance.random() < 0.25 or not isinstance(value, (list, dict)) or not value:
        return chance.choice(odd)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return [*value[:at], shaken(chance, value[at]), *value[at + 1 :]]
    key = chance.choice(sorted(value))
    if chance.random() < 0.2:
        return {name: item for name, item in value.items() if name != key}
    return {**value, key: shaken(chance, value[key])}


def test_damaged_observations_are_refused_or_round_trip() -> None:
    line = TextLine(
        text="Development", confidence=0.9, quad=box_quad(1, 2, 30, 12), engine="e", char_confidences=(0.5,) * 11
    )
    good = Observations(
        source="a.png", sha256="0" * 64, size=(40, 30), lines=(line,), readings={"k": {"a": [1]}},
        provenance={"e": "1"}, notes=("n",),
    )  # fmt: skip
    whole = json.loads(good.to_json())
    refused = 0
    for seed in range(4000):
        chance = random.Random(seed)
        value = shaken(chance, whole)
        text = json.dumps(value)
        if seed % 4 == 0:
            data = bytearray(text.encode())
            data[chance.randrange(len(data))] = chance.randrange(256)
            text = bytes(data).decode("latin-1")
        try:
            seen = Observations.from_json(text)
        except ObservationsError:
            refused += 1
            continue
        assert Observations.from_json(seen.to_json()) == seen
    assert 1000 < refused < 4000


def test_deeply_nested_observations() -> None:
    for text in ("[" * 100_000, '{"schema":' * 100_000, b"\xff\xfe", "", "NaN"):
        with pytest.raises(ObservationsError):
            Observations.from_json(text)
