"""The parts that games' displays are made of; cameras and stations borrow a few of them."""

from __future__ import annotations

import numpy as np

from training.drawing import style as words
from training.drawing.sketch import BAR, ICON, LINE, MAP, PANEL, Colour, Sketch
from training.drawing.style import Style, any_colour


def icon(s: Sketch, st: Style, x: float, y: float, size: float, colour: Colour | None = None) -> None:
    """Draw a random flat pictogram centred at (x, y)."""
    rng, colour = st.rng, colour or (st.main if st.rng.random() < 0.7 else st.accent)
    kind, r, opacity = int(rng.integers(9)), size / 2, st.opacity
    edge = 0.6 if rng.random() < 0.4 else 0.0
    if kind == 0:  # cross
        t = r * rng.uniform(0.25, 0.45)
        s.shape(
            [
                (x - t, y - r),
                (x + t, y - r),
                (x + t, y - t),
                (x + r, y - t),
                (x + r, y + t),
                (x + t, y + t),
                (x + t, y + r),
                (x - t, y + r),
                (x - t, y + t),
                (x - r, y + t),
                (x - r, y - t),
                (x - t, y - t),
            ],
            colour,
            opacity,
            edge=edge,
        )
    elif kind == 1:
        s.circle(x, y, r, colour, opacity, edge=edge)
        s.circle(x, y, r * 0.55, st.panel, opacity)
    elif kind == 2:  # shield
        s.shape([(x - r, y - r), (x + r, y - r), (x + r, y), (x, y + r), (x - r, y)], colour, opacity, edge=edge)
    elif kind == 3:  # weapon: a long body with blocks
        long = r * rng.uniform(1.6, 2.6)
        s.rect(x - long, y - r * 0.25, x + long, y + r * 0.1, colour, opacity, ICON)
        s.rect(x - long, y - r * 0.25, x - long * 0.55, y + r * 0.5, colour, opacity, ICON)
        s.shape([(x - r * 0.2, y), (x + r * 0.3, y), (x + r * 0.1, y + r), (x - r * 0.35, y + r)], colour, opacity)
    elif kind == 4:  # star or burst
        n = int(rng.integers(4, 9))
        angles = np.arange(2 * n) * np.pi / n + rng.uniform(0, 1)
        radii = np.where(np.arange(2 * n) % 2, r * 0.45, r)
        s.shape(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1), colour, opacity, edge=edge)
    elif kind == 5:  # figure
        s.circle(x, y - r * 0.55, r * 0.35, colour, opacity)
        s.shape(
            [(x - r * 0.6, y + r), (x - r * 0.4, y - r * 0.1), (x + r * 0.4, y - r * 0.1), (x + r * 0.6, y + r)],
            colour,
            opacity,
        )
    elif kind == 6:  # pointer
        s.shape([(x, y - r), (x + r * 0.8, y + r), (x, y + r * 0.5), (x - r * 0.8, y + r)], colour, opacity, edge=edge)
    elif kind == 7:  # rounds
        for i in range(3):
            left = x - r + i * r * 0.7
            s.rect(left, y - r, left + r * 0.4, y + r, colour, opacity, ICON, round_=r * 0.2)
    else:
        points = rng.uniform(-r, r, (int(rng.integers(5, 10)), 2))
        order = np.argsort(np.arctan2(points[:, 1], points[:, 0]))
        s.shape(points[order] + (x, y), colour, opacity, edge=edge)


