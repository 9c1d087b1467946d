"""What cameras and sensors lay over their own pictures: strips, stamps, viewfinders, reticles, scales."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.drawing import style as words
from training.drawing.sketch import BAR, ICON, LINE, MARK, PANEL, Colour, Sketch
from training.drawing.style import Rng, Style, any_colour, cjk_font

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


def _row(s: Sketch, st: Style, parts: list[str], y: float, size: float, colour: Colour, **more: Any) -> None:
    """Spread texts over the width, as the strip of a trail camera does."""
    n = len(parts)
    for i, part in enumerate(parts):
        at = st.margin + (s.width - 2 * st.margin) * (i / max(1, n - 1))
        anchor = "l" if i == 0 else "r" if i == n - 1 else "c"
        st.text(s, at, y, part, size, anchor=anchor, colour=colour, **more)


def trail_camera(s: Sketch, st: Style) -> None:
    """Draw a strip along the bottom (or top) with maker's mark, temperature, moon, date, time and name."""
    rng, u = st.rng, st.unit * rng_size(st.rng, 0.8, 1.4)
    bottom = rng.random() < 0.8
    tall = u * rng.uniform(1.5, 2.6)
    y = s.height - tall if bottom else 0.0
    light = rng.random() < 0.4
    plain = rng.random() < 0.25
    colour = BLACK if light and not plain else WHITE
    if not plain:
        s.rect(0, y, s.width, y + tall, WHITE if light else BLACK, 1 if rng.random() < 0.8 else 0.6, PANEL)
    celsius = int(rng.integers(-25, 45))
    parts = [
        words.word(rng).upper() + (number2(rng) if rng.random() < 0.5 else ""),
        str(
            rng.choice(
                [
                    f"{celsius}°C",
                    f"{celsius * 9 // 5 + 32}°F",
                    f"{celsius * 9 // 5 + 32}°F {celsius}°C",
                    f"{rng.uniform(28, 31):.2f}inHg",
                ]
            )
        ),
        words.date(rng),
        words.clock(rng, seconds=rng.random() < 0.7),
    ]
    if rng.random() < 0.4:
        parts.append(f"{words.word(rng, 1, 2).upper()}{number2(rng)}")
    if rng.random() < 0.3:
        parts = [parts[2] + "  " + parts[3], *parts[:2]]
    _row(s, st, parts, y + (tall - u) / 2, u / st.unit * 0.85, colour, edge="none" if not plain else "outline")
    if rng.random() < 0.5:
        s.circle(s.width * rng.uniform(0.3, 0.6), y + tall / 2, u * 0.4, colour, 1, ICON)
    if rng.random() < 0.35:
        side = tall * rng.uniform(1, 1.9)
        s.rect(0, s.height - side if bottom else 0, side, s.height if bottom else side, any_colour(rng), 1, MARK)
        st.text(
            s,
            side / 2,
            (s.height - side * 0.4) if bottom else side * 0.4,
            words.word(rng),
            0.5,
            anchor="c",
            colour=WHITE,
            edge="none",
            label=MARK,
        )
    if rng.random() < 0.3:
        st.text(
            s,
            st.margin if bottom else s.width - st.margin,
            4 if bottom else s.height - u * 1.4,
            words.word(rng).upper(),
            0.8,
            anchor="l" if bottom else "r",
        )


