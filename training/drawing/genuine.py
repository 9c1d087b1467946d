"""What drones, stations and sites lay over genuine pictures, and one display of any genuine kind."""

from __future__ import annotations

import numpy as np

from training.drawing import style as words
from training.drawing.apps import boxes, flight_app, phone_camera, short_video, telemetry
from training.drawing.cameras import BLACK, WHITE, number2, sensor, stamp, thermal, trail_camera, viewfinder
from training.drawing.parts import icon, minimap
from training.drawing.sketch import BAR, ICON, LINE, MARK, PANEL, Sketch
from training.drawing.style import Rng, Style, any_colour, any_font, any_style, cjk_font


def drone(s: Sketch, st: Style) -> None:
    """Draw a flier's on-screen display: horizon, voltages, satellites, timers, warnings."""
    rng, u = st.rng, st.unit * 1.15
    bitmap = rng.random() < 0.5
    if bitmap:
        st.font, st.main, st.edge = "DejaVuSansMono-Bold#", WHITE, "outline"
    readings = [
        "16.4V",
        "3.84V",
        f"{rng.uniform(10, 25):.1f}V",
        f"{words.number(rng, 4)}MAH",
        f"{rng.uniform(0, 40):.2f}A",
        f"{rng.integers(20, 100)}%",
        f"{rng.integers(-99, -40)}",
        words.clock(rng)[3:],
        f"{words.number(rng)}M",
        f"{words.number(rng, 2)}KM/H",
        "ACRO",
        "HOR",
        "ANGL",
        words.word(rng).upper(),
        f"SAT {rng.integers(4, 20)}",
        f"H {rng.uniform(0, 200):.1f}m",
        f"D {words.number(rng)}m",
        f"LAT {rng.uniform(0, 70):.7f}",
        f"LON {rng.uniform(0, 170):.7f}",
        f"{rng.integers(20, 70)}°C",
    ]
    spots = [
        (a, x, y)
        for a, x in (("l", 0.03), ("c", 0.5), ("r", 0.97))
        for y in (0.04, 0.12, 0.2, 0.45, 0.55, 0.78, 0.86, 0.93)
    ]
    chosen = rng.permutation(len(spots))[: int(rng.integers(4, 13))]
    if rng.random() < 0.1:  # the flight's figures, once it has landed
        chosen = chosen[:2]
        for row in range(int(rng.integers(4, 13))):
            y = s.height * 0.15 + row * u * 1.3
            st.text(s, s.width * 0.25, y, words.words(rng, 1, 2).upper(), 0.95)
            st.text(s, s.width * 0.62, y, f": {rng.choice(readings)}", 0.95)
    for i in chosen:
        anchor, x, y = spots[int(i)]
        if anchor == "c" and 0.3 < y < 0.7:
            continue
        box = st.text(s, s.width * x, s.height * y, str(rng.choice(readings)), 0.95, anchor=anchor)
        if rng.random() < 0.3:
            icon(s, st, box[0] - u, box[1] + u * 0.4, u * 0.8, st.main)
    if rng.random() < 0.65:
        tilt, reach = np.radians(rng.uniform(-35, 35)), s.width * rng.uniform(0.08, 0.3)
        colour = st.main if rng.random() < 0.7 else any_colour(rng)
        cx, cy = s.width / 2, s.height / 2
        for step in range(-int(rng.integers(0, 4)), int(rng.integers(1, 4))):
            ox, oy = -np.sin(tilt) * step * u * 3, np.cos(tilt) * step * u * 3
            for a, b in ((-1, -0.35), (0.35, 1)):
                s.shape(
                    [
                        (cx + ox + reach * a * np.cos(tilt), cy + oy + reach * a * np.sin(tilt)),
                        (cx + ox + reach * b * np.cos(tilt), cy + oy + reach * b * np.sin(tilt)),
                    ],
                    colour,
                    st.opacity,
                    LINE,
                    width=st.line * 1.5,
                    closed=False,
                    edge=0.6,
                )
    if rng.random() < 0.6:
        st.text(
            s,
            s.width / 2,
            s.height / 2 - u * 0.4,
            str(rng.choice(["--+--", "- + -", "+", "—o—"])),
            0.9,
            anchor="c",
            label=LINE,
        )
    if rng.random() < 0.35:
        st.text(
            s,
            s.width / 2,
            s.height * rng.uniform(0.65, 0.8),
            str(rng.choice(["DISARMED", "ARMED", "LOW BATTERY", "LAND NOW", "RTH", "RSSI LOW", "BATT < FULL"])),
            1.1,
            anchor="c",
        )
    if rng.random() < 0.15 and not bitmap:  # the pilot's telephone: bar above, map below
        s.rect(0, 0, s.width, u * 1.6, BLACK, 0.6, PANEL)
        size = s.height * rng.uniform(0.15, 0.25)
        minimap(s, st, 6, s.height - size - 6, size, disc=False)
    if rng.random() < 0.12:  # curves of a flight log
        for k in range(int(rng.integers(2, 6))):
            xs = np.linspace(0, s.width, 60)
            ys = s.height * (0.2 + 0.15 * k) + np.cumsum(rng.normal(0, s.height * 0.008, 60))
            s.shape(np.stack([xs, ys], 1), any_colour(rng), 0.9, LINE, width=st.line, closed=False)


