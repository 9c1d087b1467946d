"""Measures what ordinary text scores by chance, and writes the calibration into models/letters-v1/config.json.

    PYTHONPATH=. python -m training.letters_null --read OBSERVATIONS.jsonl --pictures 30000

A genuine picture's worth of text is composed like this: where its lines stand, how long they are and which
touch a border is taken from a genuine picture that an engine read; what they say is ordinary text of this
machine in some thirty languages (descriptions of packages, manual pages, messages of programs; nothing from
games), cut inside a word where the line touches a border, with the errors that engines make. Phrases of all
signatures are looked for as fragments. The pictures as they were read are run too.

``--read`` takes one JSON object a line: size [width, height], lines [[text, confidence, quad], ...].
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from detector.knowledge.base import load_knowledge, load_signatures
from detector.knowledge.costs import read_config
from detector.knowledge.folding import fold, main_script
from detector.knowledge.found import LEAST_WHOLE, Found
from detector.knowledge.lines import place_of, prepare
from detector.knowledge.matching import Matcher
from detector.resources import SIGNATURES
from detector.types import Observations, Signature, TextLine, make_quad
from training.ordinary_text import free_text, prose, snippet

GENUINE = {"sensor", "device", "broadcaster", "platform", "stock", "editor"}
ENGLISH_SHARE = 0.4
ERROR_SHARE = 0.02
FROM = 0.0  # raw score from which on the tail is fitted
LEVELS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16)
SHARED = 1.0  # bits of a signature whose words genuine pictures print as well
TOLD = 3.0  # bits from which on a report tells a find
REACHED = 3  # finds that a level needs to count as measured


def misread(text: str, rng: random.Random) -> str:
    letters = "abcdefghiklmnoprstu"
    return "".join(
        rng.choice(letters) if character.isalpha() and rng.random() < ERROR_SHARE else character for character in text
    )


def choose_language(by_script: dict[str, list[str]], rng: random.Random) -> str:
    """Return English four times of ten, then any language of Latin script, or any other script."""
    chance = rng.random()
    if chance < ENGLISH_SHARE or set(by_script) == {"Latn"}:
        return "en"
    script = "Latn" if chance < 0.65 else rng.choice(sorted(set(by_script) - {"Latn"}))
    return rng.choice(by_script[script])


def compose(
    template: Observations, texts: dict[str, list[list[str]]], by_script: dict[str, list[str]], rng: random.Random
) -> Observations:
    """Return the picture with other text in its lines."""
    language = choose_language(by_script, rng)
    lines = []
    for line in template.lines:
        spot = place_of(line, template.size)
        text = snippet(texts[language if rng.random() < 0.85 else "en"], max(len(line.text), 3), rng)
        # A line at the border was cut there: ordinary words are cut too.
        if spot.begin and rng.random() < 0.7:
            text = text[rng.randrange(0, 5) :] or text
        if spot.end and rng.random() < 0.7:
            text = text[: len(text) - rng.randrange(0, 5)] or text
        text = misread(text, rng)
        if rng.random() < 0.4:
            text = text.upper()
        lines.append(replace(line, text=text, char_confidences=None, votes=()))
    return replace(template, lines=tuple(lines))


def fragments_of_all() -> Matcher:
    """Return a matcher that looks for a part of every phrase that is long enough for one."""
    signatures = {}
    for name, signature in load_signatures(SIGNATURES).items():
        phrases = {
            language: tuple(
                text
                for text in texts
                if len(fold(text).letters) >= (5 if main_script(fold(text).letters) in ("Hani", "Hang") else 10)
            )
            for language, texts in signature.phrases.items()
        }
        phrases = {language: texts for language, texts in phrases.items() if texts}
        if phrases:
            signatures[name] = replace(signature, phrases=phrases, patterns=(), match="fragment")
    return Matcher(signatures)


def templates(path: Path) -> list[Observations]:
    result = []
    for row in path.read_text("utf-8").splitlines():
        item = json.loads(row)
        lines = tuple(
            TextLine(text=text, confidence=min(max(confidence, 0), 1), quad=make_quad(quad), engine="read")
            for text, confidence, quad in item["lines"]
            if text.strip()
        )
        result.append(Observations(source="", sha256="", size=tuple(item["size"]), lines=lines))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", type=Path)
    parser.add_argument("--pictures", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="measure, on text that the calibration never sees, what is found with the calibration that stands",
    )
    parser.add_argument("--text", type=Path, help="with --held-out: take the text of the files of this folder instead")
    parser.add_argument("--save", type=Path, help="write the raw scores here, one JSON object a line")
    parser.add_argument("--again", type=Path, help="calibrate from raw scores that were written before")
    arguments = parser.parse_args()
    if arguments.again:
        first, *rest = (json.loads(row) for row in arguments.again.read_text("utf-8").splitlines())
        write_calibration(rest, Counter(first["pictures"]), first["others"])
        return
    pictures = templates(arguments.read)
    # Half of the text calibrates, the other half judges.
    texts = {
        language: [words for words in rows if zlib.crc32(" ".join(words).encode()) % 2 == arguments.held_out]
        for language, rows in (free_text() if arguments.text is None else {"en": prose(arguments.text)}).items()
    }
    sys.stderr.write(
        f"{len(pictures)} pictures, {sum(len(p.lines) for p in pictures)} lines; text in {len(texts)} languages\n"
    )
    matcher = fragments_of_all()
    packaged = load_knowledge().matcher
    by_script: dict[str, list[str]] = defaultdict(list)
    for language, kept in texts.items():
        sample = fold(" ".join(" ".join(words) for words in kept[:200])).letters
        by_script[main_script(sample)].append(language)
    rng = random.Random(arguments.seed)
    rows: list[dict[str, object]] = []
    with_script: Counter[str] = Counter()
    others = 0
    for number in range(arguments.pictures):
        template = pictures[number % len(pictures)]
        observed = number < len(pictures) and not arguments.held_out
        picture = template if observed else compose(template, texts, by_script, rng)
        scripts = {main_script(fold(line.text).letters) for line in picture.lines}
        with_script.update({"*"} | scripts)
        others += bool(scripts - {"Latn", "Zyyy"})
        spots = [place_of(line, picture.size) for line in picture.lines]
        variants = prepare(picture.lines, spots)
        finds = [("part", found) for found in strongest(matcher._fragments(variants, spots))]
        finds += [("whole", found) for found in strongest(packaged.whole.find(variants, spots))]
        finds += [("pattern", found) for found in strongest(packaged._structured(picture, variants, spots))]
        for how, found in finds:
            if observed and found.signature.kind in GENUINE:
                continue  # a trail camera's name on a trail camera's picture is no chance find
            if found.raw > -8:
                speaks = {name: bits for name, bits in found.signature.speaks_for.items() if name != "camera"}
                rows.append(
                    {
                        "how": how, "picture": number, "raw": round(found.raw, 2), "script": found.script,
                        "quote": found.quote, "phrase": found.text, "id": found.signature.id, "cut": list(found.cut),
                        "speaks": max(speaks.values(), default=0), "read": observed,
                    }
                )  # fmt: skip
    if arguments.save:
        rows.insert(0, {"pictures": dict(with_script), "others": others})
        arguments.save.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        del rows[0]
    for how in ("part", "whole", "pattern"):
        values = np.array([row["raw"] for row in rows if row["how"] == how and (how == "part" or row["speaks"])], float)
        counts = [int((values >= level).sum()) for level in range(-8, 31, 2)]
        sys.stderr.write(f"{how}, at -8, -6, ...: {counts}\n")
    if arguments.held_out:
        calibration: dict[str, Any] = read_config()["calibration"]  # type: ignore[assignment]
        count = with_script["*"]
        tables = false_finds(rows, calibration["shift"], count)
        told = told_wrongly(rows, calibration["shift"])
        table = {"pictures": count, "seed": arguments.seed, "with_script": dict(sorted(with_script.items()))}
        key = "held_out" if arguments.text is None else "other_text"
        write_config({key: table | {"told": interval(len(told), count), "finds": told, "false_finds": tables}})
        sys.stderr.write(json.dumps(table | {"told": interval(len(told), count), "finds": told}, indent=1) + "\n")
    else:
        write_calibration(rows, with_script, others)


def strongest(found: Iterable[Found]) -> list[Found]:
    """Return the best find of each signature."""
    best: dict[str, Found] = {}
    for item in found:
        if item.signature.id not in best or best[item.signature.id].raw < item.raw:
            best[item.signature.id] = item
    return list(best.values())


def looked_for(row: dict[str, Any], signatures: Mapping[str, Signature]) -> bool:
    """Return whether the matcher looks for this part: of fragments everywhere, of whole phrases at a border."""
    signature = signatures.get(row["id"])
    return bool(signature) and (signature.match == "fragment" or bool({"left", "right"} & set(row["cut"])))


def fit_tail(values: np.ndarray, pictures: int) -> dict[str, Any]:
    """Fit how fast finds become rarer above ``FROM``: an exponential tail, by maximum likelihood.

    Returns:
        pictures: how many were searched; from: where the tail begins; share: finds a picture from there on;
        slope: bits of rarity for each bit of raw score; observed and fitted: finds at each level; distance: of
        the two distributions (Kolmogorov and Smirnov), and bound: what chance alone exceeds once in 20 fits.
    """
    excess = np.sort(values[values >= FROM] - FROM)
    count = len(excess)
    mean = float(excess.mean())
    expected = 1 - np.exp(-excess / mean)
    steps = np.arange(count)
    distance = float(max((expected - steps / count).max(), ((steps + 1) / count - expected).max()))
    levels = [level for level in LEVELS if level >= FROM]
    return {
        "pictures": pictures,
        "from": FROM,
        "share": round(count / pictures, 5),
        "slope": round(1 / (mean * float(np.log(2))), 3),
        "observed": {str(level): int((excess >= level - FROM).sum()) for level in levels},
        "fitted": {str(level): round(count * float(np.exp(-(level - FROM) / mean)), 1) for level in levels},
        "distance": round(distance, 3),
        "bound": round(1.06 / float(np.sqrt(count)), 3),
    }


def write_calibration(everything: list[dict[str, Any]], with_script: Counter[str], others: int) -> None:
    """Fit the tail of chance finds, check that no score promises more than was measured, and write both.

    Bits are the raw score: at every level that was reached at least three times, finds have to be rarer than
    2^-score a picture. The fit gives the expected number of chance finds (E-value).

    Args:
        everything: rows of the run.
        with_script: pictures with a line in each script; ``*``: all.
        others: pictures with a line in any script but Latin.
    """
    signatures = load_signatures(SIGNATURES)
    rows = [row for row in everything if row["how"] == "part" and looked_for(row, signatures)]
    pictures = {name: count for name, count in with_script.items() if name not in ("*", "Zyyy")}
    found: dict[str, np.ndarray] = {
        name: np.array([row["raw"] for row in rows if row["script"] == name], float) for name in sorted(pictures)
    }
    # Scripts in which ordinary text reached a level often enough have a line of their own; the others share one.
    alone = [name for name, values in found.items() if (values >= FROM).sum() >= REACHED]
    rest = [found[name] for name in found if name not in alone and name != "Latn"]
    found = {name: found[name] for name in alone} | {"*": np.concatenate(rest)}
    pictures = {name: pictures[name] for name in alone} | {"*": others}
    null, shift, most = {}, {}, {}
    for name, values in found.items():
        reached = [(level, int((values >= level).sum())) for level in LEVELS]
        spare = [float(-np.log2(count / pictures[name])) - level for level, count in reached if count >= REACHED]
        shift[name] = round(min([0.0, *spare]), 2)
        if name != "Latn":
            most[name] = round(float(np.log2(pictures[name])), 2)
        if (values >= FROM).sum() >= REACHED:
            null[name] = fit_tail(values, pictures[name])
    lengths: dict[str, Any] = {}
    for low, high in ((1, 5), (6, 8), (9, 12), (13, 99)):
        values = np.array([row["raw"] for row in rows if low <= len(fold(row["quote"]).letters) <= high], float)
        lengths[f"{low} to {high} letters"] = {str(level): int((values >= level).sum()) for level in LEVELS}
    config = read_config()
    config["calibration"] = {
        "slope": 1.0, "shift": shift, "most": most, "null": null,
    }  # fmt: skip
    config["null_pictures"] = {name: with_script[name] for name in sorted(with_script)}
    config["null_by_length"] = lengths
    config["genuine_pictures"] = 10 ** int(np.log10(with_script["*"] / 3))  # no find in n pictures: below 3 / n
    config["false_finds"] = false_finds(everything, shift, with_script["*"])
    write_config(config)
    sys.stderr.write(json.dumps(config["calibration"], indent=1) + "\n" + json.dumps(config["false_finds"], indent=1))


def write_config(changes: Mapping[str, object]) -> None:
    """Write the configuration with these changes, and the sums of all files."""
    folder = Path("models/letters-v1")
    config = json.loads((folder / "config.json").read_text("utf-8")) | dict(changes)
    (folder / "config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", "utf-8")
    names = ("letters.npz", "words.npz", "config.json")
    sums = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text(sums, "utf-8")


def bits_of(row: dict[str, Any], shift: Mapping[str, float]) -> float:
    """Return what a find of the run is worth: the calibrated score, less what the share that is left costs."""
    if row["how"] != "part":
        return max(float(row["raw"]), LEAST_WHOLE)
    share = len(fold(row["quote"]).letters) / max(len(fold(row["phrase"]).letters), 1)
    return float(row["raw"]) + shift.get(row["script"], shift["*"]) + float(np.log2(min(share, 1.0)))


def told_wrongly(rows: list[dict[str, Any]], shift: Mapping[str, float]) -> list[str]:
    """Return the finds that a report would hold against a picture: 3 bits and more, and not of a shared word."""
    signatures = load_signatures(SIGNATURES)
    found = {
        row["picture"]: f"{row['how']} {bits_of(row, shift):.1f}: {row['quote']} ({row['phrase'][:50]}, {row['id']})"
        for row in rows
        if row["speaks"] > SHARED
        and bits_of(row, shift) >= TOLD
        and (row["how"] != "part" or looked_for(row, signatures))
    }
    return list(found.values())


def interval(hits: int, count: int) -> dict[str, float]:
    """Return a rate per 1,000 with its 95 % interval (Wilson)."""
    z2 = 1.96**2
    share = hits / count
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = 1.96 * float(np.sqrt(share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    rates = (share, max(0.0, middle - half), middle + half)
    return dict(zip(("per 1000", "from", "to"), (round(1000 * rate, 2) for rate in rates), strict=True))


def false_finds(rows: list[dict[str, Any]], config: dict[str, float], pictures: int) -> dict[str, dict[str, float]]:
    """Return how many of 1,000 pictures have a chance find of so many bits, by what is looked for."""
    signatures = load_signatures(SIGNATURES)
    parts = [row for row in rows if row["how"] == "part"]
    looked = [row for row in parts if looked_for(row, signatures)]
    speaking = [row for row in looked if row["speaks"] > 0]
    whole = [row for row in rows if row["how"] != "part" and row["speaks"] > 0]
    tables: dict[str, dict[str, float]] = {}

    for name, chosen in (
        ("parts of every phrase, looked for everywhere", parts),
        ("parts where the matcher looks for them", looked),
        ("of these, parts that speak for a game or a model", speaking),
    ):
        tables[name] = {
            f"{level} bits and more": round(
                1000 * len({row["picture"] for row in chosen if bits_of(row, config) > level}) / pictures, 2
            )
            for level in (0, 1, 2, 3, 4, 6, 8, 10, 12)
        }
    for how in ("whole", "pattern"):
        found = [row for row in whole if row["how"] == how]
        tables[f"{how}: 3 bits and more, speaking with more than {SHARED:g} bit"] = {
            row["quote"]: sum(other["quote"] == row["quote"] for other in found)
            for row in found
            if row["speaks"] > SHARED and bits_of(row, config) >= TOLD
        }
    tables["whole phrases and patterns that speak for a game or a model"] = {
        "all": round(1000 * len({row["picture"] for row in whole}) / pictures, 2)
    }
    return tables


if __name__ == "__main__":
    main()