def rng_size(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def number2(rng: Rng) -> str:
    return f"{int(rng.integers(0, 100)):02d}"


def stamp(s: Sketch, st: Style) -> None:
    """Write date, time and camera name in one or two corners: CCTV, body camera, dash camera, compact camera."""
    rng, u = st.rng, st.unit
    kind = str(rng.choice(["cctv", "cctv", "dash", "body", "compact", "drone", "sky"]))
    now = f"{words.date(rng)} {words.clock(rng)}"
    if kind == "cctv":
        right, top = rng.random() < 0.5, rng.random() < 0.75
        if rng.random() < 0.3:
            day = rng.choice(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "星期一"])
            now = f"{words.date(rng)} {day} {words.clock(rng)}"
        font = cjk_font(rng) if any(ord(c) > 0x2000 for c in now) else None
        st.text(
            s,
            s.width - st.margin if right else st.margin,
            st.margin if top else s.height - st.margin - u,
            now,
            rng.uniform(0.8, 1.3),
            anchor="r" if right else "l",
            **({"font": font} if font else {}),
        )
        if rng.random() < 0.6:
            name = str(
                rng.choice(
                    [
                        f"Camera {number2(rng)}",
                        f"CAM{number2(rng)}",
                        words.words(rng, 1, 3),
                        f"CH{number2(rng)}",
                        "IPCamera",
                    ]
                )
            )
            right = rng.random() < 0.6
            st.text(
                s,
                s.width - st.margin if right else st.margin,
                s.height - st.margin - u if top else st.margin,
                name,
                rng.uniform(0.8, 1.2),
                anchor="r" if right else "l",
            )
    elif kind == "dash":
        parts = [now, f"{words.number(rng)} {rng.choice(['km/h', 'KM/H', 'MPH'])}", words.word(rng).upper()]
        if rng.random() < 0.6:
            parts.insert(1, words.coordinates(rng))
        y = s.height - st.margin * 0.6 - u
        if rng.random() < 0.3:
            s.rect(0, y - u * 0.4, s.width, s.height, BLACK, st.panel_opacity, PANEL)
        if rng.random() < 0.5:
            st.text(s, st.margin, y, "  ".join(parts), 0.85)
        else:
            _row(s, st, parts, y, 0.8, st.main)
    elif kind == "body":
        x, y = s.width - st.margin, st.margin
        st.text(s, x, y, f"{words.date(rng)} T{words.clock(rng)}Z", 1, anchor="r")
        st.text(
            s,
            x,
            y + 1.4 * u,
            f"{words.word(rng).upper()} BODY {rng.integers(1, 5)} X{rng.integers(10**7, 10**8)}",
            1,
            anchor="r",
        )
        if rng.random() < 0.6:
            s.shape([(x - u * 1, y + 3 * u), (x, y + 5 * u), (x - 2 * u, y + 5 * u)], (255, 210, 0), 0.9, MARK)
    elif kind == "compact":
        colour = (255, 140, 30) if rng.random() < 0.7 else st.main
        st.text(
            s,
            s.width - st.margin * 1.5,
            s.height - st.margin * 1.5 - u,
            words.date(rng),
            1.3,
            anchor="r",
            colour=colour,
            font="DejaVuSansMono-Bold",
            edge=str(rng.choice(["none", "glow"])),
            edge_colour=(255, 80, 0),
        )
    else:
        rows = [now]
        if kind == "drone":
            rows = [f"{words.word(rng)} {words.word(rng)} {rng.integers(10**6, 10**8)}", now, words.coordinates(rng)]
        else:
            rows += [
                f"Exposure {rng.uniform(0, 30):.6f}",
                f"Gain {words.number(rng)}",
                f"Temp {rng.uniform(-20, 40):.1f}",
            ]
        right = rng.random() < 0.2
        for i, row in enumerate(rows[: int(rng.integers(1, len(rows) + 1))]):
            st.text(
                s,
                s.width - st.margin if right else st.margin,
                st.margin + i * u * 1.4,
                row,
                0.9,
                anchor="r" if right else "l",
            )
    if rng.random() < 0.15:
        detections(s, st)


def detections(s: Sketch, st: Style) -> None:
    """Draw the boxes that a camera's own software puts around what it recognises."""
    rng, u = st.rng, st.unit
    for _ in range(int(rng.integers(1, 4))):
        x, y = s.width * rng.uniform(0.1, 0.7), s.height * rng.uniform(0.2, 0.6)
        w, h = s.width * rng.uniform(0.05, 0.3), s.height * rng.uniform(0.08, 0.35)
        colour = any_colour(rng)
        s.rect(x, y, x + w, y + h, colour, 1, LINE, border=st.line * 1.3)
        text = str(rng.choice(["person", "car", "dog", "vehicle", "motion"])) + (
            f" {rng.integers(50, 99)}%" if rng.random() < 0.5 else ""
        )
        if rng.random() < 0.5:
            s.rect(x, y - u * 1.2, x + u * 5, y, colour, 1, PANEL)
            st.text(s, x + 3, y - u, text, 0.8, colour=BLACK, edge="none")
        else:
            st.text(s, x, y - u * 1.1, text, 0.8, colour=colour)