def logo(s: Sketch, st: Style, x: float, y: float, size: float, opacity: float) -> tuple[float, float]:
    """Draw a station's or maker's sign: pictogram, word or both; return its far corner."""
    rng = st.rng
    colour = WHITE if rng.random() < 0.6 else any_colour(rng)
    kind = int(rng.integers(4))
    end = x
    if kind != 1:
        before = s.labels.copy()
        keep, st.opacity = st.opacity, opacity
        if rng.random() < 0.3:
            s.rect(x, y, x + size, y + size, any_colour(rng), opacity, MARK, round_=size * 0.2)
        icon(s, st, x + size / 2, y + size / 2, size * 0.9, colour)
        st.opacity = keep
        s.labels[(s.labels != before) & (s.labels == ICON)] = MARK
        end = x + size * 1.15
    if kind != 0:
        font = any_font(rng)
        box = s.text(
            end,
            y + size * 0.2,
            words.words(rng, 1, 2),
            size * rng.uniform(0.45, 0.85),
            font,
            colour,
            opacity=opacity,
            label=MARK,
        )
        end = box[2]
    return end, y + size


def broadcast(s: Sketch, st: Style) -> None:
    """Draw a station's mark, a lower third, a ticker, a clock, a score bug or a caption."""
    rng, u = st.rng, st.unit * 1.2
    kind = str(rng.choice(["lower", "score", "bug", "caption", "lower", "bug"]))
    if rng.random() < 0.7 or kind == "bug":
        size, right = s.height * rng.uniform(0.05, 0.11), rng.random() < 0.6
        x = s.width - st.margin - size * rng.uniform(1.2, 4) if right else st.margin
        y = st.margin if rng.random() < 0.6 else s.height - st.margin - size
        logo(s, st, x, y, size, float(rng.uniform(0.35, 1)))
    if kind == "lower":
        y = s.height * rng.uniform(0.72, 0.82)
        x0, x1 = (0.0, float(s.width)) if rng.random() < 0.3 else (st.margin, s.width * rng.uniform(0.4, 0.9))
        tall = u * rng.uniform(1.8, 2.4)
        first, second = any_colour(rng, bright=False), any_colour(rng)
        s.rect(x0, y, x1, y + tall, first, max(0.6, st.panel_opacity), PANEL)
        st.text(s, x0 + u, y + tall * 0.25, words.words(rng, 2, 5), 1.4, colour=WHITE, edge="none")
        if rng.random() < 0.7:
            s.rect(x0, y + tall, x1 * rng.uniform(0.6, 1), y + tall * 1.8, second, max(0.6, st.panel_opacity), PANEL)
            st.text(
                s,
                x0 + u,
                y + tall * 1.15,
                words.words(rng, 2, 7),
                0.95,
                colour=BLACK if sum(second) > 380 else WHITE,
                edge="none",
            )
        if rng.random() < 0.4:
            s.rect(x0, y - u * 1.7, x0 + u * rng.uniform(3, 8), y, (200, 20, 20), 1, PANEL)
            st.text(
                s,
                x0 + u * 0.5,
                y - u * 1.2,
                str(rng.choice(["LIVE", "BREAKING NEWS", "DIRECT", "EN VIVO", words.word(rng)])),
                0.9,
                colour=WHITE,
                edge="none",
            )
        if rng.random() < 0.4:
            s.rect(0, s.height - u * 1.5, s.width, s.height, any_colour(rng, bright=False), 0.95, PANEL)
            st.text(s, u, s.height - u * 1.15, words.words(rng, 8, 16), 0.8, colour=WHITE, edge="none")
    elif kind == "score":
        bottom, right = rng.random() < 0.5, rng.random() < 0.25
        rows, wide = int(rng.choice([1, 2, 2])), u * rng.uniform(8, 13)
        x = s.width - st.margin - wide if right else st.margin * rng.uniform(1, 3)
        y = s.height - st.margin - u * 1.7 * rows if bottom else st.margin
        fill = any_colour(rng, bright=rng.random() < 0.3)
        ink = BLACK if sum(fill) > 380 else WHITE
        s.rect(x, y, x + wide, y + rows * u * 1.6, fill, max(0.7, st.panel_opacity), PANEL)
        for i in range(rows):
            top = y + i * u * 1.6
            st.text(s, x + u * 0.5, top + u * 0.35, words.word(rng), 0.95, colour=ink, edge="none")
            for k in range(int(rng.integers(1, 4))):
                at = x + wide - u * (1 + 1.5 * k)
                if k == 0 and rng.random() < 0.6:
                    s.rect(at - u * 0.8, top, at + u * 0.8, top + u * 1.6, st.accent, 0.9, PANEL)
                st.text(s, at, top + u * 0.35, words.number(rng, 2), 0.95, anchor="c", colour=ink, edge="none")
        if rng.random() < 0.4:
            st.text(s, x + wide + u * 0.5, y + u * 0.4, words.clock(rng, seconds=False)[:5], 1, edge="box")
    elif kind == "caption":
        y = s.height * rng.uniform(0.78, 0.9)
        for _ in range(int(rng.integers(1, 3))):
            st.text(
                s,
                s.width / 2,
                y,
                words.words(rng, 3, 8),
                1.3,
                anchor="c",
                edge=str(rng.choice(["outline", "shadow", "box", "none"])),
                colour=WHITE if rng.random() < 0.75 else (255, 230, 60),
            )
            y += u * 1.6


