"""How many letters have to survive where an engine reads them: its own errors, its own confidences.

    PYTHONPATH=. python -m benchmarks.matching_read

As in benchmarks/matching.py so many letters of a phrase are left at a border; here they are printed small, half
transparent, over noise and compressed (training/confusions.py), and RapidOCR reads them. Rows say how many of the
letters it got wrong (letters changed, dropped and added, by those that are there).
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict

from rapidfuzz.distance import Levenshtein

from benchmarks.matching import DISTINCTIVE, TOLD, identified, share, surprise, surviving
from detector.knowledge import load_knowledge
from detector.knowledge.folding import fold, main_script
from detector.registry import ENGINES
from training.confusions import fonts, strip

LETTERS = (6, 8, 10, 12)
LEVELS = ((0.0, 0.0, "none"), (0.0, 0.15, "up to 15 %"), (0.15, 0.30, "15 to 30 %"), (0.30, 9.0, "more"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--engine", default="rapidocr")
    arguments = parser.parse_args()
    knowledge = load_knowledge()
    engine = ENGINES.get(arguments.engine)(threads=1)
    files = fonts()
    long = [
        phrase
        for phrase in knowledge.matcher.phrases
        if phrase.size >= 25 and main_script(phrase.folded.letters) == "Latn" and phrase.signature.speaks_for
    ]
    print("| letters | of them wrong | readings | told | of distinctive ones |")
    print("|---|---|---|---|---|")
    for count in LETTERS:
        rows: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for cut in ("left", "right"):
            rng = random.Random(f"{cut} {count}")
            texts = [surviving(rng.choice(long), count, cut, rng) for _ in range(arguments.trials)]
            strips = [strip(text, rng.choice(files), rng) for text in texts]
            results = [result for at in range(0, len(strips), 40) for result in engine.recognise(strips[at : at + 40])]
            for text, result in zip(texts, results, strict=True):
                want, got = fold(text).letters, fold(result.text).letters
                wrong = Levenshtein.distance(want, got) / count
                level = next(name for low, high, name in LEVELS if (wrong == 0 if high == 0 else low < wrong <= high))
                confidences = tuple(result.char_confidences or ())
                known = bool(got) and len(confidences) == len(result.text)
                bits = identified(knowledge, result.text, want, cut, confidences) if known else 0.0
                rows[level].append((bits >= TOLD, surprise(text, cut) >= DISTINCTIVE))
        rows["all readings"] = [row for name in list(rows) for row in rows[name]]
        for name in ("all readings", *(name for _, _, name in LEVELS)):
            found = rows[name]
            special = [told for told, distinctive in found if distinctive]
            told = share(sum(good for good, _ in found), len(found))
            print(f"| {count} | {name} | {len(found)} | {told} | {share(sum(special), len(special))} |", flush=True)


if __name__ == "__main__":
    main()