def viewfinder(s: Sketch, st: Style) -> None:
    """Draw a camcorder's display: REC, battery, frame corners, time code, exposure."""
    rng, u = st.rng, st.unit
    m = st.margin + u
    if rng.random() < 0.7:
        brackets(s, st, m, m, s.width - m, s.height - m, u * rng.uniform(1.5, 4))
    s.circle(m + u, m + u * 1.2, u * 0.4, (240, 30, 30), 1, ICON)
    st.text(s, m + u * 1.8, m + u * 0.8, "REC", 1)
    x = s.width - m - u * 3
    s.rect(x, m + u * 0.7, x + u * 2, m + u * 1.6, st.main, 1, ICON, border=st.line)
    s.rect(x + 2, m + u * 0.7 + 2, x + u * rng.uniform(0.6, 1.8), m + u * 1.6 - 2, st.main, 1, ICON)
    if rng.random() < 0.7:
        st.text(s, s.width / 2, s.height - m - u * 1.6, f"{words.clock(rng)}:{number2(rng)}", 1, anchor="c")
    if rng.random() < 0.5:
        st.text(
            s,
            m + u,
            s.height - m - u * 1.6,
            f"1/{rng.choice([50, 60, 125, 500])}  F{rng.uniform(1.8, 16):.1f}  ISO{rng.choice([100, 400, 1600])}",
            0.8,
        )
    if rng.random() < 0.4:
        st.text(s, s.width - m - u, s.height - m - u * 1.6, f"{words.date(rng)}", 0.8, anchor="r")


def brackets(s: Sketch, st: Style, x0: float, y0: float, x1: float, y1: float, arm: float) -> None:
    for x, dx in ((x0, 1), (x1, -1)):
        for y, dy in ((y0, 1), (y1, -1)):
            s.shape(
                [(x + dx * arm, y), (x, y), (x, y + dy * arm)], st.main, st.opacity, LINE, width=st.line, closed=False
            )


def sensor(s: Sketch, st: Style) -> None:
    """Draw an observation sensor's display: reticle, brackets, rows of labelled numbers in the corners."""
    rng, u, cx, cy = st.rng, st.unit, s.width / 2, s.height / 2
    font = cjk_font(rng) if rng.random() < 0.2 else None
    style = int(rng.integers(4))
    arm, gap = s.height * rng.uniform(0.05, 0.3), s.height * rng.uniform(0.01, 0.1)
    if style < 3:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            s.shape(
                [(cx + dx * gap, cy + dy * gap), (cx + dx * (gap + arm), cy + dy * (gap + arm))],
                st.main,
                st.opacity,
                LINE,
                width=st.line,
                closed=False,
            )
    if style in (1, 3):
        w, h = s.width * rng.uniform(0.08, 0.35), s.height * rng.uniform(0.08, 0.35)
        brackets(s, st, cx - w, cy - h, cx + w, cy + h, s.height * rng.uniform(0.03, 0.1))
    if rng.random() < 0.35:
        w = s.height * rng.uniform(0.02, 0.08)
        tx, ty = cx + s.width * rng.uniform(-0.15, 0.15), cy + s.height * rng.uniform(-0.15, 0.15)
        s.rect(tx - w, ty - w, tx + w, ty + w, st.main, st.opacity, LINE, border=st.line)
    labels = [
        lambda: f"AZ {rng.uniform(0, 360):.1f}",
        lambda: f"EL {rng.uniform(-90, 20):.1f}",
        lambda: f"RNG {rng.integers(100, 9999)} M",
        lambda: f"ALT {rng.integers(100, 25000)}",
        lambda: f"HDG {rng.integers(0, 360):03d}",
        lambda: words.coordinates(rng),
        lambda: str(rng.choice(["WHT", "BHT", "WHOT", "BHOT", "IR", "EO", "TV"])),
        lambda: str(rng.choice(["NAR", "WIDE", "MED", "ZOOM X4"])),
        lambda: f"{words.clock(rng)}Z",
        lambda: words.date(rng),
        lambda: f"FOV {rng.uniform(0.3, 30):.2f}",
        lambda: f"TGT {words.coordinates(rng)}",
        lambda: f"SPD {rng.integers(0, 300)} KTS",
        lambda: str(rng.choice(["AUTO", "MAN", "TRK", "LRF", "ARM", "SAFE"])),
    ]
    if font:
        labels = [
            lambda: f"方位 {rng.uniform(0, 360):.2f}",
            lambda: f"俯仰 {rng.uniform(-9, 60):.2f}",
            lambda: f"视场 {rng.uniform(0.3, 3):.2f}",
            lambda: words.clock(rng),
            lambda: f"点位{rng.integers(1, 9)}",
            lambda: "红外",
            lambda: words.date(rng),
        ]
    more = {"font": font} if font else {}
    for right, bottom in ((False, False), (True, False), (False, True), (True, True)):
        if rng.random() < 0.65:
            rows = int(rng.integers(1, 5))
            for i in range(rows):
                text = labels[int(rng.integers(len(labels)))]()
                y = s.height - st.margin - (i + 1) * u * 1.35 if bottom else st.margin + i * u * 1.35
                st.text(
                    s, s.width - st.margin if right else st.margin, y, text, 0.9, anchor="r" if right else "l", **more
                )
    if rng.random() < 0.25:  # a scale of bearings
        y, w = st.margin * 0.6, s.width * rng.uniform(0.2, 0.5)
        for i in range(21):
            x = cx - w / 2 + w * i / 20
            s.shape(
                [(x, y), (x, y + u * (0.8 if i % 5 == 0 else 0.4))],
                st.main,
                st.opacity,
                LINE,
                width=st.line,
                closed=False,
            )
            if i % 5 == 0:
                st.text(s, x, y + u, str(int(rng.integers(0, 360))), 0.6, anchor="c")
    if rng.random() < 0.2:
        st.text(
            s, cx, 3, str(rng.choice(["UNCLASSIFIED", "UNCLASSIFIED//FOUO"])), 0.9, anchor="c", colour=(80, 255, 80)
        )


