"""Displays of programs around genuine pictures: camera and drone apps, short-video sites, telemetry, boxes, insets.

They have buttons, dials and maps as games have, and are none.
"""

from __future__ import annotations

import numpy as np

from training.drawing import style as words
from training.drawing.parts import gauge, icon, minimap
from training.drawing.sketch import BAR, ICON, LINE, MAP, PANEL, Colour, Sketch
from training.drawing.style import Style, any_colour

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def flight_app(s: Sketch, st: Style) -> None:
    """Draw a drone's app on a telephone: state above, buttons at the sides, map, distances below."""
    rng, u = st.rng, st.unit
    if rng.random() < 0.7:
        s.rect(0, 0, s.width, u * 1.8, BLACK, rng.uniform(0.4, 1), PANEL)
    state = str(
        rng.choice(["Ready to Go (GPS)", "In Flight (GPS)", "P-GPS", "N Mode", "Sport Mode", words.words(rng, 1, 3)])
    )
    st.text(s, u, u * 0.4, state, 0.85, edge="none", colour=WHITE)
    x = s.width - u
    for _ in range(int(rng.integers(2, 7))):
        icon(s, st, x - u, u * 0.9, u * 0.8, WHITE)
        x -= u * 1.8
        if rng.random() < 0.5:
            x = st.text(
                s, x, u * 0.5, f"{words.number(rng, 2)}{rng.choice(['%', '', 'V'])}", 0.7, anchor="r", edge="none"
            )[0]
        x -= u * 0.5
    if rng.random() < 0.7:
        st.text(
            s, s.width * rng.uniform(0.2, 0.4), s.height - st.margin - u,
            f"D {words.number(rng)}m  H {rng.uniform(0, 300):.1f}m  H.S {rng.uniform(0, 20):.1f}m/s  V.S 0.0m/s", 0.85,
        )  # fmt: skip
    if rng.random() < 0.6:
        size = s.height * rng.uniform(0.15, 0.28)
        minimap(s, st, u * 0.5, s.height - size - u * 0.5, size, disc=rng.random() < 0.3)
    _shutter(s, st)
    for i in range(int(rng.integers(0, 4))):
        y = s.height * 0.35 + i * u * 3
        s.circle(u * 2, y, u * 1.1, BLACK, 0.4, ICON)
        icon(s, st, u * 2, y, u, WHITE)
    if rng.random() < 0.4:
        _grid(s, st)


def _shutter(s: Sketch, st: Style) -> None:
    """Draw the release button and its neighbours on the right."""
    rng, u = st.rng, st.unit
    x, y = s.width - u * 2.2, s.height / 2
    fill = (230, 30, 30) if rng.random() < 0.4 else WHITE
    s.circle(x, y, u * 1.3, fill, 0.9, ICON)
    s.circle(x, y, u * 1.6, WHITE, 0.9, ICON, width=st.line)
    for dy in (-4, 4)[: int(rng.integers(0, 3))]:
        icon(s, st, x, y + dy * u, u * 1.2, WHITE)


def _grid(s: Sketch, st: Style) -> None:
    for part in (1 / 3, 2 / 3):
        for line in (
            [(s.width * part, 0), (s.width * part, s.height)],
            [(0, s.height * part), (s.width, s.height * part)],
        ):
            s.shape(line, WHITE, 0.5, LINE, width=1, closed=False)


def telemetry(s: Sketch, st: Style) -> None:
    """Draw what action cameras and stations add to a ride: speed dial, track, height, slope."""
    rng, u = st.rng, st.unit * 1.1
    r = s.height * rng.uniform(0.08, 0.14)
    x = st.margin + r if rng.random() < 0.5 else s.width - st.margin - r
    y = s.height - st.margin - r
    if rng.random() < 0.6:
        s.circle(x, y, r, st.main, 0.8, BAR, width=st.line * 2, start=135, sweep=270)
        s.circle(x, y, r * 0.9, st.accent, 0.8, BAR, width=r * 0.1, start=135, sweep=rng.uniform(30, 260))
    st.text(s, x, y - u * 0.6, words.number(rng, 2), 1.6, anchor="c")
    st.text(s, x, y + u, str(rng.choice(["km/h", "MPH", "KM/H"])), 0.6, anchor="c")
    if rng.random() < 0.5:  # the track so far
        steps = np.cumsum(rng.normal(0, 1, (40, 2)), axis=0)
        steps = (steps - steps.min(axis=0)) / (np.ptp(steps, axis=0) + 1e-6)
        left = s.width - x if rng.random() < 0.7 else x
        s.shape(
            steps * 2 * r + (left - r, st.margin + u), st.main, 0.9, MAP, width=st.line * 1.5, closed=False
        )  # fmt: skip
    for i in range(int(rng.integers(0, 4))):
        text = str(
            rng.choice(
                [f"{words.number(rng)} m", f"{rng.uniform(0, 12):.1f} %", f"{rng.integers(60, 190)} bpm", "G 0.4"]
            )
        )
        st.text(s, s.width * (0.35 + 0.12 * i), s.height - st.margin - u, text, 0.9)