def crosshair(s: Sketch, st: Style, x: float, y: float) -> None:
    rng, colour = st.rng, st.main if st.rng.random() < 0.5 else any_colour(st.rng)
    size = s.height * rng.uniform(0.012, 0.05)
    gap = size * rng.uniform(0.1, 0.6)
    width = max(1.0, s.height * rng.uniform(0.0015, 0.005))
    edge = 0.7 if rng.random() < 0.4 else 0.0
    kind = int(rng.integers(6))
    if kind in (0, 1, 2):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))[: 3 if kind == 1 else 4]:
            s.shape(
                [(x + dx * gap, y + dy * gap), (x + dx * size, y + dy * size)],
                colour,
                st.opacity,
                LINE,
                width=width,
                closed=False,
                edge=edge,
            )
    if kind in (2, 3):
        s.circle(x, y, max(1.5, width), colour, st.opacity, LINE, edge=edge)
    if kind in (3, 4):
        s.circle(x, y, size, colour, st.opacity, LINE, width=width)
    if kind == 5:
        s.shape(
            [(x - size, y + size), (x, y), (x + size, y + size)], colour, st.opacity, LINE, width=width, closed=False
        )


def gauge(s: Sketch, st: Style, x: float, y: float, width: float, height: float, colour: Colour | None = None) -> None:
    """Draw a bar that is partly full; segmented, framed or slanted at random."""
    rng, colour = st.rng, colour or (st.accent if st.rng.random() < 0.6 else any_colour(st.rng))
    full = rng.uniform(0.15, 1)
    s.rect(x, y, x + width, y + height, st.panel, max(0.35, st.panel_opacity * 0.8), BAR)
    if rng.random() < 0.35:
        n = int(rng.integers(4, 12))
        for i in range(n):
            if i / n < full:
                s.rect(x + width * i / n, y, x + width * (i + 0.8) / n, y + height, colour, st.opacity, BAR)
    elif width >= height:
        s.rect(x, y, x + width * full, y + height, colour, st.opacity, BAR)
    else:
        s.rect(x, y + height * (1 - full), x + width, y + height, colour, st.opacity, BAR)
    if rng.random() < 0.4:
        s.rect(x, y, x + width, y + height, st.main, st.opacity, BAR, border=st.line)


def minimap(s: Sketch, st: Style, x: float, y: float, size: float, *, disc: bool) -> None:
    """Draw a map with its roads, walls, blips and view cone; (x, y) is its top left corner."""
    rng = st.rng
    patch = np.empty((round(size), round(size), 3), np.float32)
    base = np.asarray(any_colour(rng, bright=False) if rng.random() < 0.7 else any_colour(rng), np.float32)
    patch[:] = base
    inner = Sketch(patch)
    for _ in range(int(rng.integers(3, 14))):
        points = rng.uniform(0, size, 2) + rng.uniform(-size / 3, size / 3, (int(rng.integers(3, 7)), 2))
        shade = np.clip(base * rng.uniform(0.4, 2.2) + rng.uniform(0, 50), 0, 255)
        if rng.random() < 0.5:
            inner.shape(points, shade, 1, None)
        else:
            inner.shape(points, shade, 1, None, width=rng.uniform(1, size / 12), closed=False)
    mask = np.zeros(patch.shape[:2], np.float32)
    cover = Sketch(np.zeros_like(patch))
    if disc:
        cover.circle(size / 2, size / 2, size / 2 - 1, (1, 1, 1), 1, None)
    else:
        cover.pixels[:] = 1
    mask = cover.pixels[..., 0]
    s.blend(mask, x, y, inner.pixels, float(rng.uniform(0.45, 1)), MAP)
    for _ in range(int(rng.integers(1, 9))):
        a, d = rng.uniform(0, 6.28), size * 0.45 * rng.random()
        bx, by = x + size / 2 + d * np.cos(a), y + size / 2 + d * np.sin(a)
        blip = any_colour(rng)
        if rng.random() < 0.5:
            s.circle(bx, by, size * rng.uniform(0.015, 0.04), blip, 1, MAP)
        else:
            r = size * rng.uniform(0.02, 0.05)
            s.shape([(bx, by - r), (bx + r, by + r), (bx - r, by + r)], blip, 1, MAP)
    if rng.random() < 0.5:
        a = rng.uniform(0, 6.28)
        c = (x + size / 2, y + size / 2)
        cone = [c, *((c[0] + size * 0.4 * np.cos(a + k), c[1] + size * 0.4 * np.sin(a + k)) for k in (-0.5, 0, 0.5))]
        s.shape(cone, st.main, 0.3, MAP)
    if rng.random() < 0.35:
        for k in (0.25, 0.5, 0.75):
            s.circle(x + size / 2, y + size / 2, size * k / 2, st.main, 0.35, MAP, width=1)
    if rng.random() < 0.7:
        frame, width = any_colour(rng), max(1.0, size * rng.uniform(0.01, 0.04))
        if disc:
            s.circle(x + size / 2, y + size / 2, size / 2 - 1, frame, st.opacity, MAP, width=width)
        else:
            s.rect(x, y, x + size, y + size, frame, st.opacity, MAP, border=width)
    if rng.random() < 0.3:
        st.text(s, x + size / 2, y + size + st.unit * 0.3, words.words(rng, 1, 2), 0.7, anchor="c")


