"""How many letters have to survive, how often ordinary text is mistaken, and how long matching takes.

    PYTHONPATH=. python -m benchmarks.matching            # all tables, and docs/matching-curve.svg
    PYTHONPATH=. python -m benchmarks.matching --only speed

Phrases are those of the packaged signatures with 25 letters and more. A part of one stands in a picture of
1280 by 720 among three ordinary lines: its end at the left border, its begin at the right border, or a part
from its middle standing free. Where a letter is misread, another one is drawn by the matcher's own table of
confusions, in which what was never counted still has a share; so most wrong letters are such as no engine reads
(benchmarks/matching_read.py has an engine's own). They get the confidences that misread letters were found to
have. "Identified" means that a match is reported whose phrase holds these letters.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from detector import Detector
from detector.knowledge import Knowledge, load_knowledge
from detector.knowledge.costs import packaged_costs, read_config
from detector.knowledge.folding import fold, main_script
from detector.knowledge.lines import place_of, prepare
from detector.knowledge.lint import clean_text
from detector.knowledge.phrases import Phrase
from detector.types import Observations, Signature, TextLine, box_quad

SIZE = (1280, 720)
LETTERS = (4, 5, 6, 7, 8, 10, 12, 16, 20)
ERRORS = (0.0, 0.05, 0.10, 0.20)
CURVE = Path("docs/matching-curve.svg")
FOUNDING = "disclaimers.work-in-progress"
CUTS = {
    "left": "at the left border, the end is left",
    "right": "at the right border, the begin is left",
    "middle": "out of the middle, standing free",
}
TOLD = 3.0  # bits from which on a report tells a find
DISTINCTIVE = 20.0  # bits
SHARED = {
    "gunships and their sensors": (
        "WHOT", "BHOT", "WHT", "BLK", "RNG 2214", "SLT RNG 4120 M", "ALT 14500", "HDG 087", "AZ 214.3", "EL -11.8",
        "LRF", "LASER", "LSR ARM", "ARMED", "NFOV", "MFOV", "WFOV", "ZOOM 4.0X", "TGT", "FLIR", "TRK", "GS 180",
        "TAS 220", "N34 12.551 E069 10.004", "11S MS 12345 67890", "105MM", "25MM 40MM 105MM", "GUN", "SAFE", "FIRE",
        "MISSILE", "TARGET", "IR", "TV",
    ),
    "drones": (
        "ARMED", "DISARMED", "LOW BATTERY", "LAND NOW", "ACRO", "ANGLE", "RSSI 99", "LQ 99", "16.4V", "1250 mAh",
        "H 12.3M", "D 45M", "SAT 14", "RETURN TO HOME", "ISO 100", "EV 0", "FAILSAFE", "00:12:44", "BATTERY 54%",
        "MANUAL", "LINK LOST", "THR 45%", "SPD 12.5 m/s",
    ),
    "cameras and programs on them": (
        "REC", "CAM 3", "CH 04", "BATT", "2023-11-15 12:30:44", "00:12:44:03", "1/60", "F2.8", "AXON BODY 3", "60 FPS",
        "25 km/h", "MOTION", "PLAY", "PAUSE", "STBY", "AUTO", "4K 30FPS", "FPS: 23.4", "person 0.87",
    ),
    "news and sports": (
        "LIVE", "BREAKING NEWS", "EXCLUSIVE", "2 - 1", "@warchannel", "t.me/warchannel", "FILE", "ARCHIVE", "VICTORY",
        "DEFEAT", "GAME OVER", "MISSION ACCOMPLISHED", "ENEMY KILLED", "TARGET DESTROYED", "12 KILLED", "Score 2-1",
        "LAP 12/58", "Round 3", "UNDER FIRE", "CEASEFIRE", "SUBSCRIBE",
    ),
}  # fmt: skip
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
    """Return the bits of the best match whose phrase holds these letters; 0 if none is found."""
    for match in knowledge.match(picture(text, cut, confidences)):
        if want in fold(match.phrase).letters and 0 in match.lines:
            return match.bits
    return 0.0


def surprise(text: str, cut: str) -> float:
    """Return how many bits ordinary text would need for these letters."""
    lines = picture(text, cut).lines[:1]
    return float(prepare(lines, [place_of(lines[0], SIZE)])[0].side.bits.sum())


def share(hits: int, count: int) -> str:
    """Return a share with its 95 % interval (Wilson)."""
    if not count:
        return "-"
    centre, z2 = hits / count, 1.96**2
    middle = (centre + z2 / (2 * count)) / (1 + z2 / count)
    half = 1.96 * (centre * (1 - centre) / count + z2 / (4 * count**2)) ** 0.5 / (1 + z2 / count)
    return f"{centre:.0%} ({max(0.0, middle - half):.0%}-{min(1.0, middle + half):.0%})"


def recognition(knowledge: Knowledge, trials: int, cuts: Sequence[str]) -> None:
    """Print the share of parts that are identified, of all phrases and of those that are distinctive."""
    long = [
        phrase
        for phrase in knowledge.matcher.phrases
        if phrase.size >= 25 and main_script(phrase.folded.letters) == "Latn" and phrase.signature.speaks_for
    ]
    part = [phrase for phrase in long if not phrase.whole]
    print(f"\n## Identified, by surviving letters\n\n{len(long)} phrases, {len(part)} of them looked for in part")
    print(
        f"everywhere, the others where a border cuts them; {trials} trials a cell. Identified: found with {TOLD:g} bits"
    )
    print(
        f"or more, as reports tell it. Distinctive: letters that ordinary text would need {DISTINCTIVE:g} bits or more"
    )
    print('for ("elopment f" is, "Player" is not). In brackets: 95 % interval; then')
    print("the share that is found at all.")
    for cut in cuts:
        columns = [f"{rate:.0%} wrong" for rate in ERRORS]
        print(
            f"\n| cut {CUTS[cut]}: letters | "
            + " | ".join(columns)
            + " | distinctive, "
            + " | ".join(columns[:3])
            + " |"
        )
        print("|---" * (len(ERRORS) + 4) + "|")
        for count in LETTERS:
            cells, chosen_cells = [], []
            for rate in ERRORS:
                rng = random.Random(f"{cut} {count} {rate}")
                found = hits = chosen = chosen_hits = 0
                for _ in range(trials):
                    phrase = rng.choice(part if cut == "middle" else long)
                    text = surviving(phrase, count, cut, rng)
                    read, confidences = misread(text, rate, rng)
                    bits = identified(knowledge, read, fold(text).letters, cut, confidences)
                    good = bits >= TOLD
                    special = surprise(text, cut) >= DISTINCTIVE
                    hits, chosen, chosen_hits = hits + good, chosen + special, chosen_hits + (good and special)
                    found += bits > 0
                cells.append(f"{share(hits, trials)}, {found / trials:.0%}")
                chosen_cells.append(share(chosen_hits, chosen))
            print(f"| {count} | " + " | ".join(cells + chosen_cells[:3]) + " |", flush=True)


def curve(knowledge: Knowledge) -> None:
    """Print the bits of the founding phrase by surviving letters, and draw them."""
    phrase = next(phrase for phrase in knowledge.matcher.phrases if phrase.signature.id == FOUNDING)
    last = phrase.folded.text.rfind("All content")
    begin = next(place for place, index in enumerate(phrase.folded.index) if index >= last)
    detector = Detector()
    rows = []
    print(
        "\n## The founding phrase, by surviving letters\n\nIts last sentence, cut by the right border, its begin left;"
    )
    print("and as many letters from inside of it, cut by the left border. E: how many such finds one genuine picture")
    print("is expected to hold. Verdict: what a picture with nothing but these letters gets.\n")
    print("| letters | left of it | bits | E | fakeness, label | from inside: bits |\n|---|---|---|---|---|---|")
    for count in range(3, 31):
        # The sentence has 25 letters; more are those before it, cut by the left border.
        start, cut = (begin, "right") if begin + count <= phrase.size else (phrase.size - count, "left")
        text = phrase.folded.quote(start, start + count)
        other = phrase.folded.quote(max(0, begin - 8 - count), begin - 8)
        found = next((m for m in knowledge.match(picture(text, cut)) if m.signature.id == FOUNDING), None)
        verdict = detector.judge(picture(text, cut)).verdict
        assert verdict is not None
        bits, expected = (found.bits, f"{found.e_value:.1g}") if found else (0.0, "-")
        rows.append((count, bits, bits_of(knowledge, other, "left")))
        told = f"{verdict.fakeness:.2f}, {verdict.label}"
        print(f"| {count} | {text} | {bits:.1f} | {expected} | {told} | {rows[-1][2]:.1f} |")
    CURVE.write_text(svg(rows), "utf-8")


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


def shared_words() -> None:
    """Print what words that genuine displays print, too, do to the score; one line of text alone in a picture."""
    detector = Detector()
    print("\n## Words that genuine pictures share with games\n\nEach alone in a picture; bits for a game or a model")
    print("against a camera, the largest of each row in bold.\n")
    print("| who prints it | words | most | moved at all |\n|---|---|---|---|")
    for who, words in SHARED.items():
        moved = {word: against_camera(detector, word) for word in words}
        most = max(moved, key=lambda word: abs(moved[word]))
        named = ", ".join(f"{word} {bits:+.1f}" for word, bits in moved.items() if abs(bits) >= 0.05) or "none"
        print(f"| {who} | {', '.join(words)} | **{moved[most]:+.1f}** | {named} |")


def against_camera(detector: Detector, text: str) -> float:
    """Return the bits that a text alone in a picture gives to a game or a model, against a camera."""
    verdict = detector.judge(picture(text, "")).verdict
    assert verdict is not None
    terms = verdict.contributions[1:]
    total = {name: sum(term.bits.get(name, 0.0) for term in terms) for name in ("camera", "game", "generated")}
    return max(total["game"], total["generated"]) - total["camera"]


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
        f"\n## Time\n\n{len(big.signatures)} signatures, {len(big.matcher.phrases)} phrases; 60 lines a picture, "
        "processor time:"
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
    parser.add_argument("--only", choices=("recognition", "curve", "speed", "null", "shared"))
    parser.add_argument("--cut", choices=CUTS, action="append", help="only this cut; may be given more than once")
    arguments = parser.parse_args()
    knowledge = load_knowledge()
    print("# The matcher, measured\n\nPrinted by `python -m benchmarks.matching`.")
    if arguments.only in (None, "curve"):
        curve(knowledge)
    if arguments.only in (None, "shared"):
        shared_words()
    if arguments.only in (None, "recognition"):
        recognition(knowledge, arguments.trials, arguments.cut or list(CUTS))
    if arguments.only in (None, "null"):
        print("\n## False finds, per 1,000 genuine pictures\n\nMeasured by training/letters_null.py.\n")
        tables: dict[str, dict[str, float]] = read_config().get("false_finds", {})  # type: ignore[assignment]
        for name, row in tables.items():
            print(f"- {name}: " + ", ".join(f"{level}: {rate:g}" for level, rate in row.items()))
    if arguments.only in (None, "speed"):
        speed(knowledge)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
