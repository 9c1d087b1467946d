"""Says for every sample outside the founding case how it is drawn and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from drawing import WHITE, box, crosshair, in_perspective, lines, sparkle, squares, strokes, text, thermal
from PIL import Image, ImageDraw, ImageOps

Get = Callable[[str], Image.Image]
MONO = "DejaVu Sans Mono"
SANS = "Liberation Sans"
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Sample:
    """One picture: where it goes, and how it is stored."""

    name: str
    picture: Image.Image
    options: dict[str, object] = field(default_factory=dict)
    stored_as: str = ""


def enlarge(photo: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle of a photo at this size."""
    return ImageOps.fit(photo.convert("RGB"), (width, height), Image.Resampling.LANCZOS)


def games(capture: Get) -> Iterator[Sample]:
    """Screenshots as they are, and with what recorders and trailers print on them."""
    yield Sample("games/openarena-fragged.jpg", capture("openarena-fragged"))
    yield Sample("games/openarena-following.webp", capture("openarena-following"), {"quality": 82})
    yield Sample("games/warzone2100-paused.jpg", capture("warzone2100-paused"))
    yield Sample("games/warzone2100-bare.jpg", capture("warzone2100-bare"))
    yield Sample("games/extremetuxracer-race.jpg", capture("extremetuxracer-race"))
    yield Sample("games/openttd-finances.png", capture("openttd-finances").quantize(128))

    frame = capture("openarena-bare")
    rows = (
        ("GPU", "61 °C   98 %   1905 MHz", (240, 120, 60)),
        ("MEM", "5001 MHz   3921 MB", (240, 120, 60)),
        ("CPU", "58 °C   43 %   4300 MHz", (80, 190, 240)),
        ("RAM", "9127 MB", (80, 190, 240)),
        ("D3D11", "143 FPS", (240, 220, 80)),
        ("Frametime", "7.0 ms", (240, 220, 80)),
    )
    for number, (name, values, colour) in enumerate(rows):
        text(frame, (14, 12 + 27 * number), f"{name:<11}{values}", size=20, name=MONO, fill=colour, outline=1)
    yield Sample("games/afterburner.jpg", frame)

    frame = capture("extremetuxracer-race").crop((0, 0, 1280, 620)).resize((1024, 496), Image.Resampling.LANCZOS)
    text(frame, (512, 4), "www.BANDICAM.com", size=30, style="Bold", outline=1, anchor="ma")
    yield Sample("games/bandicam.jpg", frame)

    frame = capture("warzone2100-bare").crop((0, 0, 1280, 660))
    text(frame, (640, 630), "PRE-ALPHA GAMEPLAY FOOTAGE - NOT FINAL", size=26, anchor="mm", outline=1)
    yield Sample("games/trailer-mirrored.jpg", ImageOps.mirror(frame))

    frame = capture("warzone2100-above").crop((300, 30, 1000, 434)).resize((1120, 646), Image.Resampling.LANCZOS)
    text(frame, (24, 606), "Игровые кадры. Не является финальной версией игры.", size=24, outline=1)
    yield Sample("games/trailer-cyrillic.jpg", frame)

    frame = thermal(capture("warzone2100-above").crop((430, 60, 1070, 420)), seed=7, blur=0.8)
    crosshair(frame, (320, 180), 60)
    text(frame, (320, 334), "SIMULATION: Footage from a video game", size=20, anchor="mm", outline=1)
    yield Sample("games/declared.tif", frame.convert("L"), {"compression": "tiff_adobe_deflate"})


