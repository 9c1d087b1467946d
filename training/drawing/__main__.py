"""Draw a sheet of examples: ``python -m training.drawing --pictures FOLDER... --to sheet.png``."""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from PIL import Image

from training.drawing.compose import compose
from training.drawing.scene import list_pictures, load
from training.drawing.sketch import CLASSES

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", nargs="+", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    paths = list_pictures(arguments.pictures)
    tiles = []
    colours = np.random.default_rng(0).integers(60, 255, (len(CLASSES), 3))
    for index in range(arguments.count):
        rng = np.random.default_rng([arguments.seed, index])
        example = compose(rng, lambda rng=rng: load(paths[int(rng.integers(len(paths)))]))
        picture = example.pixels.copy()
        shown = np.where(example.labels[..., None] > 0, picture * 0.3 + colours[example.labels] * 0.7, picture * 0.5)
        pair = np.concatenate([picture, shown.astype(np.uint8)], axis=1)
        pair = cv2.resize(pair, (760, round(380 * picture.shape[0] / picture.shape[1])))[:230]
        tile = np.zeros((245, 760, 3), np.uint8)
        tile[15 : 15 + pair.shape[0]] = pair
        cv2.putText(tile, example.kind, (3, 11), 0, 0.4, (255, 255, 0), 1)
        tiles.append(tile)
    rows = [np.concatenate(tiles[i : i + 2], axis=1) for i in range(0, len(tiles) - 1, 2)]
    Image.fromarray(np.concatenate(rows)).save(arguments.to)