def compass_strip(s: Sketch, st: Style) -> None:
    rng = st.rng
    width, y = s.width * rng.uniform(0.2, 0.5), st.margin
    left = (s.width - width) / 2
    if rng.random() < 0.4:
        s.rect(left, y, left + width, y + st.unit * 1.6, st.panel, st.panel_opacity * 0.7, PANEL)
    names = ["N", "15", "30", "NE", "60", "75", "E", "105", "120", "SE", "150", "S", "210", "W", "300", "NW"]
    first, count = int(rng.integers(len(names))), int(rng.integers(5, 11))
    for i in range(count * 3):
        x = left + width * (i + 0.5) / (count * 3)
        tall = st.unit * (0.7 if i % 3 == 1 else 0.35)
        s.shape([(x, y), (x, y + tall)], st.main, st.opacity, LINE, width=st.line, closed=False)
        if i % 3 == 1:
            st.text(s, x, y + st.unit * 0.9, names[(first + i // 3) % len(names)], 0.65, anchor="c")
    s.shape([(s.width / 2, y - 2), (s.width / 2 - 4, y - 8), (s.width / 2 + 4, y - 8)], st.accent, st.opacity)


def corner_block(s: Sketch, st: Style, right: bool, bottom: bool) -> None:
    """Draw what stands in a corner: health or ammunition with bar, icon and large and small numbers."""
    rng, u = st.rng, st.unit
    width = u * rng.uniform(4, 9)
    x0 = s.width - st.margin - width if right else st.margin
    y = s.height - st.margin - u * rng.uniform(1.6, 3) if bottom else st.margin
    if rng.random() < 0.4:
        s.rect(
            x0 - u * 0.3,
            y - u * 0.4,
            x0 + width + u * 0.3,
            y + u * 2.4,
            st.panel,
            st.panel_opacity,
            PANEL,
            round_=st.round * u,
            fade=str(rng.choice(["", "", "right", "left"])),
        )
        if rng.random() < 0.3:
            s.rect(
                x0 - u * 0.3,
                y - u * 0.4,
                x0 + width + u * 0.3,
                y + u * 2.4,
                st.accent,
                st.opacity,
                PANEL,
                border=st.line,
            )
    parts = rng.random(5) < (0.6, 0.75, 0.5, 0.4, 0.25)
    x = x0
    if parts[0]:
        icon(s, st, x + u * 0.7, y + u * 0.7, u * rng.uniform(0.9, 1.5))
        x += u * 1.9
    if parts[1]:
        box = st.text(
            s, x, y, words.number(rng), rng.uniform(1.1, 2.2), colour=st.accent if rng.random() < 0.3 else st.main
        )
        x = box[2] + u * 0.4
        if rng.random() < 0.6:
            joint = str(rng.choice(["/", "|", "/ ", "", "| "]))
            st.text(s, x, y + u * 0.5, joint + words.number(rng), rng.uniform(0.7, 1.0))
    if parts[2] or not parts[:2].any():
        gauge(s, st, x0, y + u * 1.7, width, u * rng.uniform(0.2, 0.6))
        if rng.random() < 0.4:
            gauge(s, st, x0, y + u * 2.4, width * rng.uniform(0.5, 1), u * rng.uniform(0.15, 0.4))
    if parts[3]:
        for i in range(int(rng.integers(2, 6))):
            icon(s, st, x0 + (i + 0.5) * u * 1.5, y - u * 1.0, u)
    if parts[4]:
        st.text(s, x0, y - u * rng.uniform(1.2, 2.2), words.words(rng, 1, 2), 0.8)


def kill_feed(s: Sketch, st: Style) -> None:
    rng, u = st.rng, st.unit * 0.8
    y, left = st.margin + u * rng.uniform(0, 5), rng.random() < 0.25
    for _ in range(int(rng.integers(1, 7))):
        x = st.margin if left else s.width - st.margin - u * rng.uniform(9, 14)
        boxed = rng.random() < 0.4
        if boxed:
            s.rect(x - u * 0.3, y - u * 0.3, x + u * 12, y + u * 1.1, st.panel, st.panel_opacity * 0.7, PANEL)
        box = st.text(s, x, y, words.word(rng), 0.75, colour=any_colour(rng))
        icon(s, st, box[2] + u * 1.4, y + u * 0.4, u * 0.9, st.main)
        st.text(s, box[2] + u * 2.8, y, words.word(rng), 0.75, colour=any_colour(rng))
        y += u * 1.6


def text_block(s: Sketch, st: Style, x: float, y: float, rows: int, *, anchor: str = "l", size: float = 0.8) -> None:
    """Write several lines one under the other: chat, objectives, statistics, server messages."""
    rng = st.rng
    coloured = rng.random() < 0.5
    if rng.random() < 0.25 and anchor == "l":
        s.rect(
            x - 4, y - 4, x + st.unit * 13, y + rows * st.unit * size * 1.45, st.panel, st.panel_opacity * 0.7, PANEL
        )
    for _ in range(rows):
        kind = rng.random()
        if kind < 0.3:
            text = f"{words.word(rng)}: {words.words(rng, 1, 4)}"
        elif kind < 0.5:
            text = f"{words.word(rng)} {words.number(rng)}"
        elif kind < 0.6:
            text = f"+{words.number(rng)} {words.word(rng)}"
        else:
            text = words.words(rng, 1, 4)
        colour = any_colour(rng) if coloured and rng.random() < 0.6 else st.main
        st.text(s, x, y, text, size, anchor=anchor, colour=colour)
        y += st.unit * size * rng.uniform(1.3, 1.6)


def score_panel(s: Sketch, st: Style) -> None:
    """Draw what stands at the top centre: timer, two scores, rows of players."""
    rng, u, c = st.rng, st.unit, s.width / 2
    y, w = st.margin * rng.uniform(0, 1), st.unit * rng.uniform(1.6, 3.5)
    if rng.random() < 0.6:
        for side, colour in ((-1, st.accent), (1, any_colour(rng))):
            x0 = c + (w if side > 0 else -2.4 * w)
            s.rect(x0, y, x0 + 1.4 * w, y + u * 1.6, colour, st.panel_opacity, PANEL, round_=st.round * u)
            st.text(s, x0 + 0.7 * w, y + u * 0.3, words.number(rng, 2), 1.0, anchor="c")
    if rng.random() < 0.5:
        s.rect(c - w, y, c + w, y + u * 1.6, st.panel, st.panel_opacity, PANEL)
    st.text(s, c, y + u * 0.3, words.clock(rng, seconds=False)[:5], rng.uniform(0.8, 1.4), anchor="c")
    if rng.random() < 0.35:
        n = int(rng.integers(3, 7))
        for side in (-1, 1):
            for i in range(n):
                x = c + side * (2.6 * w + (i + 0.5) * u * 2)
                s.rect(x - u * 0.9, y, x + u * 0.9, y + u * 1.8, any_colour(rng), st.opacity, ICON)
                icon(s, st, x, y + u * 0.9, u * 1.1)