def short_video(s: Sketch, st: Style) -> None:
    """Draw a short-video site's column of buttons, its caption, and what goes with live pictures."""
    rng, u = st.rng, st.unit * 1.2
    x = s.width - u * 1.8
    for i in range(int(rng.integers(2, 6))):
        y = s.height * 0.45 + i * u * 3.2
        icon(s, st, x, y, u * 1.6, WHITE)
        if rng.random() < 0.7:
            st.text(s, x, y + u, f"{rng.uniform(1, 999):.1f}K", 0.55, anchor="c", edge="shadow", colour=WHITE)
    y = s.height * rng.uniform(0.8, 0.9)
    st.text(s, u, y, f"@{words.word(rng).lower()}{words.number(rng, 2)}", 0.9, colour=WHITE)
    st.text(s, u, y + u * 1.3, words.words(rng, 2, 6) + " #" + words.word(rng).lower(), 0.75, colour=WHITE)
    if rng.random() < 0.4:
        s.rect(u, u, u * 4, u * 2.3, (220, 20, 40), 1, PANEL, round_=u * 0.2)
        st.text(s, u * 2.5, u * 1.3, "LIVE", 0.75, anchor="c", colour=WHITE, edge="none")
        for i in range(int(rng.integers(0, 6))):
            st.text(s, u, s.height * 0.5 + i * u * 1.4, words.words(rng, 2, 6), 0.7, colour=WHITE)


def boxes(s: Sketch, st: Style) -> None:
    """Draw what recognition programs draw: boxes, names, shares, a head line of counts."""
    rng, u = st.rng, st.unit * rng_range(st, 0.7, 1.6)
    names = ["person", "car", "dog", "truck", "tank", "helmet", "drone", "plate", words.word(rng)]
    for _ in range(int(rng.integers(1, 9))):
        x, y = s.width * rng.uniform(0.02, 0.85), s.height * rng.uniform(0.08, 0.75)
        w, h = s.width * rng.uniform(0.03, 0.35), s.height * rng.uniform(0.05, 0.4)
        colour = any_colour(rng)
        s.rect(x, y, x + w, y + h, colour, 1, LINE, border=max(1.0, st.line * rng.uniform(0.8, 2)))
        if rng.random() < 0.8:
            text = str(rng.choice(names)) + (f" {rng.uniform(0.3, 1):.2f}" if rng.random() < 0.7 else "")
            filled = rng.random() < 0.55
            st.text(
                s, x + 2, y - u * 1.05, text, u / st.unit * 0.8, font="hershey-0" if rng.random() < 0.4 else st.font,
                edge="box" if filled else "none", edge_colour=colour,
                colour=(WHITE if sum(colour) < 450 else BLACK) if filled else colour,
            )  # fmt: skip
    if rng.random() < 0.25:
        st.text(
            s, st.margin, st.margin, f"FPS: {rng.uniform(5, 90):.1f}", 1.0, colour=any_colour(rng), font="hershey-0"
        )


def rng_range(st: Style, low: float, high: float) -> float:
    return float(st.rng.uniform(low, high))


def phone_camera(s: Sketch, st: Style) -> None:
    """Draw a telephone's camera program: grid, modes, zoom steps, release button."""
    rng, u = st.rng, st.unit
    if rng.random() < 0.5:
        _grid(s, st)
    _shutter(s, st)
    for i, name in enumerate(("VIDEO", "PHOTO", "PORTRAIT", "PANO")[: int(rng.integers(1, 5))]):
        st.text(s, s.width * (0.3 + 0.12 * i), s.height - u * 1.6, name, 0.7, colour=WHITE)
    for i in range(int(rng.integers(0, 4))):
        x = s.width / 2 + (i - 1) * u * 2.4
        s.circle(x, s.height - u * 4, u, BLACK, 0.45, ICON)
        st.text(s, x, s.height - u * 4.3, f"{('.5', '1x', '2', '5')[i]}", 0.6, anchor="c", colour=WHITE, edge="none")
    if rng.random() < 0.5:
        gauge(s, st, u, s.height * 0.3, u * 0.3, s.height * 0.4)


def inset(s: Sketch, st: Style, picture: np.ndarray) -> None:
    """Lay another picture in a window over this one: a second camera, a mirror, a presenter."""
    rng = st.rng
    wide = s.width * rng.uniform(0.15, 0.35)
    tall = wide * rng.uniform(0.55, 0.8)
    x = float(rng.choice([st.margin, s.width - st.margin - wide, (s.width - wide) / 2]))
    y = float(rng.choice([st.margin, s.height - st.margin - tall]))
    small = picture[:: max(1, int(picture.shape[0] / tall)), :: max(1, int(picture.shape[1] / wide))]
    small = small[: round(tall), : round(wide)]
    s.blend(np.ones(small.shape[:2], np.float32), x, y, small, 1.0, MAP)
    if rng.random() < 0.6:
        h, w = small.shape[:2]
        s.rect(x, y, x + w, y + h, any_colour(rng), 1, MAP, border=st.line * 1.5)
