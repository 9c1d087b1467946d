"""How many letters have to survive, how often ordinary text is mistaken, and how long matching takes.

    PYTHONPATH=. python -m benchmarks.matching            # all tables, and docs/matching-curve.svg
    PYTHONPATH=. python -m benchmarks.matching --only speed

Phrases are those of the packaged signatures with 25 letters and more. A part of one stands in a picture of
1280 by 720 among three ordinary lines: its end at the left border, its begin at the right border, or a part
from its middle standing free. Letters are misread as the counted confusions say, or at random where a letter
has none; misread letters get the confidences that they were found to have. "Identified" means that a match is
reported whose phrase holds these letters.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from detector.knowledge import Knowledge, load_knowledge
from detector.knowledge.costs import packaged_costs, read_config
from detector.knowledge.folding import fold, main_script
from detector.knowledge.lint import clean_text
from detector.knowledge.phrases import Phrase
from detector.types import Observations, Signature, TextLine, box_quad

SIZE = (1280, 720)
LETTERS = (4, 5, 6, 7, 8, 10, 12, 16, 20)
ERRORS = (0.0, 0.05, 0.10, 0.20)
CURVE = Path("docs/matching-curve.svg")
FOUNDING = "disclaimers.work-in-progress"
OTHERS = ("Traffic on the northern ring road", "Temperature 14 C", "Minister visits factory")


def text_line(text: str, left: float, top: float, confidences: tuple[float, ...] | None = None) -> TextLine:
    quad = box_quad(left, top, left + 9.0 * len(text), top + 20)
    return TextLine(text=text, confidence=0.95, quad=quad, engine="none", char_confidences=confidences)


def picture(text: str, cut: str, confidences: tuple[float, ...] | None = None) -> Observations:
    left = {"left": 0.0, "right": SIZE[0] - 9.0 * len(text)}.get(cut, 500.0)
    others = [text_line(other, 200, 300 + 90 * row) for row, other in enumerate(OTHERS)]
    return Observations(source="", sha256="", size=SIZE, lines=(text_line(text, left, 20, confidences), *others))


def surviving(phrase: Phrase, count: int, cut: str, rng: random.Random) -> str:
    """Return what is left of a phrase: so many letters of its end, its begin, or its middle."""
    begin = 0
    if cut == "left":
        begin = phrase.size - count
    elif cut == "middle":
        begin = rng.randrange(1, phrase.size - count)
    return phrase.folded.quote(begin, begin + count)


def misread(text: str, share: float, rng: random.Random) -> tuple[str, tuple[float, ...]]:
    """Return the text as an engine might read it, with a confidence for each character."""
    costs = packaged_costs()
    table = {}
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    letters, confidences = [], []
    for character in text:
        low = character.lower()
        if character.isalnum() and rng.random() < share:
            if low not in table and low in alphabet:
                row = costs.letters[alphabet.index(low), : len(alphabet)]
                table[low] = [
                    2.0 ** float(bits) if other != low else 0.0 for other, bits in zip(alphabet, row, strict=True)
                ]
            letters.append(rng.choices(alphabet, table[low])[0] if low in table else rng.choice(alphabet))
            confidences.append(rng.uniform(0.3, 0.95))
        else:
            letters.append(character)
            confidences.append(rng.uniform(0.5, 0.9) if rng.random() < 0.03 else rng.uniform(0.9, 1.0))
    return "".join(letters), tuple(confidences)


def identified(knowledge: Knowledge, text: str, want: str, cut: str, confidences: tuple[float, ...]) -> float:
    """Return the bits of the best match whose phrase holds these letters; 0 if none is reported."""
    for match in knowledge.match(picture(text, cut, confidences)):
        if want in fold(match.phrase).letters and 0 in match.lines:
            return match.bits
    return 0.0


def recognition(knowledge: Knowledge, trials: int) -> None:
    long = [
        phrase
        for phrase in knowledge.matcher.phrases
        if phrase.size >= 25 and main_script(phrase.folded.letters) == "Latn" and phrase.signature.speaks_for
    ]
    part = [phrase for phrase in long if not phrase.whole]
    print(f"{len(long)} phrases, {len(part)} of them looked for in part everywhere; {trials} trials a cell")
    for cut in ("left", "right", "middle"):
        print(f"\n| cut {cut}, letters | " + " | ".join(f"{share:.0%} wrong" for share in ERRORS) + " |")
        print("|---" * (len(ERRORS) + 1) + "|")
        for count in LETTERS:
            cells = []
            for share in ERRORS:
                rng = random.Random(f"{cut} {count} {share}")
                hits = 0
                for _ in range(trials):
                    phrase = rng.choice(part if cut == "middle" else long)
                    text = surviving(phrase, count, cut, rng)
                    read, confidences = misread(text, share, rng)
                    hits += identified(knowledge, read, fold(text).letters, cut, confidences) > 0
                cells.append(f"{hits / trials:.0%}")
            print(f"| {count} | " + " | ".join(cells) + " |")


def curve(knowledge: Knowledge) -> None:
    """Print the bits of the founding phrase by surviving letters, and draw them."""
    phrase = next(phrase for phrase in knowledge.matcher.phrases if phrase.signature.id == FOUNDING)
    last = phrase.folded.text.rfind("All content")
    begin = next(place for place, index in enumerate(phrase.folded.index) if index >= last)
    rows = []
    for count in range(3, 31):
        # The last of its three lines, cropped at the right, the begin left; as in the founding picture.
        stop = min(begin + count, phrase.size)
        text = phrase.folded.quote(begin, stop)
        other = phrase.folded.quote(max(0, begin - 8 - count), begin - 8)
        rows.append((count, text, bits_of(knowledge, text, "right"), bits_of(knowledge, other, "left")))
    print("\n| letters | left of the third line | bits | inside, at the left border: bits |\n|---|---|---|---|")
    for count, text, bits, inner in rows:
        print(f"| {count} | {text} | {bits:.1f} | {inner:.1f} |")
    CURVE.write_text(svg([(count, bits, inner) for count, _, bits, inner in rows]), "utf-8")


def bits_of(knowledge: Knowledge, text: str, cut: str) -> float:
    return next((m.bits for m in knowledge.match(picture(text, cut)) if m.signature.id == FOUNDING), 0.0)


def svg(rows: list[tuple[int, float, float]]) -> str:
    """Return a small line chart."""
    width, height, top = 640, 320, max(max(a, b) for _, a, b in rows) * 1.1 or 1.0

    def points(column: int) -> str:
        return " ".join(
            f"{50 + (row[0] - 3) / 27 * (width - 80):.1f},{height - 40 - row[column] / top * (height - 70):.1f}"
            for row in rows
        )

    ticks = "".join(
        f'<text x="{50 + (count - 3) / 27 * (width - 80):.0f}" y="{height - 22}" text-anchor="middle">{count}</text>'
        for count in range(3, 31, 3)
    ) + "".join(
        f'<text x="44" y="{height - 36 - level / top * (height - 70):.0f}" text-anchor="end">{level}</text>'
        f'<line x1="50" x2="{width - 30}" y1="{height - 40 - level / top * (height - 70):.0f}" '
        f'y2="{height - 40 - level / top * (height - 70):.0f}" stroke="#ddd"/>'
        for level in range(0, int(top) + 1, 5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{ticks}'
        f'<polyline fill="none" stroke="#1f6feb" stroke-width="2" points="{points(1)}"/>'
        f'<polyline fill="none" stroke="#d1242f" stroke-width="2" stroke-dasharray="5 3" points="{points(2)}"/>'
        f'<text x="60" y="20" fill="#1f6feb">“All content …”, cut at the right border</text>'
        f'<text x="60" y="36" fill="#d1242f">the same number of letters from inside, cut at the left border</text>'
        f'<text x="{width / 2:.0f}" y="{height - 4}" text-anchor="middle">surviving letters</text>'
        f'<text x="14" y="{height / 2:.0f}" transform="rotate(-90 14 {height / 2:.0f})" '
        f'text-anchor="middle">bits</text>'
        "</svg>\n"
    )


def many_signatures(knowledge: Knowledge, count: int) -> Knowledge:
    """Return as many signatures as asked for: the packaged ones, and copies with their words in another order."""
    rng = random.Random(2)
    signatures: dict[str, Signature] = dict(knowledge.signatures)
    packaged = list(signatures.values())
    while len(signatures) < count:
        model = rng.choice(packaged)
        phrases = {
            language: tuple(" ".join(rng.sample(text.split(), len(text.split()))) for text in texts)
            for language, texts in model.phrases.items()
        }
        name = f"copy.n{len(signatures)}"
        signatures[name] = replace(model, id=name, phrases=phrases, patterns=())
    return Knowledge(signatures)


def speed(knowledge: Knowledge) -> None:
    big = many_signatures(knowledge, 2000)
    rng = random.Random(3)
    texts = [text for _, text in clean_text()]
    scattered = []
    for _ in range(20):
        lines = []
        for _ in range(60):
            text = rng.choice(texts)
            lines.append(text_line(text, rng.randrange(5, max(6, SIZE[0] - 9 * len(text) - 5)), rng.randrange(0, 700)))
        scattered.append(Observations(source="", sha256="", size=SIZE, lines=tuple(lines)))
    print(
        f"\n{len(big.signatures)} signatures, {len(big.matcher.phrases)} phrases; 60 lines a picture, processor time:"
    )
    for name, value in (("packaged", knowledge), ("2,000", big)):
        value.match(scattered[0])
        times = []
        for item in scattered:
            start = time.process_time()
            value.match(item)
            times.append((time.process_time() - start) * 1000)
        times.sort()
        print(f"  {name} signatures: median {times[10]:.1f} ms, fastest {times[0]:.1f} ms, slowest {times[-1]:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--only", choices=("recognition", "curve", "speed", "null"))
    arguments = parser.parse_args()
    knowledge = load_knowledge()
    if arguments.only in (None, "curve"):
        curve(knowledge)
    if arguments.only in (None, "recognition"):
        recognition(knowledge, arguments.trials)
    if arguments.only in (None, "null"):
        print("\nFalse identifications in genuine pictures' worth of text (measured by training/letters_null.py):")
        for name, row in read_config().get("false_finds", {}).items():  # type: ignore[attr-defined]
            print(f"  {name}: {row}")
    if arguments.only in (None, "speed"):
        speed(knowledge)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
