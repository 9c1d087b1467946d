"""Annotated pictures: nothing that matters is covered, at every size, and the same input gives the same pixels."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.annotate import COLOURS, annotate, drawable, thumbnail
from detector.types import Evidence, Failure, Frame, Report, TextLine, Verdict, box_quad


def make_frame(width: int, height: int, seed: int = 7) -> Frame:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(pixels=noise, source="a.png", sha256="0" * 64, original_size=(width, height), format="PNG")


def make_report(frame: Frame, boxes: list[tuple[int, int, int, int]], lines: int = 0) -> Report:
    titles = ["Work-in-progress disclaimer of a game trailer", "Crosshair", "Канал «Новости»", "\u202e\x1b[31m" * 60]
    bits = [{"game": 9.0}, {"generated": 3.0}, {}, {"camera": 2.0}]
    evidence = tuple(
        Evidence(kind="k", title=titles[i % 4], quote=titles[i % 4], why="w", bits=bits[i % 4], quads=(box_quad(*box),))
        for i, box in enumerate(boxes[lines:])
    )
    verdict = Verdict(
        sources={"camera": 0.1, "game": 0.8, "generated": 0.1}, fakeness=0.9, label="suspect", scale="",
        contributions=(), summary="",
    )  # fmt: skip
    return Report(
        source="folder/a.png", status="ok", sha256="0" * 64, size=(frame.width, frame.height), verdict=verdict,
        evidence=evidence, versions={"overlay-detector": "0.1.0"},
        lines=tuple(TextLine(text="x", confidence=1, quad=box_quad(*box), engine="e") for box in boxes[:lines]),
    )  # fmt: skip


@given(
    size=st.sampled_from([(300, 169), (640, 480), (1600, 300), (200, 900)]),
    cells=st.sets(st.integers(0, 35), min_size=1, max_size=14),
    lines=st.integers(0, 3),
)
@settings(max_examples=25, deadline=None)
def test_never_covers_what_it_boxes(size: tuple[int, int], cells: set[int], lines: int) -> None:
    frame = make_frame(*size)
    wide, high = size[0] // 6, size[1] // 6
    # Boxes in cells of a grid, the outer ones at the very edge of the picture.
    boxes = [
        (x * wide + 7 * (x > 0), y * high + 7 * (y > 0), (x + 1) * wide - 7 * (x < 5), (y + 1) * high - 7 * (y < 5))
        for y, x in (divmod(cell, 6) for cell in sorted(cells))
    ]
    drawn = np.asarray(annotate(frame, make_report(frame, boxes, lines)))
    for left, top, right, bottom in boxes:
        inside = np.s_[top:bottom, left:right]
        assert np.array_equal(drawn[inside], frame.pixels[inside])


@pytest.mark.parametrize("size", [(300, 200), (1280, 720), (4000, 3000), (1, 1), (4000, 20)])
def test_boxes_are_drawn_around_in_their_colour(size: tuple[int, int]) -> None:
    frame = make_frame(*size)
    box = (round(size[0] * 0.6), round(size[1] * 0.1), round(size[0] * 0.9), round(size[1] * 0.2))
    drawn = np.asarray(annotate(frame, make_report(frame, [box])))
    assert drawn.shape[0] > frame.height, "the strip stands below"
    assert drawn.shape[1] >= max(frame.width, 480)
    if size[1] > 100:
        below = drawn[box[3] + 1 : box[3] + 30, (box[0] + box[2]) // 2]
        assert (below == COLOURS["game"]).all(axis=1).any()
    strip = drawn[frame.height + 3 :]
    assert (strip.max(axis=(1, 2)) - strip.min(axis=(1, 2)) > 100).sum() > 40, "there is writing in the strip"


def test_leaves_the_frame_alone_and_gives_the_same_bytes() -> None:
    frame = make_frame(640, 360)
    before = hashlib.sha256(frame.pixels.tobytes()).hexdigest()
    report = make_report(frame, [(400, 10, 600, 30), (10, 300, 100, 340)])
    first, second = io.BytesIO(), io.BytesIO()
    annotate(frame, report).save(first, "PNG")
    annotate(frame, report).save(second, "PNG")
    assert first.getvalue() == second.getvalue()
    assert hashlib.sha256(frame.pixels.tobytes()).hexdigest() == before


def test_two_lines_of_one_finding_carry_one_name() -> None:
    frame = Frame(
        pixels=np.zeros((720, 1280, 3), np.uint8), source="s", sha256="0", original_size=(1280, 720), format="PNG"
    )
    near = make_report(frame, [(900, 4, 1270, 30)])
    both = Evidence(kind="k", title="T" * 40, why="w", bits={"game": 9.0},
                    quads=(box_quad(900, 4, 1270, 30), box_quad(900, 34, 1270, 60)))  # fmt: skip
    drawn = np.asarray(annotate(frame, Report(**{**fields_of(near), "evidence": (both,)})))[:720]
    filled = (drawn == COLOURS["game"]).all(axis=2)
    # Boxes are outlines; only tags have long filled rows.
    assert filled.sum(axis=1).max() > 400
    assert (filled.sum(axis=1) > 150).sum() < 45, "one tag, not two"


def fields_of(report: Report) -> dict[str, object]:
    return {name: getattr(report, name) for name in report.__dataclass_fields__}


def test_an_error_and_an_empty_report_can_be_drawn_too() -> None:
    frame = make_frame(50, 40)
    failed = Report(source="a", status="error", error=Failure(code="damaged", message="bad " * 400))
    assert annotate(frame, failed).height > 200
    assert annotate(frame, make_report(frame, [])).width == 480


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Developm", "Developm"),
        ("Café — ½", "Cafe - 1/2"),
        ("Разработка в игре 1", "[Cyrillic] 1"),
        ("開発中", "[CJK]"),
        ("\x1b[0m\u202e", "\\x1b[0m\\u202e"),
    ],
)
def test_drawable(text: str, shown: str) -> None:
    assert drawable(text).replace("⁄", "/") == shown


def test_thumbnail_is_small_and_keeps_the_proportions() -> None:
    uri = thumbnail(make_frame(1280, 720), longest=320)
    assert uri.startswith("data:image/jpeg;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert picture.size == (320, 180)


def test_thumbnail_of_a_find_brings_its_letters_large_enough_to_check() -> None:
    frame = make_frame(1280, 720)
    report = replace(
        make_report(frame, []),
        evidence=(
            Evidence(kind="k", title="tiny", why="w", bits={"game": 9.0}, quads=(box_quad(1200, 4, 1290, 14),)),
            Evidence(kind="k", title="no place", why="w", bits={"game": 3.0}),
            Evidence(kind="k", title="again", why="w", bits={"game": 2.0}, quads=(box_quad(1200, 4, 1290, 14),)),
            Evidence(kind="k", title="two lines", quote="q", why="w", bits={"game": 3.0},
                     quads=(box_quad(10, 600, 400, 640), box_quad(10, 650, 400, 690))),
            Evidence(kind="k", title="spread", why="w", bits={"game": 1.0},
                     quads=(box_quad(10, 10, 40, 40), box_quad(900, 650, 940, 690))),
        ),
    )  # fmt: skip
    addresses = thumbnail(frame, report).split(" ")
    assert report.verdict is not None
    assert len(addresses) == 6
    assert [addresses[2], addresses[3], addresses[5]] == ["-", "-", "-"]
    tiny, lines = (
        Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) for address in (addresses[1], addresses[4])
    )
    assert tiny.width == 3 * (1280 - 1192), "from a letter's height left of it to the picture's border"
    assert lines.height == round(0.75 * (713 - 577)), "both lines with a margin, made smaller"
    assert " " not in thumbnail(frame, replace(report, verdict=replace(report.verdict, label="no-finding")))
