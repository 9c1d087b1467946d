"""Makes models/letters-v1/words.npz: how frequent each ordinary word is, by a hash of its letters.

    pip install wordfreq
    PYTHONPATH=. python -m training.letters_words

A word that everybody uses is less surprising than its letters one by one; and a word that was read whole and
is a word of its own is seldom a misreading of another one. Only a hash of 32 bits and a frequency are stored.
"""

from __future__ import annotations

import heapq
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import wordfreq

from detector.knowledge.folding import fold, main_script
from detector.knowledge.letters import word_key
from training.letters import SCRIPTS, write_arrays

OUTPUT = Path("models/letters-v1/words.npz")
WORDS = {"en": 30_000, "ru": 20_000} | dict.fromkeys(("de", "fr", "es", "uk", "ar", "he"), 12_000)
OTHERS = 4_000


def main() -> None:
    weights: dict[int, float] = defaultdict(float)
    for script, languages in SCRIPTS.items():
        for language, weight in languages.items():
            table = wordfreq.get_frequency_dict(language, wordlist="best")
            most = WORDS.get(language, OTHERS)
            for word, frequency in heapq.nlargest(most, table.items(), key=lambda row: (row[1], row[0])):
                folded = fold(word)
                if len(folded.letters) < 2 or sum(folded.starts) != 1 or main_script(folded.letters) != script:
                    continue
                weights[word_key(folded.letters)] += frequency * weight
    keys = np.array(sorted(weights), np.uint32)
    bits = np.array([-np.log2(weights[key]) for key in keys.tolist()])
    write_arrays(
        OUTPUT,
        {
            "keys": np.diff(keys, prepend=np.uint32(0)),
            "bits": np.clip(np.round(bits * 4), 0, 255).astype(np.uint8),
        },
    )
    sys.stderr.write(f"{len(keys)} words, {OUTPUT.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
