"""What games lay over their picture: larger parts, and layouts that put them where games put them."""

from __future__ import annotations

import numpy as np

from training.drawing import style as words
from training.drawing.gauges import CHANCES, MORE
from training.drawing.parts import (
    compass_strip,
    corner_block,
    crosshair,
    gauge,
    icon,
    kill_feed,
    minimap,
    score_panel,
    text_block,
)
from training.drawing.sketch import BAR, ICON, LINE, PANEL, Colour, Sketch
from training.drawing.style import Rng, Style, any_colour, any_font, any_style


def slots(s: Sketch, st: Style, *, vertical: bool = False) -> None:
    """Draw a row of squares with pictograms: belt, skills, inventory."""
    rng = st.rng
    n, size = int(rng.integers(3, 11)), s.height * rng.uniform(0.035, 0.08)
    gap = size * rng.uniform(0.05, 0.3)
    span = n * (size + gap)
    if vertical:
        x, y = (s.width - st.margin - size if rng.random() < 0.6 else st.margin), (s.height - span) / 2
    else:
        x, y = (s.width - span) * float(rng.choice([0.5, 0.5, 0.05, 0.95])), s.height - st.margin - size
    chosen = int(rng.integers(n))
    for i in range(n):
        s.rect(x, y, x + size, y + size, st.panel, st.panel_opacity, ICON, round_=st.round * size * 0.5)
        frame = st.accent if i == chosen else st.main
        s.rect(x, y, x + size, y + size, frame, st.opacity * 0.8, ICON, border=st.line, round_=st.round * size * 0.5)
        if rng.random() < 0.8:
            icon(s, st, x + size / 2, y + size / 2, size * 0.55, any_colour(rng))
        if rng.random() < 0.5:
            st.text(s, x + size * 0.95, y + size * 0.7, words.number(rng, 2), 0.5, anchor="r")
        if vertical:
            y += size + gap
        else:
            x += size + gap


def prompt(s: Sketch, st: Style) -> None:
    """Draw a key cap or pad button with what it does."""
    rng, u = st.rng, st.unit
    x, y = s.width * rng.uniform(0.35, 0.6), s.height * rng.uniform(0.55, 0.88)
    key = str(rng.choice(["E", "F", "R", "X", "A", "B", "Y", "Q", "TAB", "SPACE", "ESC", "LMB", "G"]))
    width = u * (1.5 if len(key) == 1 else 2.8)
    fill = st.main if rng.random() < 0.5 else st.panel
    inverse: Colour = (20, 20, 20) if sum(fill) > 380 else (245, 245, 245)
    if rng.random() < 0.5:
        s.rect(x, y - u * 0.3, x + width, y + u * 1.1, fill, 0.9, ICON, round_=u * 0.25)
    else:
        s.circle(x + width / 2, y + u * 0.4, u * 0.85, fill, 0.9, ICON)
    st.text(s, x + width / 2, y, key, 0.75, anchor="c", colour=inverse, edge="none", label=ICON)
    st.text(s, x + width + u * 0.5, y, words.words(rng, 1, 3), 0.85)


