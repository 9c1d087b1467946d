"""What the parts of one display share - colours, fonts, edges, sizes - and the words and numbers on it."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.drawing.sketch import CJK_FONTS, HERSHEY, LATIN_FONTS, Colour, Sketch, font_files

Rng = np.random.Generator

SYLLABLES = (
    "ka", "ro", "ta", "mi", "el", "an", "dor", "vek", "sun", "ber", "gal", "zu", "nor", "im", "pas", "tri",
    "lo", "mer", "sha", "qui", "bo", "den", "fal", "gri", "hex", "jo", "ke", "lun", "mar", "ost", "pel", "rad",
    "sil", "tor", "ul", "ven", "wix", "yar", "zen", "ark", "bel", "cor", "dax", "eri", "fen", "hol", "ist",
    "jun", "kor",
)  # fmt: skip
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
COLOURS: tuple[Colour, ...] = (
    (255, 255, 255),
    (235, 235, 235),
    (255, 220, 60),
    (90, 255, 90),
    (60, 220, 255),
    (255, 80, 60),
    (255, 150, 40),
    (120, 170, 255),
    (200, 255, 160),
    (255, 120, 220),
)


@dataclass
class Style:
    """One display's look; sizes are parts of the picture's height."""

    rng: Rng
    font: str
    second_font: str
    main: Colour
    accent: Colour
    panel: Colour
    panel_opacity: float
    opacity: float
    edge: str
    unit: float
    margin: float
    line: float
    round: float

    def text(self, sketch: Sketch, x: float, y: float, text: str, size: float = 1.0, **more: Any) -> tuple[float, ...]:
        """Write with the display's own font, colour and edge; ``size`` in units."""
        colour = more.pop("colour", self.main)
        font = more.pop("font", self.font)
        more.setdefault("edge", self.edge)
        more.setdefault("opacity", self.opacity)
        return sketch.text(x, y, text, size * self.unit, font, colour, **more)


def any_font(rng: Rng, *, mono: bool | None = None, hershey: float = 0.06) -> str:
    """Return the name of a font."""
    if rng.random() < hershey:
        return str(rng.choice(HERSHEY))
    names = [name for name in LATIN_FONTS if name in font_files()]
    if mono is not None:
        names = [name for name in names if ("Mono" in name) == mono] or names
    return str(rng.choice(names))


def cjk_font(rng: Rng) -> str | None:
    names = [name for name in CJK_FONTS if name in font_files()]
    return str(rng.choice(names)) if names else None


def any_colour(rng: Rng, *, bright: bool = True) -> Colour:
    """Return a colour as displays have them: white more often than not, else strong."""
    if rng.random() < 0.35:
        grey = float(rng.uniform(200, 255))
        return (grey, grey, grey)
    if rng.random() < 0.5:
        return COLOURS[int(rng.integers(len(COLOURS)))]
    value = rng.uniform(0.75, 1.0) if bright else rng.uniform(0.1, 0.5)
    red, green, blue = colorsys.hsv_to_rgb(float(rng.random()), float(rng.uniform(0.3, 1)), float(value))
    return (red * 255, green * 255, blue * 255)


def any_style(rng: Rng, height: int, *, kind: str) -> Style:
    """Return a look; ``kind`` is ``game`` or ``plain`` (cameras and sensors are soberer, not always)."""
    sober = kind == "plain" and rng.random() < 0.8
    if sober:
        main: Colour = (255, 255, 255) if rng.random() < 0.8 else any_colour(rng)
        if rng.random() < 0.12:
            main = (10, 10, 10)
    else:
        main = any_colour(rng)
    dark = rng.random() < 0.8
    shade = float(rng.uniform(0, 50) if dark else rng.uniform(180, 255))
    panel = (shade, shade, shade) if rng.random() < 0.6 else any_colour(rng, bright=not dark)
    return Style(
        rng=rng,
        font=any_font(rng, mono=None if not sober or rng.random() < 0.5 else True),
        second_font=any_font(rng),
        main=main,
        accent=any_colour(rng),
        panel=panel,
        panel_opacity=float(rng.uniform(0.25, 1.0)),
        opacity=float(rng.uniform(0.55, 1.0)) if rng.random() < 0.5 else 1.0,
        edge=str(rng.choice(["none", "shadow", "outline", "glow"], p=[0.35, 0.25, 0.3, 0.1])),
        unit=float(height * rng.uniform(0.016, 0.042)),
        margin=float(height * rng.uniform(0.008, 0.06)),
        line=float(max(1.0, height * rng.uniform(0.0012, 0.005))),
        round=float(rng.choice([0, 0, 0, 0.2, 0.5])),
    )


def word(rng: Rng, low: int = 1, high: int = 3) -> str:
    """Return an invented word."""
    text = "".join(rng.choice(SYLLABLES, size=int(rng.integers(low, high + 1))))
    style = rng.random()
    return text.upper() if style < 0.4 else text.capitalize() if style < 0.8 else text


def words(rng: Rng, low: int, high: int) -> str:
    return " ".join(word(rng) for _ in range(int(rng.integers(low, high + 1))))


def number(rng: Rng, digits: int = 3) -> str:
    return str(int(rng.integers(0, 10 ** int(rng.integers(1, digits + 1)))))


def clock(rng: Rng, *, seconds: bool = True) -> str:
    hour, minute, second = rng.integers(0, 24), rng.integers(0, 60), rng.integers(0, 60)
    text = f"{hour:02d}:{minute:02d}"
    if seconds:
        text += f":{second:02d}"
    elif rng.random() < 0.3:
        text += " AM" if rng.random() < 0.5 else " PM"
    return text


def date(rng: Rng) -> str:
    year, month, day = int(rng.integers(2004, 2027)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    a, b = ((month, day), (day, month))[int(rng.integers(2))]
    joint = str(rng.choice(["-", "/", ".", " "]))
    forms = (
        f"{year}{joint}{month:02d}{joint}{day:02d}",
        f"{a:02d}{joint}{b:02d}{joint}{year}",
        f"{a:02d}{joint}{b:02d}{joint}{year % 100:02d}",
        f"{year}年{month:02d}月{day:02d}日",
        f"{day:02d} {MONTHS[month - 1]} {year}",
    )
    return str(rng.choice(forms, p=[0.4, 0.25, 0.15, 0.05, 0.15]))


def coordinates(rng: Rng) -> str:
    lat, lon = float(rng.uniform(0, 70)), float(rng.uniform(0, 179))
    ns, ew = str(rng.choice(["N", "S"])), str(rng.choice(["E", "W"]))
    forms = (
        f"{lat:.6f}{ns} {lon:.6f}{ew}",
        f"{lat:.5f}°{ns} {lon:.5f}°{ew}",
        f"{ns} {int(lat):02d} {int(lon) % 60:02d}'{lat % 1 * 60:05.2f}\" {ew} {int(lon):03d} 12'{lon % 1 * 60:05.2f}\"",
        f"{int(rng.integers(1, 60))}{rng.choice(list('QRSTU'))} {''.join(rng.choice(list('ABCDEFGH'), 2))} "
        f"{int(rng.integers(10000, 99999))} {int(rng.integers(10000, 99999))}",
        f"LAT {lat:.6f}  LON {lon:.6f}",
    )
    return str(rng.choice(forms))
