"""More of what games show by shape: status bars, rows of hearts, arcs, a great enemy's bar, cool-downs, name plates."""

from __future__ import annotations

import numpy as np

from training.drawing import style as words
from training.drawing.parts import gauge, icon
from training.drawing.sketch import BAR, ICON, LINE, MAP, PANEL, Sketch
from training.drawing.style import Style, any_colour


def status_bar(s: Sketch, st: Style) -> None:
    """Draw framed boxes side by side along a border, each with a pictogram, a number, perhaps a bar."""
    rng, u = st.rng, st.unit
    n, tall = int(rng.integers(2, 6)), u * rng.uniform(1.8, 3)
    widths = u * rng.uniform(2.5, 7, n)
    gap = u * float(rng.choice([0, 0.2, 0.6]))
    span = float(widths.sum()) + gap * (n - 1)
    x = (s.width - span) * float(rng.choice([0.5, 0.5, 0.02, 0.98]))
    y = s.height - tall - st.margin * 0.5 if rng.random() < 0.85 else st.margin * 0.5
    framed, filled = rng.random() < 0.6, rng.random() < 0.8
    for width in widths:
        if filled:
            s.rect(x, y, x + width, y + tall, st.panel, st.panel_opacity, PANEL, round_=st.round * u)
        if framed:
            s.rect(x, y, x + width, y + tall, st.accent, st.opacity, PANEL, border=st.line, round_=st.round * u)
        colour = any_colour(rng)
        if rng.random() < 0.7:
            icon(s, st, x + u * 1.1, y + tall / 2, u * rng.uniform(0.8, 1.3), colour)
        if rng.random() < 0.85:
            st.text(
                s, x + width - u * 0.4, y + tall * 0.25, words.number(rng), tall / u * 0.5, anchor="r", colour=colour
            )
        if rng.random() < 0.35:
            gauge(s, st, x + 2, y + tall * 0.8, width - 4, tall * 0.15, colour)
        x += width + gap


def hearts(s: Sketch, st: Style) -> None:
    """Draw a row of equal signs, the last ones empty: lives, charges, stars."""
    rng, u = st.rng, st.unit
    n, size = int(rng.integers(3, 11)), u * rng.uniform(0.9, 1.8)
    x = st.margin if rng.random() < 0.7 else s.width - st.margin - n * size * 1.15
    y = st.margin if rng.random() < 0.6 else s.height - st.margin - size
    colour, full, kind = any_colour(rng), int(rng.integers(1, n + 1)), int(rng.integers(4))
    for i in range(n):
        cx, cy, r = x + (i + 0.5) * size * 1.15, y + size / 2, size * 0.45
        paint = colour if i < full else st.panel
        if kind == 0:
            s.circle(cx - r * 0.45, cy - r * 0.3, r * 0.55, paint, st.opacity)
            s.circle(cx + r * 0.45, cy - r * 0.3, r * 0.55, paint, st.opacity)
            s.shape([(cx - r, cy - r * 0.1), (cx + r, cy - r * 0.1), (cx, cy + r)], paint, st.opacity)
        elif kind == 1:
            s.circle(cx, cy, r, paint, st.opacity, edge=0.6)
        elif kind == 2:
            s.shape([(cx, cy - r), (cx + r, cy), (cx, cy + r), (cx - r, cy)], paint, st.opacity, edge=0.6)
        else:
            s.rect(cx - r * 0.5, cy - r, cx + r * 0.5, cy + r, paint, st.opacity, ICON)


def arc(s: Sketch, st: Style) -> None:
    """Draw gauges bent around a point: beside the crosshair, or in a corner with a number inside."""
    rng, u = st.rng, st.unit
    colour, width = any_colour(rng), max(2.0, u * rng.uniform(0.15, 0.4))
    if rng.random() < 0.5:
        r = s.height * rng.uniform(0.06, 0.2)
        for start in (145.0, -35.0)[: int(rng.integers(1, 3))]:
            s.circle(s.width / 2, s.height / 2, r, st.panel, 0.5, BAR, width=width, start=start, sweep=70)
            s.circle(
                s.width / 2,
                s.height / 2,
                r,
                colour,
                st.opacity,
                BAR,
                width=width,
                start=start,
                sweep=rng.uniform(15, 70),
            )
        return
    r = s.height * rng.uniform(0.04, 0.09)
    x = st.margin + r if rng.random() < 0.6 else s.width - st.margin - r
    y = s.height - st.margin - r if rng.random() < 0.7 else st.margin + r
    s.circle(x, y, r, st.panel, st.panel_opacity, BAR)
    s.circle(x, y, r, colour, st.opacity, BAR, width=width * 1.5, start=-90, sweep=rng.uniform(60, 359))
    if rng.random() < 0.6:
        st.text(s, x, y - u * 0.5, words.number(rng), 1.0, anchor="c")
    else:
        icon(s, st, x, y, r)


def great_bar(s: Sketch, st: Style) -> None:
    """Draw the wide bar of a great enemy or of progress, with its name."""
    rng, u = st.rng, st.unit
    width, tall = s.width * rng.uniform(0.3, 0.65), u * rng.uniform(0.3, 0.9)
    x, y = (s.width - width) / 2, s.height * float(rng.choice([rng.uniform(0.04, 0.12), rng.uniform(0.84, 0.92)]))
    gauge(s, st, x, y, width, tall)
    if rng.random() < 0.8:
        st.text(s, x if rng.random() < 0.5 else s.width / 2 - u * 3, y - u * 1.4, words.words(rng, 1, 3), 0.9)