def marker(s: Sketch, st: Style) -> None:
    """Draw a sign that floats in the world: pictogram, name, distance, small bar."""
    rng, u = st.rng, st.unit
    x, y = s.width * rng.uniform(0.15, 0.85), s.height * rng.uniform(0.2, 0.7)
    colour = any_colour(rng)
    if rng.random() < 0.7:
        r = u * rng.uniform(0.4, 0.9)
        if rng.random() < 0.5:
            s.shape(
                [(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
                colour,
                st.opacity,
                ICON,
                width=0 if rng.random() < 0.5 else st.line * 1.5,
            )
        else:
            icon(s, st, x, y, 2 * r, colour)
        y += r + u * 0.2
    if rng.random() < 0.6:
        st.text(s, x, y, words.word(rng), rng.uniform(0.5, 0.8), anchor="c", colour=colour)
        y += u
    if rng.random() < 0.4:
        gauge(s, st, x - u * 1.5, y, u * 3, u * 0.25, colour)
        y += u * 0.5
    if rng.random() < 0.5:
        st.text(s, x, y, f"{words.number(rng)}{rng.choice([' m', 'm', 'M', ' km'])}", 0.6, anchor="c")


def buttons(s: Sketch, st: Style) -> None:
    """Draw the round buttons and the stick of a telephone game."""
    rng, h = st.rng, s.height
    x, y, r = s.width - h * rng.uniform(0.12, 0.2), h * rng.uniform(0.72, 0.85), h * rng.uniform(0.06, 0.1)
    fill = any_colour(rng) if rng.random() < 0.5 else (255.0, 255.0, 255.0)
    for i in range(int(rng.integers(2, 7))):
        a = np.pi * (0.95 + 0.16 * i)
        bx, by, br = (x, y, r) if i == 0 else (x + h * 0.21 * np.cos(a), y + h * 0.21 * np.sin(a), r * 0.65)
        s.circle(bx, by, br, fill, rng.uniform(0.15, 0.6), ICON)
        s.circle(bx, by, br, st.main, st.opacity * 0.8, ICON, width=st.line)
        if rng.random() < 0.75:
            icon(s, st, bx, by, br)
        else:
            st.text(s, bx, by - st.unit * 0.4, words.word(rng, 1, 2).upper(), 0.7, anchor="c", label=ICON)
    if rng.random() < 0.75:
        jx, jy, jr = h * rng.uniform(0.17, 0.27), h * rng.uniform(0.68, 0.8), h * rng.uniform(0.09, 0.15)
        s.circle(jx, jy, jr, fill, rng.uniform(0.1, 0.35), ICON)
        s.circle(jx, jy, jr, st.main, 0.6, ICON, width=st.line * 1.5)
        s.circle(jx + jr * rng.uniform(-0.4, 0.4), jy + jr * rng.uniform(-0.4, 0.4), jr * 0.4, st.main, 0.6, ICON)


def dial(s: Sketch, st: Style) -> None:
    """Draw a speedometer with its number and unit."""
    rng, u = st.rng, st.unit
    r = s.height * rng.uniform(0.07, 0.14)
    x = s.width - st.margin - r if rng.random() < 0.7 else st.margin + r
    y = s.height - st.margin - r
    s.circle(x, y, r, st.panel, st.panel_opacity * 0.6, BAR)
    s.circle(x, y, r, st.main, st.opacity, BAR, width=st.line * 2, start=135, sweep=270)
    s.circle(x, y, r * 0.9, st.accent, st.opacity, BAR, width=r * 0.1, start=135, sweep=rng.uniform(40, 270))
    st.text(s, x, y - u * 0.7, words.number(rng), 1.6, anchor="c")
    st.text(s, x, y + u, str(rng.choice(["km/h", "MPH", "KPH"])), 0.6, anchor="c")
    if rng.random() < 0.7:
        st.text(s, st.margin, st.margin, f"{int(rng.integers(1, 9))}/{int(rng.integers(8, 13))}", 2.2)
        st.text(s, st.margin, st.margin + u * 2.4, f"0:{int(rng.integers(10, 60))}.{int(rng.integers(100, 999))}", 0.9)


def table(s: Sketch, st: Style) -> None:
    """Draw a score table: rows of names and numbers over a panel."""
    rng, u = st.rng, st.unit
    rows, columns = int(rng.integers(4, 13)), int(rng.integers(2, 7))
    width, pitch = s.width * rng.uniform(0.4, 0.8), u * rng.uniform(1.5, 2)
    x, y = (s.width - width) / 2, s.height * rng.uniform(0.08, 0.25)
    s.rect(x, y, x + width, y + (rows + 1) * pitch, st.panel, max(0.4, st.panel_opacity), PANEL)
    for row in range(rows + 1):
        if row % 2 and rng.random() < 0.8:
            s.rect(x, y + row * pitch, x + width, y + (row + 1) * pitch, any_colour(rng), 0.3, PANEL)
        st.text(
            s, x + u, y + row * pitch + u * 0.3, words.word(rng), 0.8, edge="none", colour=st.main if row else st.accent
        )
        for column in range(columns):
            at = x + width * (0.35 + 0.6 * column / columns)
            st.text(
                s, at, y + row * pitch + u * 0.3, words.number(rng) if row else words.word(rng, 1, 2), 0.8, edge="none"
            )


def menu(s: Sketch, st: Style) -> None:
    """Draw a title, a list of entries, a chosen one, key prompts below."""
    rng, u = st.rng, st.unit
    x, y = s.width * rng.uniform(0.04, 0.2), s.height * rng.uniform(0.15, 0.4)
    if rng.random() < 0.6:
        st.text(
            s, s.width * rng.uniform(0.1, 0.4), s.height * 0.06, words.words(rng, 1, 2).upper(), rng.uniform(2, 4.5)
        )
    if rng.random() < 0.5:
        s.rect(x - u, y - u, x + u * 11, y + u * 14, st.panel, st.panel_opacity * 0.7, PANEL)
    rows = int(rng.integers(3, 8))
    chosen = int(rng.integers(rows))
    for row in range(rows):
        if row == chosen and rng.random() < 0.6:
            s.rect(x - u * 0.5, y - u * 0.3, x + u * 9, y + u * 1.5, st.accent, 0.7, PANEL)
        st.text(s, x, y, words.words(rng, 1, 2), 1.3, colour=st.accent if row == chosen else st.main)
        y += u * rng.uniform(1.9, 2.2)
    if rng.random() < 0.6:
        for i in range(int(rng.integers(1, 5))):
            left = s.width * rng.uniform(0.5, 0.7)
            top = s.height * (0.2 + 0.15 * i)
            s.rect(left, top, left + s.width * 0.2, top + s.height * 0.13, any_colour(rng, bright=False), 0.8, PANEL)
            st.text(s, left + u * 0.4, top + u * 0.4, words.words(rng, 1, 3), 0.7, edge="none")


def strategy(s: Sketch, st: Style) -> None:
    """Draw a strategy game's side or bottom panel, resources, unit bars and selection boxes."""
    rng, u = st.rng, st.unit
    size = s.height * rng.uniform(0.2, 0.3)
    if rng.random() < 0.5:
        left = s.width - size
        s.rect(left, 0, s.width, s.height, st.panel, max(0.6, st.panel_opacity), PANEL)
        minimap(s, st, left + 4, u * 2, size - 8, disc=False)
        cell = size / 3
        for i in range(int(rng.integers(6, 15))):
            cx, cy = left + cell * (i % 3 + 0.5), u * 3 + size + cell * (i // 3 + 0.5)
            s.rect(
                cx - cell * 0.45,
                cy - cell * 0.45,
                cx + cell * 0.45,
                cy + cell * 0.45,
                any_colour(rng, bright=False),
                1,
                ICON,
            )
            icon(s, st, cx, cy, cell * 0.5, any_colour(rng))
        st.text(s, left + size / 2, u * 0.5, f"${words.number(rng, 5)}", 0.9, anchor="c")
    else:
        s.rect(0, s.height - size, s.width, s.height, st.panel, max(0.5, st.panel_opacity), PANEL)
        minimap(s, st, 6, s.height - size + 6, size - 12, disc=False)
        for i in range(int(rng.integers(4, 13))):
            cx = s.width - size * 1.2 + (i % 4) * size * 0.28
            cy = s.height - size * 0.8 + (i // 4) * size * 0.28
            s.rect(cx, cy, cx + size * 0.25, cy + size * 0.25, any_colour(rng, bright=False), 1, ICON)
        x = s.width * rng.uniform(0.3, 0.6)
        for _ in range(int(rng.integers(2, 5))):
            icon(s, st, x, u, u * 0.9, any_colour(rng))
            x = st.text(s, x + u, u * 0.6, words.number(rng, 5), 0.8)[2] + u * 2
    for _ in range(int(rng.integers(2, 12))):
        x, y, w = (
            s.width * rng.uniform(0.05, 0.75),
            s.height * rng.uniform(0.1, 0.7),
            s.height * rng.uniform(0.03, 0.06),
        )
        gauge(s, st, x, y, w, w * 0.12, (60, 230, 60))
        if rng.random() < 0.4:
            s.rect(x, y, x + w, y + w, st.main, 1, LINE, border=st.line)


def flight(s: Sketch, st: Style) -> None:
    """Draw a flight game's read-outs: labelled columns of numbers, target boxes, flight-path sign."""
    rng, u = st.rng, st.unit
    y = s.height * rng.uniform(0.05, 0.5)
    x = st.margin if rng.random() < 0.6 else s.width * 0.75
    for _ in range(int(rng.integers(4, 12))):
        label = str(
            rng.choice(["SPD", "ALT", "IAS", "THR", "FUEL", "MACH", "GUN", "AAM", "FLR", "RKT", "ENG", "CLIMB", "RPM"])
        )
        unit = str(rng.choice([" km/h", " m", "", " %", " kgf", ""]))
        st.text(s, x, y, f"{label} {words.number(rng, 4)}{unit}", 0.8)
        y += u * 1.3
    for _ in range(int(rng.integers(1, 6))):
        cx, cy, r = s.width * rng.uniform(0.2, 0.8), s.height * rng.uniform(0.15, 0.8), u * rng.uniform(0.4, 1.2)
        colour = any_colour(rng)
        s.rect(cx - r, cy - r, cx + r, cy + r, colour, st.opacity, LINE, border=st.line)
        if rng.random() < 0.6:
            st.text(
                s, cx, cy + r + 3, f"{words.word(rng)} {rng.uniform(0.3, 20):.1f}km", 0.6, anchor="c", colour=colour
            )
    if rng.random() < 0.6:
        s.circle(s.width / 2, s.height / 2, u * 0.6, st.main, st.opacity, LINE, width=st.line)


def small_print(s: Sketch, st: Style) -> None:
    """Write what builds and recorders print: frame rate, build, disclaimer, ping."""
    rng = st.rng
    text = str(
        rng.choice(
            [
                f"{words.number(rng)} fps",
                f"FPS: {words.number(rng)}",
                f"{words.word(rng)} v{rng.integers(0, 9)}.{rng.integers(99)} BETA",
                f"PING {words.number(rng)} ms",
                f"build {rng.integers(1000, 99999)}",
                f"{words.words(rng, 3, 6)}. {words.words(rng, 3, 6)}.",
                f"{words.number(rng)}fps({words.number(rng)}-{words.number(rng)})",
            ]
        )
    )
    right, bottom = rng.random() < 0.6, rng.random() < 0.5
    st.text(
        s,
        s.width - st.margin * 0.5 if right else st.margin * 0.5,
        s.height - st.margin * 0.5 - st.unit if bottom else st.margin * 0.4,
        text,
        rng.uniform(0.45, 0.9),
        anchor="r" if right else "l",
        colour=any_colour(rng),
        opacity=rng.uniform(0.4, 1),
    )


def draw_hud(s: Sketch, rng: Rng) -> str:
    """Draw one game's display; return its kind: ``game`` or ``menu``."""
    st = any_style(rng, s.height, kind="game")
    if rng.random() < 0.12:  # games made to look old write in coarse letters
        st.font = "DejaVuSansMono-Bold#"
    genre = str(
        rng.choice(
            ["shooter", "shooter", "shooter", "mobile", "race", "strategy", "flight", "role", "sparse", "menu", "table"]
        )
    )
    cx, cy = s.width / 2, s.height / 2
    if genre == "menu":
        menu(s, st)
        return "menu"
    if genre == "table":
        if rng.random() < 0.5:
            small_print(s, st)
        table(s, st)
        return "menu"
    if genre == "strategy":
        strategy(s, st)
    elif genre == "race":
        dial(s, st)
    elif genre == "flight":
        flight(s, st)
    elif genre == "mobile":
        buttons(s, st)
    chance = 0.22 if genre in ("strategy", "race", "flight", "sparse") else 0.45
    if genre in ("shooter", "mobile", "flight") and rng.random() < 0.7:
        crosshair(s, st, cx, cy)
    if rng.random() < chance:
        disc, size = rng.random() < 0.45, s.height * rng.uniform(0.13, 0.27)
        right, bottom = rng.random() < 0.45, rng.random() < 0.35
        minimap(
            s,
            st,
            s.width - st.margin - size if right else st.margin,
            s.height - st.margin - size if bottom else st.margin,
            size,
            disc=disc,
        )
    if genre in ("shooter", "role", "mobile") or rng.random() < 0.3:
        for right, bottom in ((False, True), (True, True), (False, False), (True, False)):
            if rng.random() < (0.7 if bottom else 0.2):
                corner_block(s, st, right, bottom)
    elements = (kill_feed, compass_strip, score_panel, slots, prompt, small_print)
    for element, factor in zip(elements, (0.7, 0.5, 0.8, 0.7, 0.6, 0.6), strict=True):
        if rng.random() < chance * factor:
            element(s, st)
    for element, share in zip(MORE, CHANCES, strict=True):
        if rng.random() < share * (0.5 if genre == "sparse" else 1.5):
            element(s, st)
    for _ in range(int(rng.poisson(0.9 if genre != "sparse" else 0.3))):
        marker(s, st)
    if rng.random() < chance * 0.6:
        right = rng.random() < 0.4
        text_block(
            s,
            st,
            s.width - st.margin if right else st.margin,
            s.height * rng.uniform(0.15, 0.7),
            int(rng.integers(2, 9)),
            anchor="r" if right else "l",
        )
    if rng.random() < 0.2:
        st.text(s, cx, s.height * rng.uniform(0.12, 0.35), words.words(rng, 1, 3), rng.uniform(1, 2.4), anchor="c")
    if rng.random() < 0.15:
        slots(s, st, vertical=True)
    if s.labels.max() == 0:
        corner_block(s, st, True, True)
        st2 = any_style(rng, s.height, kind="game")
        st2.font = any_font(rng)
        text_block(s, st2, st.margin, st.margin, int(rng.integers(1, 4)))
    return "game"