def watermark(s: Sketch, st: Style) -> None:
    """Draw a site's, agency's or author's mark: small in a corner, large in the middle, or tiled."""
    rng, u = st.rng, st.unit
    kind = rng.random()
    opacity = float(rng.uniform(0.3, 0.95))
    if kind < 0.6:
        size, right, bottom = u * rng.uniform(1.2, 3.5), rng.random() < 0.7, rng.random() < 0.8
        x = s.width - st.margin - size * rng.uniform(2, 5) if right else st.margin
        logo(s, st, x, s.height - st.margin - size if bottom else st.margin, size, opacity)
    elif kind < 0.8:
        text = str(
            rng.choice(
                [
                    f"@{words.word(rng).lower()}",
                    f"www.{words.word(rng).lower()}.com",
                    f"© {words.words(rng, 1, 3)}",
                    words.words(rng, 1, 3),
                ]
            )
        )
        font = cjk_font(rng)
        if font and rng.random() < 0.25:
            text, more = "新闻网图片"[: int(rng.integers(2, 6))], {"font": font}
        else:
            more = {}
        right = rng.random() < 0.7
        st.text(
            s,
            s.width - st.margin if right else st.margin,
            s.height - st.margin - u,
            text,
            rng.uniform(0.8, 1.6),
            anchor="r" if right else "l",
            opacity=opacity,
            label=MARK,
            **more,
        )
    elif kind < 0.9:
        st.text(
            s,
            s.width / 2,
            s.height / 2,
            words.words(rng, 1, 2),
            rng.uniform(3, 6),
            anchor="c",
            opacity=opacity * 0.6,
            label=MARK,
        )
    else:
        text, step = words.word(rng), s.height * rng.uniform(0.2, 0.35)
        for row in range(int(s.height / step) + 1):
            for column in range(int(s.width / step / 1.5) + 1):
                st.text(
                    s,
                    column * step * 1.5 + (row % 2) * step / 2,
                    row * step,
                    text,
                    1.2,
                    opacity=opacity * 0.5,
                    label=MARK,
                )