def cameras(photo: Get) -> Iterator[Sample]:
    """Photographs with what genuine devices and broadcasters print on them."""
    frame = enlarge(photo("china"), 1120, 700)
    text(frame, (24, 20), "2024-03-11 Mon 14:22:05", size=30, name=MONO, outline=2)
    text(frame, (1096, 676), "Camera 03", size=30, name=MONO, outline=2, anchor="rs")
    yield Sample("cameras/cctv.jpg", frame)

    frame = thermal(enlarge(photo("chelsea"), 1000, 665), seed=3, blur=0.6, gamma=1.2)
    box(frame, (0, 617, 1000, 665), (12, 12, 12))
    lines(frame, (18, 626), ("TRAILCAM10    59°F 15°C    30.02 inHg    06/10/2021  03:32AM",), size=25, name=MONO)
    yield Sample("cameras/trail-camera.jpg", frame)

    yield Sample("cameras/fpv-drone.jpg", _fpv(enlarge(photo("neon-road"), 1080, 675)))

    frame = enlarge(photo("neon-slope"), 1100, 733)
    stamp = ("DJI Mavic 3  1581F45TB21C", "2022-03-24 17:37:59", "34.51827°N 40.91366°E 90.3m")
    lines(frame, (22, 20), stamp, size=24, outline=1)
    yield Sample("cameras/drone-stamp.jpg", frame)

    yield Sample("cameras/news-live.jpg", _news(enlarge(photo("rocket"), 1120, 700)))

    frame = enlarge(photo("camera"), 900, 675)
    lines(frame, (880, 18), ("2023-08-19 T14:03:27Z", "AXON BODY 3 X60A1234B"), size=24, outline=1, anchor="ra")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    turned = frame.transpose(Image.Transpose.ROTATE_90)
    yield Sample("cameras/body-camera.jpg", turned, {"exif": exif})

    yield Sample("cameras/road-works.jpg", _road_works(photo))
    yield Sample("cameras/poster.jpg", _poster(photo))
    yield Sample("cameras/plain.avif", enlarge(photo("coffee"), 900, 600), {"quality": 70})
    yield Sample("cameras/named-wrongly.png", enlarge(photo("astronaut"), 700, 700), {"quality": 85}, "JPEG")


def _fpv(frame: Image.Image) -> Image.Image:
    style: dict[str, Any] = {"size": 26, "name": MONO, "style": "Bold", "outline": 2}
    text(frame, (540, 26), "CRAFT 7", anchor="ma", **style)
    lines(frame, (26, 40), ("LQ 9:98", "-71 dBm"), **style)
    lines(frame, (1054, 40), ("ACRO", "ARMED"), anchor="ra", **style)
    text(frame, (540, 230), "LOW BATTERY", anchor="ma", **style)
    lines(frame, (26, 570), ("14.2V  3.55V", "1178 mAh  8.4A"), **style)
    lines(frame, (1054, 570), ("ALT 68.2m", "04:37"), anchor="ra", **style)
    ladder = [
        [(540 + side * 90, 340 + step * 45), (540 + side * 130, 340 + step * 45)]
        for side in (-1, 1)
        for step in (-2, -1, 0, 1, 2)
    ]
    strokes(frame, [*ladder, [(520, 340), (560, 340)]], width=3)
    return frame


def _news(frame: Image.Image) -> Image.Image:
    box(frame, (26, 24, 118, 66), (200, 16, 24))
    text(frame, (72, 45), "LIVE", size=30, style="Bold", anchor="mm")
    text(frame, (1094, 45), "CHANNEL 9 NEWS", size=26, style="Bold", anchor="rm", outline=1)
    box(frame, (26, 540, 1094, 584), (200, 16, 24))
    text(frame, (44, 562), "BREAKING NEWS", size=30, style="Bold", anchor="lm")
    box(frame, (26, 584, 1094, 644), (245, 245, 245))
    text(
        frame,
        (44, 614),
        "Rocket lifts off from the coast after two delays",
        size=34,
        style="Bold",
        fill=(16, 20, 40),
        anchor="lm",
    )
    box(frame, (0, 654, 1120, 700), (14, 22, 60), 0.95)
    ticker = "14:05   Rain expected in the north tonight  •  Trains run late on three lines  •  City wins 2-1"
    text(frame, (20, 677), ticker, size=25, anchor="lm")
    return frame


def _scene(photo: Get) -> Image.Image:
    """Return a brick wall above a gravel path, in late light."""
    tint = {"brick": ((40, 22, 14), (228, 176, 150)), "gravel": ((34, 32, 30), (214, 208, 198))}
    rows = {name: ImageOps.colorize(photo(name).convert("L"), *colours) for name, colours in tint.items()}
    scene = Image.new("RGB", (1080, 720))
    wall = rows["brick"].transpose(Image.Transpose.ROTATE_90).resize((1080, 1080), Image.Resampling.LANCZOS)
    scene.paste(wall, (0, 0))
    path = Image.new("RGB", (1536, 512))
    for number in range(3):
        path.paste(rows["gravel"], (512 * number, 0))
    in_perspective(scene, path, ((0, 520), (1080, 520), (1500, 724), (-420, 724)))
    return scene


