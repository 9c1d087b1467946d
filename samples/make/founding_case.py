"""Rebuilds the founding case: one cropped game frame and four genuine views from the air, all in grey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drawing import crosshair, font, lines, strokes, text, thermal
from PIL import Image

DISCLAIMER = ("Development footage.", "This is a work in progress.", "All content subject to change.")
LEFT_OVER = "All content subj"
MONO = "DejaVu Sans Mono"
Get = Callable[[str], Image.Image]


def game_frame(capture: Image.Image) -> Image.Image:
    """Return the cropped screenshot: of the disclaimer a few letters are left in the top right corner.

    The controls of the game were along the lower edge; the crop took them, two of the three lines and the
    end of the third, as in the documented case.
    """
    frame = capture.crop((300, 30, 1276, 434)).resize((1464, 606), Image.Resampling.LANCZOS)
    frame = thermal(frame, seed=11, blur=1.6, gamma=0.8)
    crosshair(frame, (706, 331), 90)
    lines(frame, (1450, 12), DISCLAIMER, size=22, anchor="ra", spacing=1.3)
    # The picture ends in the middle of the second line and behind the letters that were left.
    printed = font("Liberation Sans", 22, "Regular")
    right = round(1450 - printed.getlength(DISCLAIMER[2]) + printed.getlength(LEFT_OVER))
    return frame.crop((right - 1240, 56, right, 606))


def genuine(photo: Image.Image, number: int) -> Image.Image:
    """Return a view from the air as a sensor would show it, with the sensor's own symbology."""
    width, height = 960, 600
    scale = max(width / photo.width, height / photo.height)
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    left, top = (photo.width - width) // 2, (photo.height - height) // 2
    frame = thermal(
        photo.crop((left, top, left + width, top + height)),
        seed=number,
        blur=1.0 + 0.2 * number,
        gamma=(1.0, 1.3, 0.8, 1.0)[number],
        invert=number % 2 == 1,
    )
    crosshair(frame, (width / 2, height / 2), (110, 80, 130, 70)[number])
    style: dict[str, Any] = {
        "name": (MONO, "Liberation Mono", MONO, "Liberation Sans")[number],
        "size": (19, 21, 18, 20)[number],
    }
    if number == 0:
        lines(frame, (24, 20), ("WHOT", "NAR", "AUTO"), **style)
        lines(frame, (width - 24, 20), ("14:07:52Z", "09 NOV 17"), anchor="ra", **style)
        lines(frame, (24, height - 74), ("RNG 4312 M", "ALT 9870 FT"), **style)
        lines(frame, (width - 24, height - 74), ("38S KC 4471 2093", "HDG 214"), anchor="ra", **style)
    elif number == 1:
        lines(frame, (24, 20), ("BHOT  FOV 2.4", "SLT RNG 6.1 KM"), **style)
        lines(frame, (width - 24, 20), ("2016-06-29", "11:42:18"), anchor="ra", **style)
        lines(frame, (24, height - 80), ("ACFT 33 18 21.6 N", "     043 45 07.1 E"), **style)
        lines(frame, (width - 24, height - 80), ("TGT ELEV 142 FT", "AZ 031  EL -47"), anchor="ra", **style)
    elif number == 2:
        text(frame, (width / 2, 18), "N 271 282 293", anchor="ma", **style)
        lines(frame, (24, 110), ("EO/IR", "WHT HOT", "MED", "LRF ARM"), **style)
        lines(frame, (width - 24, 110), ("ALT 3120", "GS 96 KT", "ZOOM X4"), anchor="ra", **style)
        text(frame, (width / 2, height - 36), "LAT 34.51827 LON 40.91366  16:20:03 UTC", anchor="ma", **style)
    else:
        lines(frame, (24, 20), ("CAM 2  BHOT", "TRK POINT"), **style)
        lines(frame, (width - 24, 20), ("REC", "08:15:40Z 29JUN16"), anchor="ra", **style)
        text(frame, (24, height - 40), "MGRS 38S LB 83615 90442   RANGE 5210", **style)
    ticks = [[(width / 2 + 8 * i, 8), (width / 2 + 8 * i, 14)] for i in range(-20, 21, 2)]
    strokes(frame, ticks, width=1)
    return frame


def build(capture: Get, photo: Get) -> dict[str, Image.Image]:
    """Return the five pictures by file name."""
    views = [photo(name) for name in ("neon-road", "neon-meadow", "neon-oaks", "neon-slope")]
    made = {"proof-1.jpg": genuine(views[0], 0), "proof-2.jpg": genuine(views[1], 1)}
    made["proof-3.jpg"] = game_frame(capture("warzone2100-above"))
    made |= {"proof-4.jpg": genuine(views[2], 2), "proof-5.jpg": genuine(views[3], 3)}
    return made