def thermal(s: Sketch, st: Style) -> None:
    """Draw a thermal camera's scale, spots, table of temperatures and maker's mark."""
    rng, u = st.rng, st.unit * 1.1
    unit = str(rng.choice(["°C", "°F", ""]))
    if rng.random() < 0.8:
        right, wide = rng.random() < 0.85, s.height * rng.uniform(0.015, 0.05)
        x = s.width - st.margin - wide if right else st.margin
        y0, y1 = s.height * rng.uniform(0.06, 0.25), s.height * rng.uniform(0.75, 0.93)
        t = np.linspace(1, 0, round(y1 - y0), dtype=np.float32)[:, None]
        if rng.random() < 0.4:
            ramp = np.repeat(t[..., None] * 255, 3, axis=2)
        else:
            ramp = (
                np.stack([np.clip(t * 2, 0, 1), np.clip(t * 2 - 0.8, 0, 1), np.clip(np.sin(t * 5) * 0.6, 0, 1)], -1)
                * 255
            )
        s.rect(x - 1, y0 - 1, x + wide + 1, y1 + 1, st.main, 1, BAR, border=1)
        s.blend(np.ones((len(t), round(wide)), np.float32), x, y0, np.repeat(ramp, round(wide), axis=1), 1, BAR)
        for y, value in ((y0 - u * 1.4, rng.uniform(25, 200)), (y1 + u * 0.4, rng.uniform(-20, 25))):
            st.text(
                s,
                x + wide if right else x,
                y,
                f"{value:.1f}{unit}",
                0.9,
                anchor="r" if right else "l",
                edge="box" if rng.random() < 0.3 else st.edge,
            )
    for i in range(int(rng.integers(0, 4))):
        x, y, r = s.width * rng.uniform(0.3, 0.7), s.height * rng.uniform(0.3, 0.7), u * rng.uniform(0.5, 1)
        colour = WHITE if rng.random() < 0.6 else any_colour(rng)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            s.shape(
                [(x + dx * r * 0.4, y + dy * r * 0.4), (x + dx * r, y + dy * r)],
                colour,
                1,
                LINE,
                width=st.line,
                closed=False,
            )
        if rng.random() < 0.4:
            s.circle(x, y, r * 0.6, colour, 1, LINE, width=st.line)
        if rng.random() < 0.6:
            st.text(
                s,
                x + r,
                y + r * 0.3,
                f"{rng.uniform(-10, 120):.1f}{unit}" if rng.random() < 0.5 else f"Sp{i + 1}",
                0.75,
                colour=colour,
            )
    if rng.random() < 0.5:
        text_rows = [f"{name} {rng.uniform(-10, 160):.1f} {unit}" for name in ("max", "min", "avg", "Sp1")]
        if rng.random() < 0.5:
            s.rect(
                st.margin * 0.5, st.margin * 0.5, st.margin + u * 6, st.margin + u * 4, BLACK, st.panel_opacity, PANEL
            )
        for i, row in enumerate(text_rows[: int(rng.integers(1, 5))]):
            st.text(s, st.margin, st.margin + i * u * 1.3, row, 0.9)
    if rng.random() < 0.5:
        st.text(s, st.margin, s.height - st.margin - u, words.word(rng).upper(), 1.0, label=MARK)
    if rng.random() < 0.4:
        st.text(
            s,
            s.width / 2,
            s.height - st.margin - u,
            f"{words.date(rng)} {words.clock(rng, seconds=False)}",
            0.8,
            anchor="c",
        )