def player(s: Sketch, st: Style) -> None:
    """Draw a video site's controls: any picture may be shown in one."""
    rng, u = st.rng, st.unit
    if rng.random() < 0.6:
        w, h = s.height * 0.11, s.height * 0.08
        s.rect(
            s.width / 2 - w,
            s.height / 2 - h,
            s.width / 2 + w,
            s.height / 2 + h,
            BLACK if rng.random() < 0.6 else (220, 20, 20),
            0.75,
            MARK,
            round_=h * 0.4,
        )
        s.shape(
            [
                (s.width / 2 - h * 0.35, s.height / 2 - h * 0.45),
                (s.width / 2 + h * 0.5, s.height / 2),
                (s.width / 2 - h * 0.35, s.height / 2 + h * 0.45),
            ],
            WHITE,
            1,
            MARK,
        )
    y = s.height - u * 1.8
    s.rect(0, y - u, s.width, s.height, BLACK, 0.5, PANEL, fade="up")
    s.rect(u, y - u * 0.6, s.width - u, y - u * 0.4, (180, 180, 180), 0.6, BAR)
    s.rect(u, y - u * 0.6, u + s.width * rng.uniform(0.1, 0.8), y - u * 0.4, (230, 30, 30), 1, BAR)
    st.text(
        s,
        u * 3,
        y + u * 0.4,
        f"{rng.integers(0, 10)}:{number2(rng)} / {rng.integers(0, 60)}:{number2(rng)}",
        0.8,
        colour=WHITE,
        edge="none",
    )
    if rng.random() < 0.5:
        st.text(s, u, u * 0.6, words.words(rng, 2, 6), 1.1, colour=WHITE)


KINDS = ("stamp", "sensor", "thermal", "drone", "broadcast", "watermark", "player")


def draw_genuine(s: Sketch, rng: Rng) -> str:
    """Draw one genuine kind of display; return which (see ``KINDS``)."""
    st = any_style(rng, s.height, kind="plain")
    kind = str(rng.choice(KINDS, p=[0.27, 0.15, 0.11, 0.14, 0.18, 0.11, 0.04]))
    choice = rng.random()
    if kind == "stamp":
        if choice < 0.13:
            boxes(s, st)
        elif choice < 0.17:
            phone_camera(s, st)
        else:
            (trail_camera if choice < 0.45 else viewfinder if choice < 0.55 else stamp)(s, st)
    else:
        {
            "sensor": sensor,
            "thermal": thermal,
            "drone": flight_app if choice < 0.15 else telemetry if choice < 0.27 else drone,
            "broadcast": broadcast,
            "watermark": watermark,
            "player": short_video if choice < 0.45 else player,
        }[kind](s, st)
    if rng.random() < 0.06:
        watermark(s, any_style(rng, s.height, kind="plain"))
    return kind
