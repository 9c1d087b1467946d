"""What the systems' readings are worth: identified, false, letters read, seconds, memory."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import reading_cases as grid
from reading_systems import OURS

BITS = 5.0
"""A match of fewer bits is not counted, neither as found nor as a false alarm."""
READ = 0.7
"""A phrase counts as read when one line holds this part of its visible letters, in order."""
LANGUAGES = {
    "Latn": "en", "Cyrl": "ru", "Arab": "ar", "Hebr": "he", "Deva": "hi", "Hani": "zh-Hans", "Jpan": "ja", "Hang": "ko",
}  # fmt: skip

Row = Mapping[str, Any]
CLASSES: dict[str, Callable[[Row], bool]] = {
    "upright, 13 px and more, opacity 0.5 and more": lambda row: (
        row["kind"] == "upright" and row["facts"]["height"] >= 13 and row["facts"]["opacity"] >= 0.5
    ),
    "cropped left or right, 12 letters and more": lambda row: (
        row["kind"] in ("cropped-left", "cropped-right") and row["facts"]["letters"] >= 12
    ),
    "cropped left or right, 6 to 11 letters": lambda row: (
        row["kind"] in ("cropped-left", "cropped-right") and row["facts"]["letters"] < 12
    ),
    "lower halves": lambda row: row["kind"] == "lower-halves",
    "mirrored": lambda row: row["kind"] == "mirrored",
    "Cyrillic, Arabic, Hebrew, Chinese, Japanese": lambda row: row["kind"] in ("Cyrl", "Arab", "Hebr", "Hani", "Jpan"),
}


def judge(rows: Sequence[Row], read: Mapping[str, Mapping[int, Row]], memory: Mapping[str, Row]) -> dict[str, Any]:
    """Return the figures for each set of cases that somebody read, of all systems that read all of it.

    Args:
        rows: the cases.
        read: by system and number of the case, what was read.
        memory: by system, the peaks.
    """
    read_by: dict[frozenset[int], list[str]] = {}
    judged = {}
    for system, answers in read.items():
        own = frozenset(row["number"] for row in rows if row["number"] in answers and row["kind"] != "textless")
        read_by.setdefault(own, []).append(system)
        judged[system] = identified(system, [row for row in rows if row["number"] in answers], answers)
    scopes = []
    for cases in sorted(read_by, key=len, reverse=True):
        results = {}
        for system, answers in read.items():
            if cases <= set(answers):
                found, false, _ = judged[system]
                # Textless pictures belong to no comparison.
                every = cases == max(read_by, key=len)
                chosen = [row for row in rows if row["number"] in cases or (every and row["kind"] == "textless")]
                chosen = [row for row in chosen if row["number"] in answers]
                results[system] = figures(chosen, found, false, answers)
        scopes.append({"cases": len(cases), "results": results})
    thresholds = {system: threshold for system, (_, _, threshold) in judged.items()}
    return {"scopes": scopes, "memory": dict(memory), "thresholds": thresholds}


def figures(rows: Sequence[Row], found: set[int], false: set[int], answers: Mapping[int, Row]) -> dict[str, Any]:
    """Return the figures of one system over some cases."""
    printed = [row for row in rows if row["phrase"]]
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in printed:
        kinds[row["kind"]].append(row)
    wide = [row["number"] for row in rows if 1280 <= row["size"][0] <= 1920 and row["kind"] != "corpus"]
    parts: dict[str, float] = defaultdict(float)
    for number in wide:
        for name, value in answers[number]["parts"].items():
            parts[name] += value / len(wide)
    return {
        "all": share([row["number"] in found for row in printed]),
        "letters": share([recall(answers[row["number"]], row) >= READ for row in printed]),
        "kinds": {
            kind: {
                "identified": share([row["number"] in found for row in of_kind]),
                "letters": share([recall(answers[row["number"]], row) >= READ for row in of_kind]),
            }
            for kind, of_kind in kinds.items()
        },
        "classes": {
            name: share([row["number"] in found for row in printed if wanted(row)]) for name, wanted in CLASSES.items()
        },
        "false": {
            kind: share([row["number"] in false for row in rows if row["kind"] == kind])
            for kind in ("innocent", "clean", "textless")
        },
        "seconds": round(sum(answers[number]["seconds"] for number in wide) / max(len(wide), 1), 4),
        "parts": {name: round(value, 4) for name, value in parts.items()},
        "pictures": len(wide),
        "letter_errors": letter_errors([row for row in rows if row["kind"] == "corpus"], answers),
    }


def share(hits: Sequence[bool]) -> dict[str, Any]:
    """Return hits, count and the 95 % interval of the share (Wilson 1927)."""
    count, good = len(hits), sum(hits)
    if not count:
        return {"hits": 0, "count": 0, "low": 0.0, "high": 1.0}
    z, part = 1.96, good / count
    middle = (part + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (part * (1 - part) / count + z * z / (4 * count * count)) ** 0.5
    low, high = (middle - half if good else 0.0), (middle + half if good < count else 1.0)
    return {"hits": good, "count": count, "low": round(low, 3), "high": round(high, 3)}


def identified(system: str, rows: Sequence[Row], answers: Mapping[int, Row]) -> tuple[set[int], set[int], float]:
    """Return the cases whose phrase was identified, those where another one was, and the threshold."""
    rows = [row for row in rows if row["kind"] != "corpus"]
    if system in OURS:
        return (*with_signatures(rows, answers), BITS)
    from rapidfuzz import fuzz

    keywords = [phrase.casefold() for phrases in grid.PHRASES.values() for phrase in phrases]
    scores = {}
    for row in rows:
        lines = [line.casefold() for line in texts_of(answers[row["number"]]) if len(line.strip()) > 5]
        scores[row["number"]] = {
            word: max((fuzz.partial_ratio(word, line) for line in lines), default=0.0) for word in keywords
        }
    innocent = [max(scores[row["number"]].values()) for row in rows if not row["phrase"]]
    threshold = max([60.0, *(score + 0.5 for score in innocent)])
    found = {
        row["number"] for row in rows if row["phrase"] and scores[row["number"]][row["phrase"].casefold()] >= threshold
    }
    return found, set(), threshold


def with_signatures(rows: Sequence[Row], answers: Mapping[int, Row]) -> tuple[set[int], set[int]]:
    """Return what our own matcher identifies, with the packaged signatures and one for each phrase."""
    from rapidfuzz import fuzz

    from detector.knowledge import load_knowledge
    from detector.types import Observations, TextLine

    found, false = set(), set()
    with tempfile.TemporaryDirectory() as folder:
        write_signatures(Path(folder))
        knowledge = load_knowledge(Path(folder))
        for row in rows:
            lines = tuple(TextLine.from_dict(line) for line in answers[row["number"]]["lines"])
            seen = Observations(source="x", sha256="0" * 64, size=tuple(row["size"]), lines=lines)
            matches = [match for match in knowledge.match(seen) if match.bits >= BITS]
            wanted = row["phrase"].casefold()
            if wanted and any(fuzz.partial_ratio(match.phrase.casefold(), wanted) >= 75 for match in matches):
                found.add(row["number"])
            if not wanted and any({"game", "generated"} & set(match.signature.speaks_for) for match in matches):
                false.add(row["number"])
    return found, false


def write_signatures(folder: Path) -> None:
    """Write one signature for each phrase that is printed."""
    (folder / "printed").mkdir()
    for script, phrases in grid.PHRASES.items():
        for number, phrase in enumerate(phrases):
            name = f"p{number}-{script.lower()}"
            text = json.dumps(phrase, ensure_ascii=False)
            (folder / "printed" / f"{name}.yaml").write_text(
                f"id: printed.{name}\ntitle: Printed by the benchmark\nkind: disclaimer\nstatus: experimental\n"
                f"speaks_for: {{game: 12}}\nphrases:\n  {LANGUAGES[script]}: [{text}]\n"
                "falsepositives: [none known]\nreferences: []\n"
                f"tests:\n  match: [{text}]\n  no_match: [Ordinary words]\n",
                "utf-8",
            )


def letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def texts_of(answer: Row) -> list[str]:
    return [line if isinstance(line, str) else line["text"] for line in answer["lines"]]


def recall(answer: Row, row: Row) -> float:
    """Return which part of the visible letters one line holds, in order."""
    from rapidfuzz.distance import LCSseq

    wanted = letters(row["visible"])
    return max((LCSseq.similarity(letters(line), wanted) / len(wanted) for line in texts_of(answer)), default=0.0)


def letter_errors(rows: Sequence[Row], answers: Mapping[int, Row]) -> dict[str, Any]:
    """Return edits over letters on labelled Latin overlay lines, each beside the line that fits it best.

    The interval is that of resampled pictures (bootstrap, 2000 times).
    """
    import numpy as np
    from rapidfuzz.distance import Levenshtein

    counts = []
    for row in rows:
        wrong = total = 0
        seen = [letters(line) for line in texts_of(answers[row["number"]])]
        for truth in row["visible"].replace("|", "/").split("/"):
            wanted = letters(truth)
            if len(wanted) < 4 or not wanted.isascii():
                continue
            best = len(wanted)
            for line in seen:
                whole = len(line) <= len(wanted) + 3
                starts = range(1 if whole else len(line) - len(wanted) + 1)
                spans = [line if whole else line[start : start + len(wanted)] for start in starts]
                best = min([best, *(Levenshtein.distance(wanted, span) for span in spans)])
            wrong, total = wrong + best, total + len(wanted)
        if total:
            counts.append((wrong, total))
    if not counts:
        return {}
    table = np.array(counts)
    drawn = table[np.random.default_rng(0).integers(0, len(table), (2000, len(table)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    wrong, total = table.sum(axis=0)
    return {"rate": round(float(wrong / total), 4), "low": round(float(low), 4), "high": round(float(high), 4),
            "pictures": len(counts), "letters": int(total)}  # fmt: skip


def table(document: Mapping[str, Any]) -> str:
    """Return the results as Markdown."""
    rows = [
        "# Reading overlays, measured", "",
        f"`{document['command']}` on {document['processor']}. Seconds are processor seconds of one thread, so that",
        "neighbours count for little. Shares are given with their 95 % intervals (Wilson). `letters` means: one line",
        f"holds {READ:.0%} of the visible letters in order; `identified` means: the phrase was matched with {BITS:g}",
        "bits and more (ours), or by a keyword over the lowest threshold without a false alarm (the plain engines).",
    ]  # fmt: skip
    for scope in document["scopes"]:
        results = scope["results"]
        names = list(results)
        rows += ["", f"## {scope['cases']} cases, read by {', '.join(names)}", ""]
        rows += [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
        for title, cell in cells(results, document["thresholds"]):
            rows.append(f"| {title} | " + " | ".join(cell(name) for name in names) + " |")
    rows += ["", "## Memory", "", "| | peak, MiB | largest program called, MiB |", "|---|---|---|"]
    rows += [f"| {name} | {one['peak_mib']} | {one['called_mib']} |" for name, one in document["memory"].items()]
    return "\n".join(rows) + "\n"


def cells(results: Mapping[str, Any], thresholds: Mapping[str, float]) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield (title, what stands in a system's column) for each row of a table."""
    yield "identified", lambda name: shown(results[name]["all"])
    yield "letters", lambda name: shown(results[name]["letters"])
    first = next(iter(results.values()))
    for title in CLASSES:
        yield f"**{title}**", lambda name, title=title: shown(results[name]["classes"][title])  # type: ignore[misc]
    for kind in first["kinds"]:
        yield (
            f"{kind}: identified (letters)",
            lambda name, kind=kind: (  # type: ignore[misc]
                f"{rate(results[name]['kinds'][kind]['identified'])} ({rate(results[name]['kinds'][kind]['letters'])})"
            ),
        )
    for kind in first["false"]:
        if any(one["false"][kind]["count"] for one in results.values()):
            yield f"false, {kind}", lambda name, kind=kind: shown(results[name]["false"][kind])  # type: ignore[misc]
    yield "keyword threshold, or bits", lambda name: f"{thresholds[name]:g}"
    yield (
        f"seconds a picture ({first['pictures']} of 1280 to 1920 px)",
        lambda name: f"{results[name]['seconds']:.3f}",
    )
    for part in ("detector", "recogniser", "tesseract"):
        yield (
            f"... {part}",
            lambda name, part=part: f"{results[name]['parts'][part]:.3f}" if part in results[name]["parts"] else "-",  # type: ignore[misc]
        )
    yield (
        "... everything else",
        lambda name: (
            f"{results[name]['seconds'] - sum(results[name]['parts'].values()):.3f}" if results[name]["parts"] else "-"
        ),
    )
    for other in ("plain-rapidocr", "plain-easyocr"):
        if other in results:
            yield (
                f"pictures a second, in times of {other}",
                lambda name, other=other: f"{results[other]['seconds'] / results[name]['seconds']:.2f}",  # type: ignore[misc]
            )
    yield (
        "letter error rate, labelled overlays",
        lambda name: (
            "{rate} [{low}, {high}] of {letters}".format(**results[name]["letter_errors"])
            if results[name]["letter_errors"]
            else "-"
        ),
    )


def shown(one: Mapping[str, Any]) -> str:
    if not one["count"]:
        return "-"
    return f"{one['hits'] / one['count']:.1%} of {one['count']} [{one['low']:.1%}, {one['high']:.1%}]"


def rate(one: Mapping[str, Any]) -> str:
    return f"{one['hits'] / max(one['count'], 1):.0%}"
