"""How much of what borders leave nobody could tell: the letters that ordinary text leaves there as well.

    PYTHONPATH=. python -m benchmarks.matching_limit

For the end and the begin of every Latin phrase, so many letters long: how often ordinary text (English four words of
ten, the other languages alike; training/ordinary_text.py) has the same letters at the end, or the begin, of a word. A
matcher that names a game for them is wrong so often. The best that any matcher could do without a letter misread is to
name the rarest fragments first, until their chance finds together reach the budget.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from detector.knowledge import load_knowledge
from detector.knowledge.folding import fold, main_script
from training.ordinary_text import free_text

LETTERS = (5, 6, 7, 8, 10, 12)
BUDGET = 0.001  # chance finds in a genuine picture
ENGLISH = 0.4
WORDS = 30_000  # words of a language that are enough; English has ten times as many
LINES_A_PICTURE = 0.5  # lines that a border cuts on this side


def rates(wanted: set[str], side: str) -> tuple[dict[str, float], int]:
    """Return how often a word of ordinary text ends (or begins) with each fragment, and how many words were read."""
    texts = free_text()
    languages = [name for name, rows in texts.items() if main_script("".join(map("".join, rows[:50]))) == "Latn"]
    result: dict[str, float] = Counter()
    total = 0
    for language in languages:
        rows = list(texts[language])
        random.Random(language).shuffle(rows)
        most = WORDS * (10 if language == "en" else 1)
        found: Counter[str] = Counter()
        words = 0
        for row in rows:
            folded = fold(" ".join(row))
            starts = [place for place, start in enumerate(folded.starts) if start]
            places = starts if side == "right" else [*starts[1:], len(folded.letters)]
            words += len(places)
            for count in LETTERS:
                for place in places:
                    part = (
                        folded.letters[place : place + count]
                        if side == "right"
                        else folded.letters[max(place - count, 0) : place]
                    )
                    if part in wanted:
                        found[part] += 1
            if words > most:
                break
        total += words
        share = ENGLISH if language == "en" else (1 - ENGLISH) / (len(languages) - 1)
        for part, number in found.items():
            result[part] += share * number / words
    return result, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    phrases = [phrase for phrase in load_knowledge().matcher.phrases if phrase.script == "Latn" and phrase.size >= 10]
    long = [phrase for phrase in phrases if phrase.size >= 25 and phrase.signature.speaks_for]
    print("| cut at | letters | phrases whose letters ordinary text was seen to leave | the most that can be named |")
    print("|---|---|---|---|")
    for side in ("left", "right"):

        def cut(letters: str, count: int, side: str = side) -> str:
            return letters[-count:] if side == "left" else letters[:count]

        wanted = {cut(phrase.folded.letters, count) for phrase in phrases for count in LETTERS}
        seen, total = rates(wanted, side)
        for count in LETTERS:
            parts = sorted(
                {cut(phrase.folded.letters, count) for phrase in phrases}, key=lambda part: seen.get(part, 0)
            )
            spent, named = 0.0, set()
            for part in parts:
                # What was never seen is taken to be half as rare as what was seen once.
                spent += LINES_A_PICTURE * (seen.get(part, 0) or 0.5 / total)
                if spent > BUDGET:
                    break
                named.add(part)
            ordinary = sum(seen.get(cut(phrase.folded.letters, count), 0) > 0 for phrase in long) / len(long)
            most = sum(cut(phrase.folded.letters, count) in named for phrase in long) / len(long)
            print(f"| {side} | {count} | {ordinary:.0%} | {most:.0%} |", flush=True)
    print(f"\n{len(long)} phrases with 25 letters and more among {len(phrases)}; {total:,} words of ordinary text.")


if __name__ == "__main__":
    main()