def _road_works(photo: Get) -> Image.Image:
    scene = _scene(photo)
    sign = Image.new("RGB", (520, 300), (244, 196, 20))
    ImageDraw.Draw(sign).rectangle((8, 8, 511, 291), outline=(20, 20, 20), width=7)
    for number, row in enumerate(("ROAD WORKS", "IN PROGRESS", "Timetable subject to change")):
        size = 58 if number < 2 else 32
        text(sign, (260, 72 + 82 * number), row, size=size, style="Bold", fill=(20, 20, 20), anchor="mm")
    strokes(scene, [[(395, 470), (388, 690)], [(720, 452), (728, 660)]], (70, 70, 72), 14)
    in_perspective(scene, sign, ((330, 236), (770, 196), (782, 470), (322, 490)))
    return scene


def _poster(photo: Get) -> Image.Image:
    scene = _scene(photo)
    poster = Image.new("RGB", (420, 600), (18, 26, 58))
    flower = enlarge(photo("flower"), 380, 290)
    poster.paste(flower, (20, 128))
    text(poster, (210, 66), "GAMEPLAY", size=66, style="Bold", fill=(250, 210, 60), anchor="mm")
    text(poster, (210, 462), "the museum of play", size=38, anchor="mm")
    text(poster, (210, 516), "PRESS START", size=42, style="Bold", fill=(250, 210, 60), anchor="mm")
    text(poster, (210, 566), "every day 10 - 18 h", size=28, anchor="mm")
    in_perspective(scene, poster, ((400, 90), (690, 64), (700, 520), (392, 500)))
    return scene


def marks(photo: Get) -> Iterator[Sample]:
    """Photographs with the marks of agencies, generators and platforms; the marks are drawn, not theirs."""
    frame = enlarge(photo("flower"), 1100, 733)
    for row in range(4):
        for column in range(3):
            at = (30 + 380 * column + (row % 2) * 90, 150 + 180 * row)
            text(frame, at, "shutterstock", size=50, style="Bold", angle=28, opacity=0.45)
    text(frame, (550, 714), "shutterstock.com · 2083114796", size=24, anchor="mm", outline=1)
    yield Sample("marks/stock.jpg", frame)

    frame = enlarge(photo("coffee"), 800, 533)
    text(frame, (776, 512), "AI生成", size=36, name="Noto Sans CJK SC", anchor="rs", outline=1, opacity=0.9)
    shape = Image.new("L", frame.size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, 799, 532), 40, fill=255)
    frame = frame.quantize(200).convert("RGBA")
    frame.putalpha(shape)
    yield Sample("marks/ai-label.png", frame.quantize(224, method=Image.Quantize.FASTOCTREE))

    frame = enlarge(photo("neon-oaks"), 900, 600)
    text(frame, (24, 566), "AI-generated image", size=26, outline=1)
    yield Sample("marks/ai-english.jpg", frame)

    frame = enlarge(photo("chelsea"), 1200, 896)
    sparkle(frame, (1040, 736), 96, opacity=0.5)
    yield Sample("marks/gemini-sparkle.jpg", frame.resize((900, 672), Image.Resampling.LANCZOS), {"quality": 80})

    frame = enlarge(photo("coffee"), 1024, 1024)
    squares(frame, (944, 1008), 16)
    yield Sample("marks/dall-e-2.webp", frame.resize((640, 640), Image.Resampling.LANCZOS), {"quality": 75})

    frame = enlarge(photo("china"), 506, 900)
    text(frame, (22, 26), "TikTok", size=34, style="Bold", outline=1)
    text(frame, (22, 66), "@summer.palace.walks", size=22, fill=WHITE, outline=1)
    yield Sample("marks/tiktok.webp", frame, {"quality": 85})
