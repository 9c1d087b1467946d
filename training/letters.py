"""Makes models/letters-v1/letters.npz: how likely each letter is in ordinary text, given those before it.

    pip install wordfreq
    PYTHONPATH=. python -m training.letters

Input are the word frequencies of `wordfreq` (facts about language, needed only here, never at run time). Each
word is folded as the matcher folds text, and its letters are counted in up to four letters of context, a
word's begin and end among them. Smoothing is Witten-Bell; what a shorter context predicts nearly as well is
left out.
"""

from __future__ import annotations

import heapq
import io
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import wordfreq

from detector.knowledge.folding import fold, main_script

OUTPUT = Path("models/letters-v1/letters.npz")
BOUNDARY = "^"
OTHER_LATIN = [
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "cs",
    "tr",
    "sv",
    "da",
    "fi",
    "nb",
    "id",
    "ro",
    "hu",
    "vi",
    "ca",
    "fil",
    "ms",
    "sk",
    "sl",
    "lt",
    "lv",
    "is",
    "sh",
]
# English carries more weight in Latin script, since most overlays are in English wherever they are made.
SCRIPTS: dict[str, dict[str, float]] = {
    "Latn": {"en": 0.4} | dict.fromkeys(OTHER_LATIN, 0.6 / 26),
    "Cyrl": {"ru": 0.5, "uk": 0.3, "bg": 0.1, "mk": 0.1},
    "Grek": {"el": 1.0},
    "Arab": {"ar": 0.6, "fa": 0.25, "ur": 0.15},
    "Hebr": {"he": 1.0},
    "Deva": {"hi": 1.0},
    "Beng": {"bn": 1.0},
    "Taml": {"ta": 1.0},
    "Hani": {"zh": 0.6, "ja": 0.4},
    "Hang": {"ko": 1.0},
}  # fmt: skip
ORDER = {"Hani": 2, "Hang": 2, "Deva": 4, "Beng": 4, "Taml": 4}
LEAST = {"Latn": 6e-8, "Hani": 1e-6, "Hang": 2e-6}  # share of all letters below which an n-gram is left out
WORDS = 40_000
GAIN = 0.35  # bits that a longer context has to change, weighted below, to be kept


def count(script: str) -> tuple[dict[str, float], list[str]]:
    """Return the weight of each n-gram of letters up to the script's order, and the alphabet."""
    order = ORDER.get(script, 5)
    grams: dict[str, float] = defaultdict(float)
    total = 0.0
    for language, weight in SCRIPTS[script].items():
        table = wordfreq.get_frequency_dict(language, wordlist="best")
        for word, frequency in heapq.nlargest(WORDS, table.items(), key=lambda row: (row[1], row[0])):
            letters = fold(word).letters
            if not letters or any(letter.isdigit() for letter in letters) or main_script(letters) != script:
                continue
            share = frequency * weight
            marked = BOUNDARY + letters + BOUNDARY
            for place in range(1, len(marked)):
                for length in range(1, min(order, place + 1) + 1):
                    grams[marked[place + 1 - length : place + 1]] += share
            total += share * (len(marked) - 1)
    grams = {gram: value / total for gram, value in grams.items()}
    singles = sorted((gram for gram in grams if len(gram) == 1), key=lambda gram: -grams[gram])
    limit = 60 if script not in ("Hani", "Hang") else 4000
    alphabet = [BOUNDARY, *(letter for letter in singles if letter != BOUNDARY)][:limit]
    known = set(alphabet)
    return {gram: value for gram, value in grams.items() if known.issuperset(gram)}, alphabet


def smooth(
    grams: dict[str, float], alphabet: list[str], order: int, least: float
) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Return, by order, the probability of each kept n-gram and the back-off weight of each context."""
    uniform = 1.0 / len(alphabet)
    followers: dict[str, dict[str, float]] = defaultdict(dict)
    for gram, value in grams.items():
        followers[gram[:-1]][gram[-1]] = value
    scale = 3e7  # how many letters the frequencies stand for, for the Witten-Bell weights

    def witten_bell(context: str) -> float:
        seen = followers.get(context, {})
        mass = sum(seen.values()) * scale
        return mass / (mass + len(seen)) if seen else 0.0

    full: dict[str, dict[str, float]] = {}

    def distribution(context: str) -> dict[str, float]:
        if context in full:
            return full[context]
        shorter = distribution(context[1:]) if context else dict.fromkeys(alphabet, uniform)
        seen = followers.get(context, {})
        mass = sum(seen.values())
        weight = witten_bell(context)
        result = {
            letter: weight * (seen.get(letter, 0.0) / mass if mass else 0.0) + (1 - weight) * shorter[letter]
            for letter in alphabet
        }
        full[context] = result
        return result

    kept: list[tuple[dict[str, float], dict[str, float]]] = []
    for length in range(1, order + 1):
        probabilities: dict[str, float] = {}
        backoff: dict[str, float] = {}
        contexts = [context for context in followers if len(context) == length - 1]
        for context in contexts:
            seen = followers[context]
            if context and sum(seen.values()) < least * 4:
                continue
            here = distribution(context)
            if not context:
                probabilities.update({letter: here[letter] for letter in alphabet})
                continue
            shorter = distribution(context[1:])
            own = {
                letter: here[letter]
                for letter, value in seen.items()
                if value >= least and (length <= 2 or abs(np.log2(here[letter] / shorter[letter])) > GAIN)
            }
            if not own:
                continue
            probabilities.update({context + letter: value for letter, value in own.items()})
            rest = 1 - sum(own.values())
            backoff[context] = max(rest, 1e-4) / max(1 - sum(shorter[letter] for letter in own), 1e-4)
        kept.append((probabilities, backoff))
        full = {context: value for context, value in full.items() if len(context) >= length - 1}
    return kept


def main() -> None:
    arrays: dict[str, np.ndarray] = {}
    for script in SCRIPTS:
        order = ORDER.get(script, 5)
        grams, alphabet = count(script)
        place = {letter: number for number, letter in enumerate(alphabet)}
        base = len(alphabet)
        arrays[f"{script}.alphabet"] = np.array([ord(letter) for letter in alphabet], np.uint32)
        for length, (probabilities, backoff) in enumerate(smooth(grams, alphabet, order, LEAST.get(script, 1e-7)), 1):
            for name, table in (("p", probabilities), ("b", backoff)):
                keys = np.array([_key(gram, place, base) for gram in table], np.uint64)
                values = np.array([-np.log2(value) for value in table.values()])
                sorting = np.argsort(keys)
                # Differences of sorted keys compress well; a sixteenth of a bit is finer than the model is.
                arrays[f"{script}.{length}{name}.keys"] = np.diff(keys[sorting], prepend=np.uint64(0)).astype(np.uint32)
                arrays[f"{script}.{length}{name}.bits"] = np.clip(np.round(values[sorting] * 16), -127, 400).astype(
                    np.int16
                )
        kept = sum(len(v) for k, v in arrays.items() if k.startswith(script) and k.endswith("p.keys"))
        sys.stderr.write(f"{script}: {base} letters, {kept} n-grams\n")
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(OUTPUT, arrays)
    sys.stderr.write(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes\n")


def _key(gram: str, place: dict[str, int], base: int) -> int:
    key = 0
    for letter in gram:
        key = key * base + place[letter]
    return key


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an .npz whose bytes depend on nothing but the arrays (numpy's own carries the time)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9
            )


if __name__ == "__main__":
    main()
