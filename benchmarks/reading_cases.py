"""Known phrases printed on genuine pictures, over a grid of difficulties; seeded, the true text known.

Letter height is the height of a capital letter in pixels of the finished picture (of a full-size character
in scripts without capitals), not the size of the font.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = Path("/usr/share/fonts")
LATIN = (
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/dejavu/DejaVuSans-Bold.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
    "truetype/dejavu/DejaVuSerif.ttf",
    "truetype/liberation/LiberationSans-Regular.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "truetype/liberation/LiberationSansNarrow-Regular.ttf",
    "truetype/liberation/LiberationSerif-Regular.ttf",
)
CJK = ("opentype/noto/NotoSansCJK-Regular.ttc", "opentype/noto/NotoSansCJK-Bold.ttc")
SCRIPT_FONTS = {
    "Latn": LATIN,
    "Cyrl": LATIN,
    "Arab": ("truetype/noto/NotoNaskhArabic-Regular.ttf", "truetype/noto/NotoSansArabic-Regular.ttf"),
    "Hebr": ("truetype/noto/NotoSansHebrew-Regular.ttf", "truetype/dejavu/DejaVuSans.ttf"),
    "Deva": ("truetype/noto/NotoSansDevanagari-Regular.ttf",),
    "Hani": CJK,
    "Jpan": CJK,
    "Hang": CJK,
}
SAMPLE = {"Latn": "H", "Cyrl": "Н", "Arab": "ا", "Hebr": "ה", "Deva": "क", "Hani": "国", "Jpan": "国", "Hang": "국"}
PHRASES: dict[str, tuple[str, ...]] = {
    "Latn": (
        "Development footage",
        "This is a work in progress",
        "All content subject to change",
        "Actual gameplay footage, not final",
        "Captured in-game on PC",
        "Pre-alpha gameplay footage",
        "Not actual gameplay",
        "Alpha version - does not represent final quality",
        "www.hypercam.com Unregistered HyperCam 2",
        "Press [F] to interact with the turret",
        "Generated with artificial intelligence",
        "In-engine footage",
    ),
    "Cyrl": ("Кадры из компьютерной игры", "Не является реальной съёмкой", "Игровой процесс может измениться"),
    "Arab": ("لقطات من لعبة فيديو", "هذا المشهد من لعبة حاسوب"),
    "Hebr": ("צילום מתוך משחק מחשב", "המשחק עדיין בפיתוח"),
    "Deva": ("यह वीडियो गेम का दृश्य है", "खेल अभी विकास में है"),
    "Hani": ("游戏实机画面仅供参考", "开发中版本不代表最终品质"),
    "Jpan": ("開発中のゲーム画面です", "実際の映像とは異なります"),
    "Hang": ("개발 중인 게임 화면입니다", "실제 게임과 다를 수 있습니다"),
}
INNOCENT = (
    "2011-11-23 13:22:37",
    "CAM 04 REC",
    "38 53.210N 077 02.115W ALT 1250M",
    "FLIR max 25.5 C min 18.2",
    "WHOT FOV 12.4 RNG 3050 M HDG 214",
    "Residents gather near the river after the flood",
    "Road works in progress, please drive slowly",
    "NO PARKING ANY TIME",
    "Timetable subject to change without notice",
    "Photo: Press Office / Ministry of Transport",
    "BREAKING NEWS",
    "LIVE 19:45",
    "Exposure 7.301876 Gain 250 Temp 22.1",
    "DJI Matrice 300 RTK 2022-03-24 17:37:59",
    "28C 84F BUSHNELL 06-20-2023",
    "New housing development opens in spring",
    "All rights reserved",
    "The final match was played on Sunday",
)
HEIGHTS = (9, 11, 13, 16, 20, 26)
OPACITIES = (0.3, 0.5, 0.7, 1.0)
QUALITIES = (50, 75, 95)
KINDS = (
    "upright",
    "downscaled",
    "cropped-left",
    "cropped-right",
    "lower-halves",
    "upper-halves",
    "mirrored",
    "tilted",
    "Cyrl",
    "Arab",
    "Hebr",
    "Deva",
    "Hani",
    "Jpan",
    "Hang",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One printed picture.

    Attributes:
        kind: the difficulty.
        phrase: what was printed; empty for clean and innocent pictures.
        visible: what of it is left.
        jpeg: the picture's file.
        size: (width, height) of the picture.
        facts: the place in the grid.
    """

    kind: str
    phrase: str
    visible: str
    script: str
    background: str
    jpeg: bytes
    size: tuple[int, int]
    facts: dict[str, float] = field(default_factory=dict)


