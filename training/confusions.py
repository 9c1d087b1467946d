"""Counts what engines confuse on printed text of known content, and writes models/letters-v1/config.json.

    PYTHONPATH=. python -m training.confusions --lines 1500

Lines of words and codes are printed as overlays are: small, light or dark, half transparent, over a noisy
ground, compressed. Both engines read the very strip that holds the line (``Engine.recognise``). Letters are
folded as the matcher folds them, aligned by edit distance, and counted; counts are smoothed with the table
that stands in the file, as if it had been seen ``PRIOR`` times a letter.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from detector.knowledge.costs import ALPHABET
from detector.knowledge.folding import fold
from detector.registry import ENGINES
from training.ordinary_text import free_text, snippet

CONFIG = Path("models/letters-v1/config.json")
PRIOR = 150
FONTS = ("dejavu", "liberation", "croscore", "urw-base35")
PAIRS = ("rn>m", "m>rn", "vv>w", "w>vv", "cl>d", "d>cl", "ii>u", "li>h", "nn>m", "ri>n", "in>m", "tt>n", "ti>n")


def fonts() -> list[str]:
    found = [
        str(path)
        for path in sorted(Path("/usr/share/fonts").rglob("*.[ot]tf"))
        if any(name in path.parts for name in FONTS) and "Symbol" not in path.name and "Dingbats" not in path.name
    ]
    if not found:
        raise SystemExit("no fonts: apt-get install fonts-dejavu fonts-liberation fonts-croscore fonts-urw-base35")
    return found


def strip(text: str, font_file: str, rng: random.Random) -> np.ndarray:
    """Return (height, width, 3) uint8: one line of text as an overlay."""
    font = ImageFont.truetype(font_file, rng.choice((9, 10, 11, 12, 14, 16, 20)))
    left, top, right, bottom = font.getbbox(text)
    size = (int(right - left) + 8, int(bottom - top) + 6)
    noise = np.random.default_rng(rng.randrange(2**32))
    base = rng.randrange(30, 200)
    ground = np.clip(noise.normal(base, rng.choice((3, 10, 22)), (size[1], size[0])), 0, 255).astype(np.uint8)
    image = Image.fromarray(ground).convert("RGB")
    layer = Image.new("L", size, 0)
    ImageDraw.Draw(layer).text((4 - left, 3 - top), text, 255, font)
    shade = 255 if base < 128 else 10
    layer = layer.point(lambda value: int(value * opacity)) if (opacity := rng.choice((1.0, 0.8, 0.55))) < 1 else layer
    image.paste((shade, shade, shade), mask=layer)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=rng.choice((35, 55, 75, 90)))
    return np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))


def code(rng: random.Random) -> str:
    return "".join(rng.choice("0123456789ABCDEFGHKLMNPRSTVWXYZ0123456789") for _ in range(rng.randrange(3, 8)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1500)
    parser.add_argument("--engines", default="rapidocr,tesseract")
    arguments = parser.parse_args()
    rng = random.Random(5)
    texts = free_text()["en"]
    files = fonts()
    printed: list[str] = []
    strips: list[np.ndarray] = []
    while len(strips) < arguments.lines:
        text = snippet(texts, 22, rng) if rng.random() < 0.75 else f"{code(rng)} {code(rng)}"
        text = text.upper() if rng.random() < 0.35 else text
        if not text.isascii() or len(text) < 6:
            continue
        try:
            strips.append(strip(text, rng.choice(files), rng))
        except (OSError, ValueError):
            continue
        printed.append(text)
    pairs: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    extra = dropped = letters = 0
    wrong_by_confidence: dict[int, list[int]] = {}
    for name in arguments.engines.split(","):
        engine = ENGINES.get(name)(threads=1)
        results = [result for at in range(0, len(strips), 40) for result in engine.recognise(strips[at : at + 40])]
        right = total = 0
        for text, result in zip(printed, results, strict=True):
            want, got = fold(text), fold(result.text)
            edits = Levenshtein.editops(want.letters, got.letters)
            if len(edits) > 0.4 * len(want.letters):
                continue  # not read at all: nothing to learn from
            total += len(want.letters)
            right += len(want.letters) - len(edits)
            letters += len(want.letters)
            seen.update(want.letters)
            changed = set()
            for edit in edits:
                if edit.tag == "replace":
                    pairs[want.letters[edit.src_pos], got.letters[edit.dest_pos]] += 1
                    changed.add(edit.dest_pos)
                elif edit.tag == "insert":
                    extra += 1
                    changed.add(edit.dest_pos)
                else:
                    dropped += 1
            for pair in PAIRS:
                source, target = pair.split(">")
                for place in range(len(want.letters)):
                    if want.letters.startswith(source, place):
                        seen[source] += 1
            for joined in _joined(want.letters, got.letters):
                pairs[joined] += 1
            if result.char_confidences:
                for place, index in enumerate(got.index):
                    row = wrong_by_confidence.setdefault(min(int(result.char_confidences[index] * 10), 9), [0, 0])
                    row[0] += place in changed
                    row[1] += 1
        sys.stderr.write(f"{name}: {right / max(total, 1):.3f} of {total} letters read right\n")
    config = json.loads(CONFIG.read_text("utf-8"))
    costs = config["costs"]
    # Where this is run again, the table of before is the prior that was printed beside the counts.
    prior = costs.get("prior") or dict(costs["confused"])
    table: dict[str, float] = {}
    for pair in sorted({*prior, *(f"{a}>{b}" for (a, b), count in pairs.items() if count >= 4)}):
        source, target = pair.split(">")
        if any(letter not in ALPHABET for letter in source + target):
            continue
        share = 2.0 ** prior.get(pair, costs["wrong"])
        value = (pairs[source, target] + PRIOR * share) / (seen[source] + PRIOR)
        table[pair] = round(float(np.log2(value)), 2)
    costs["confused"] = table
    costs["prior"] = prior
    costs["extra"] = round(float(np.log2((extra + 20) / (letters + 2000))), 2)
    costs["dropped"] = round(float(np.log2((dropped + 30) / (letters + 2000))), 2)
    config["costs"] = costs
    config["measured_on_letters"] = letters
    CONFIG.write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stderr.write("now run training.letters_null: it calibrates and writes SHA256SUMS\n")
    for level in sorted(wrong_by_confidence):
        wrong, count = wrong_by_confidence[level]
        sys.stderr.write(f"confidence {level / 10:.1f}: {wrong / count:.3f} of {count} wrong\n")
    common = ", ".join(f"{a}>{b} {count}" for (a, b), count in pairs.most_common(40))
    sys.stderr.write(f"extra {extra}, dropped {dropped}, of {letters}; {common}\n")


def _joined(want: str, got: str) -> list[tuple[str, str]]:
    """Return known pairs such as rn read as m, where both texts agree around them."""
    found = []
    for edit in Levenshtein.opcodes(want, got):
        if edit.tag == "equal":
            continue
        for pair in PAIRS:
            source, target = pair.split(">")
            for back in (0, 1):
                begin_w, begin_g = edit.src_start - back, edit.dest_start - back
                if (
                    begin_w >= 0
                    and begin_g >= 0
                    and want.startswith(source, begin_w)
                    and got.startswith(target, begin_g)
                ):
                    after_w, after_g = begin_w + len(source), begin_g + len(target)
                    if want[after_w : after_w + 2] == got[after_g : after_g + 2] and (source, target) not in found:
                        found.append((source, target))
    return found


if __name__ == "__main__":
    main()