def cooldowns(s: Sketch, st: Style) -> None:
    """Draw skills as discs, partly dark, with their seconds and keys."""
    rng, u = st.rng, st.unit
    n, r = int(rng.integers(2, 6)), s.height * rng.uniform(0.025, 0.05)
    x = s.width / 2 - n * r * 1.2 if rng.random() < 0.5 else s.width - st.margin - n * r * 2.4
    y = s.height - st.margin - r * 1.6
    square = rng.random() < 0.4
    for i in range(n):
        cx = x + r + i * r * 2.4
        paint = any_colour(rng, bright=False)
        if square:
            s.rect(cx - r, y - r, cx + r, y + r, paint, 0.9, ICON, round_=r * 0.2)
            s.rect(cx - r, y - r, cx + r, y - r + 2 * r * rng.uniform(0, 1), (0, 0, 0), 0.55, ICON)
        else:
            s.circle(cx, y, r, paint, 0.9)
            s.circle(cx, y, r, st.main, st.opacity, ICON, width=st.line)
        icon(s, st, cx, y, r)
        if rng.random() < 0.4:
            st.text(s, cx, y - u * 0.4, str(int(rng.integers(1, 60))), 0.9, anchor="c", label=ICON)
        if rng.random() < 0.4:
            st.text(s, cx, y + r + 2, str(rng.choice(list("QERFCXZ1234"))), 0.55, anchor="c")


def compass_disc(s: Sketch, st: Style) -> None:
    """Draw a round compass with ticks and letters, and small signs beside it."""
    rng, u = st.rng, st.unit
    r = s.height * rng.uniform(0.06, 0.11)
    x = st.margin + r if rng.random() < 0.7 else s.width - st.margin - r
    y = s.height - st.margin - r if rng.random() < 0.7 else st.margin + r
    s.circle(x, y, r, st.panel, st.panel_opacity * 0.7, MAP)
    s.circle(x, y, r, st.main, st.opacity, MAP, width=st.line * 1.5)
    turn = rng.uniform(0, 6.28)
    for i in range(16):
        a = turn + i * np.pi / 8
        inner = 0.8 if i % 4 else 0.65
        s.shape(
            [(x + r * np.cos(a), y + r * np.sin(a)), (x + r * inner * np.cos(a), y + r * inner * np.sin(a))],
            st.main, st.opacity, MAP, width=st.line, closed=False,
        )  # fmt: skip
        if i % 4 == 0 and rng.random() < 0.8:
            st.text(
                s,
                x + r * 0.45 * np.cos(a),
                y + r * 0.45 * np.sin(a) - u * 0.3,
                "NESW"[i // 4],
                0.6,
                anchor="c",
                label=MAP,
            )
    if rng.random() < 0.5:
        icon(s, st, x + r * 1.35, y + r * 0.6, u * 1.3)


def plates(s: Sketch, st: Style) -> None:
    """Draw names with bars over figures of the scene, and rising damage numbers."""
    rng, u = st.rng, st.unit
    for _ in range(int(rng.integers(1, 5))):
        x, y = s.width * rng.uniform(0.15, 0.85), s.height * rng.uniform(0.15, 0.6)
        colour = any_colour(rng)
        box = st.text(s, x, y, words.words(rng, 1, 2), rng.uniform(0.5, 0.8), anchor="c", colour=colour)
        if rng.random() < 0.7:
            gauge(s, st, x - u * 2, box[3] + 2, u * 4, max(2.0, u * 0.25), colour)
        for _ in range(int(rng.poisson(0.6))):
            st.text(
                s, x + u * rng.uniform(-3, 3), y + u * rng.uniform(1, 4), words.number(rng, 4), rng.uniform(0.7, 1.3),
                anchor="c", colour=any_colour(rng),
            )  # fmt: skip


def hurt(s: Sketch, st: Style) -> None:
    """Tint the picture's borders, and perhaps show where a blow came from."""
    rng = st.rng
    y = np.linspace(-1, 1, s.height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, s.width, dtype=np.float32)[None]
    mask = np.clip((x * x + y * y) * rng.uniform(0.4, 0.8) - rng.uniform(0, 0.3), 0, 1)
    s.blend(mask, 0, 0, (170, 10, 10) if rng.random() < 0.6 else (0, 0, 0), float(rng.uniform(0.3, 0.9)), None)
    if rng.random() < 0.5:
        s.circle(
            s.width / 2, s.height / 2, s.height * rng.uniform(0.15, 0.25), (230, 40, 40), st.opacity, LINE,
            width=st.line * 3, start=rng.uniform(0, 360), sweep=rng.uniform(25, 60),
        )  # fmt: skip


def console(s: Sketch, st: Style) -> None:
    """Draw rows of a chat or console: coloured names, small print, an entry line."""
    rng, u = st.rng, st.unit * 0.75
    rows = int(rng.integers(2, 9))
    y = s.height * rng.uniform(0.5, 0.85) - rows * u * 1.4 if rng.random() < 0.7 else st.margin
    if rng.random() < 0.3:
        s.rect(
            0, y - u * 0.5, s.width * rng.uniform(0.3, 1), y + rows * u * 1.4, st.panel, st.panel_opacity * 0.7, PANEL
        )
    for _ in range(rows):
        name = words.word(rng) + (words.number(rng, 2) if rng.random() < 0.3 else "") + ":"
        box = st.text(s, st.margin, y, name, 0.75, colour=any_colour(rng))
        st.text(s, box[2] + u * 0.5, y, words.words(rng, 1, 7), 0.75)
        y += u * 1.4


MORE = (status_bar, hearts, arc, great_bar, cooldowns, compass_disc, plates, hurt, console)
CHANCES = (0.13, 0.07, 0.08, 0.06, 0.08, 0.07, 0.08, 0.04, 0.1)