def backgrounds(folder: Path | None) -> list[tuple[str, Image.Image]]:
    """Return (name, picture) of a folder, or of the pictures that scikit-image and scikit-learn carry."""
    if folder is not None:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
        return [(path.name, Image.open(path)) for path in files]
    import skimage
    from sklearn.datasets import load_sample_images

    found = [
        (name, Image.fromarray(getattr(skimage.data, name)()))
        for name in ("astronaut", "coffee", "chelsea", "rocket", "camera", "brick", "grass", "gravel")
    ]
    return found + [(f"sklearn-{i}", Image.fromarray(picture)) for i, picture in enumerate(load_sample_images().images)]


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the middle of a picture, filling this size."""
    picture = picture.convert("RGB")
    factor = max(size[0] / picture.width, size[1] / picture.height)
    picture = picture.resize(
        (max(round(picture.width * factor), size[0]), max(round(picture.height * factor), size[1])),
        Image.Resampling.LANCZOS,
    )
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return picture.crop((left, top, left + size[0], top + size[1]))


@cache
def font_of(name: str, height: float, script: str) -> ImageFont.FreeTypeFont:
    """Return the font in the size that gives letters of this height."""
    index = {"Jpan": 0, "Hang": 1, "Hani": 2}.get(script, 0) if name.endswith(".ttc") else 0
    probe = ImageFont.truetype(str(FONTS / name), 200, index=index)
    _, top, _, bottom = probe.getbbox(SAMPLE[script])
    return ImageFont.truetype(str(FONTS / name), height * 200 / (bottom - top), index=index)


def printed(
    ground: Image.Image,
    text: str,
    font: ImageFont.FreeTypeFont,
    at: tuple[float, float],
    opacity: float,
    colour: tuple[int, int, int],
    style: str,
    tilt: float = 0.0,
) -> Image.Image:
    """Return a picture with a text whose top left corner stands at a point."""
    layer = Image.new("RGBA", ground.size, (*colour, 0))
    draw = ImageDraw.Draw(layer)
    left, top, right, bottom = draw.textbbox(at, text, font=font)
    under = ground.convert("L").crop((max(left, 0), max(top, 0), max(right, 1), max(bottom, 1)))
    bright = float(np.mean(np.asarray(under))) if 0 not in under.size else 0.0
    if style in ("plain", "shadow") and abs(bright - float(np.mean(colour))) < 90:
        # Nobody prints letters that nobody can see.
        colour = WHITE if bright < 128 else (20, 20, 20)
        style = "plain"
    if style == "box":
        colour = WHITE if sum(colour) < 300 else colour
        draw.rectangle((left - 6, top - 4, right + 6, bottom + 4), fill=(0, 0, 0, round(150 * opacity)))
    if style == "shadow":
        draw.text((at[0] + 1, at[1] + 1), text, font=font, fill=(0, 0, 0, round(255 * opacity)))
    stroke = {"stroke_width": 1, "stroke_fill": (0, 0, 0, round(255 * opacity))} if style == "outline" else {}
    inked = Image.new("RGBA", ground.size, (*colour, 0))
    ImageDraw.Draw(inked).text(at, text, font=font, fill=(*colour, round(255 * opacity)), **stroke)
    layer = Image.alpha_composite(layer, inked)
    if tilt:
        layer = layer.rotate(tilt, Image.Resampling.BICUBIC, center=((left + right) / 2, (top + bottom) / 2))
    return Image.alpha_composite(ground.convert("RGBA"), layer).convert("RGB")


def compressed(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as a JPEG file."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def cases(
    pictures: Sequence[tuple[str, Image.Image]], *, each: int, seed: int, kinds: Sequence[str] = KINDS
) -> Iterator[Case]:
    """Yield ``each`` cases of every kind, drawn from the grid by a seed."""
    for kind in kinds:
        for number in range(each):
            # Each case has a seed of its own: a kind can be run alone and gives the same pictures.
            yield _case(kind, random.Random(f"{seed}/{kind}/{number}"), pictures)


def clean(pictures: Sequence[tuple[str, Image.Image]], *, count: int, seed: int) -> Iterator[Case]:
    """Yield pictures without print and pictures with innocent print, by turns."""
    for number in range(count):
        rng = random.Random(f"{seed}/clean/{number}")
        name, picture = pictures[number % len(pictures)]
        ground = fitted(picture, rng.choice(SIZES))
        text = ""
        if number % 2:
            text = " / ".join(chosen := rng.sample(INNOCENT, 3))
            for row, words in enumerate(chosen):
                height = rng.choice(HEIGHTS)
                font = font_of(rng.choice(LATIN), height, "Latn")
                at = (rng.randint(10, 60), rng.choice((14, ground.height // 2, ground.height - 90)) + 2 * row * height)
                ground = printed(ground, words, font, at, rng.choice(OPACITIES), WHITE, "shadow")
        yield Case(
            kind="innocent" if text else "clean",
            phrase="",
            visible=text,
            script="Latn",
            background=name,
            jpeg=compressed(ground, rng.choice(QUALITIES)),
            size=ground.size,
        )


def textless(pictures: Sequence[tuple[str, Image.Image]], *, count: int, seed: int) -> Iterator[Case]:
    """Yield pictures of noise, foliage, brick, mesh and almost nothing, and crops of pictures without any text."""
    draw = (_grain, _leaves, _bricks, _mesh, _blank)
    for number in range(count):
        rng = random.Random(f"{seed}/textless/{number}")
        if pictures and number % 2:
            name, picture = pictures[(number // 2) % len(pictures)]
            wide = rng.uniform(0.4, 0.9)
            left, top = rng.uniform(0, 1 - wide) * picture.width, rng.uniform(0, 1 - wide) * picture.height
            box = (round(left), round(top), round(left + wide * picture.width), round(top + wide * picture.height))
            ground = fitted(picture.crop(box), SMALL)
        else:
            maker = draw[number // 2 % len(draw)]
            name, ground = maker.__name__.strip("_"), maker(rng)
        jpeg = compressed(ground, rng.choice(QUALITIES))
        yield Case(kind="textless", phrase="", visible="", script="Zyyy", background=name, jpeg=jpeg, size=ground.size)


SMALL = (854, 480)


def _grain(rng: random.Random) -> Image.Image:
    coarse = rng.choice((1, 2, 4))
    numbers = np.random.default_rng(rng.randrange(2**32))
    noise = numbers.normal(rng.uniform(60, 190), rng.uniform(10, 70), (SMALL[1] // coarse, SMALL[0] // coarse, 3))
    if rng.random() < 0.5:
        noise[:] = noise[:, :, :1]
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8)).resize(SMALL, Image.Resampling.BICUBIC)


def _leaves(rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", SMALL, (20, 40, 15))
    for _ in range(1500):
        size, green = rng.uniform(4, 26), rng.randint(60, 200)
        leaf = Image.new("L", (64, 64))
        ImageDraw.Draw(leaf).ellipse((4, 22, 60, 42), fill=255)
        leaf = leaf.rotate(rng.uniform(0, 360)).resize((round(size * 2), round(size * 2)))
        colour = (green // rng.randint(2, 4), green, green // 4)
        picture.paste(colour, (rng.randint(-10, SMALL[0]), rng.randint(-10, SMALL[1])), leaf)
    return picture


def _bricks(rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", SMALL, (150, 145, 135))
    draw, high = ImageDraw.Draw(picture), rng.randint(10, 40)
    for row, y in enumerate(range(0, SMALL[1], high)):
        for x in range(-3 * high, SMALL[0], 3 * high):
            red, left = rng.randint(90, 180), x + (row % 2) * 3 * high // 2
            draw.rectangle((left + 2, y + 2, left + 3 * high - 1, y + high - 1), fill=(red, red // 2, red // 3))
    return picture.rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC)


def _mesh(rng: random.Random) -> Image.Image:
    picture = Image.new("RGB", SMALL, (rng.randint(0, 255),) * 3)
    draw, step, ink = ImageDraw.Draw(picture), rng.randint(6, 30), rng.randint(0, 255)
    lean, wide = rng.choice((0, step, 4 * step)), rng.randint(1, 3)
    for x in range(-SMALL[0], 2 * SMALL[0], step):
        draw.line((x, 0, x + lean * 8, SMALL[1]), fill=(ink,) * 3, width=wide)
        draw.line((0, x, SMALL[0], x + lean), fill=(ink,) * 3, width=wide)
    return picture


def _blank(rng: random.Random) -> Image.Image:
    numbers = np.random.default_rng(rng.randrange(2**32))
    slope = np.linspace(0, rng.uniform(0, 40), SMALL[0])[None, :, None] + rng.uniform(10, 200)
    noise = slope + numbers.normal(0, rng.uniform(0, 4), (SMALL[1], SMALL[0], 3))
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8))


SIZES = ((1280, 720), (1920, 1080), (1280, 960), (1600, 900), (854, 480))
WHITE = (255, 255, 255)
COLOURS = (WHITE, WHITE, WHITE, (225, 225, 225), (255, 235, 90), (20, 20, 20))


def _case(kind: str, rng: random.Random, pictures: Sequence[tuple[str, Image.Image]]) -> Case:
    script = kind if kind in PHRASES and kind != "Latn" else "Latn"
    name, picture = rng.choice(list(pictures))
    size = rng.choice(SIZES)
    phrase = rng.choice(PHRASES[script])
    height = rng.choice((14, 16, 20, 26) if script != "Latn" else HEIGHTS)
    opacity = rng.choice(OPACITIES if kind == "upright" else (0.5, 0.7, 1.0))
    quality = rng.choice(QUALITIES)
    shrink = rng.choice((0.5, 0.67)) if kind == "downscaled" else 1.0
    tilt = rng.choice((-1, 1)) * rng.uniform(5, 9) if kind == "tilted" else 0.0
    font = font_of(rng.choice(SCRIPT_FONTS[script]), height / shrink, script)
    style = rng.choice(("plain", "plain", "shadow", "outline", "box"))
    colour = rng.choice(COLOURS)
    width, tall = round(size[0] / shrink), round(size[1] / shrink)
    ground = fitted(picture, (width, tall))
    left, top, right, bottom = font.getbbox(phrase)
    long, high = right - left, bottom - top
    margin = rng.randint(6, 40)
    x: float = rng.choice((margin, width - long - margin, (width - long) // 2)) - left
    y: float = rng.choice((margin, tall - high - margin)) - top
    visible = phrase
    if tilt:
        y = min(max(y, long * 0.1), tall - high - long * 0.1)
    if kind.startswith("cropped"):
        visible, x = _cropped(kind, rng, phrase, font, width)
    if kind.endswith("halves"):
        _, cap_top, _, cap_bottom = font.getbbox(SAMPLE[script])
        hidden = cap_top + (cap_bottom - cap_top) * rng.uniform(0.4, 0.5)
        y = -hidden if kind == "lower-halves" else tall - (cap_top + cap_bottom - hidden)
        style = "plain" if style == "box" else style
    result = printed(ground, phrase, font, (x, y), opacity, colour, style, tilt)
    if shrink != 1.0:
        result = result.resize(size, Image.Resampling.BILINEAR).filter(
            ImageFilter.SHARPEN if rng.random() < 0.3 else ImageFilter.BoxBlur(0)
        )
    if kind == "mirrored":
        result = result.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    facts = {"height": height, "opacity": opacity, "quality": quality, "letters": sum(not c.isspace() for c in visible)}
    return Case(
        kind=kind,
        phrase=phrase,
        visible=visible,
        script=script,
        background=name,
        jpeg=compressed(result, quality),
        size=result.size,
        facts=facts,
    )


def _cropped(kind: str, rng: random.Random, phrase: str, font: ImageFont.FreeTypeFont, width: int) -> tuple[str, float]:
    """Return what is left of a phrase that the border cuts, and where it starts; 6 to 20 letters stay."""
    letters = rng.randint(6, min(20, sum(not c.isspace() for c in phrase) - 1))
    half = rng.uniform(0.0, 0.5)
    if kind == "cropped-left":
        start = len(phrase)
        while sum(not c.isspace() for c in phrase[start:]) < letters:
            start -= 1
        before = font.getlength(phrase[: start - 1]) if start else 0.0
        cut = before + half * (font.getlength(phrase[:start]) - before)
        return phrase[start:].strip(), -(cut + (1 - half) * 2)
    stop = 0
    while sum(not c.isspace() for c in phrase[:stop]) < letters:
        stop += 1
    end = font.getlength(phrase[:stop]) + half * (font.getlength(phrase[: stop + 1]) - font.getlength(phrase[:stop]))
    return phrase[:stop].strip(), width - end


__all__ = ["HEIGHTS", "INNOCENT", "KINDS", "PHRASES", "Case", "backgrounds", "cases", "clean", "textless"]
