"""How well and how fast overlays are read, beside the plain engines, in one run.

    python benchmarks/reading.py --pictures FOLDER --each 8 --clean 60 --output benchmarks/reading

prints known phrases on the genuine pictures of FOLDER (see ``reading_cases``) and lets every system read the
same pixels, each in a process of its own. A plain engine is followed by rapidfuzz keywords, with the lowest
threshold at which it raises no false alarm on this run's clean and innocent pictures: the best that it can do.
Ours is followed by the packaged signatures and one for each printed phrase.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import reading_cases as grid

BITS = 5.0
"""A match of fewer bits is not counted, neither as found nor as a false alarm."""
PLAIN = ("plain-rapidocr", "plain-tesseract", "plain-easyocr")
OURS = ("quick", "normal", "thorough")

Texts = list[str]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pictures", type=Path, help="folder of genuine pictures without overlay")
    options.add_argument(
        "--corpus", type=Path, help="folder with a manifest.jsonl: letter error rate on its overlay_text"
    )
    options.add_argument("--each", type=int, default=6, help="cases of every kind of difficulty")
    options.add_argument("--clean", type=int, default=40, help="clean and innocent pictures, half and half")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kinds", default=",".join(grid.KINDS))
    options.add_argument("--systems", default=",".join((*OURS, *PLAIN)))
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--output", type=Path, help="writes OUTPUT.json and OUTPUT.md")
    chosen = options.parse_args()
    results: dict[str, Any] = {}
    for system in chosen.systems.split(","):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            results[system] = pool.apply(measure, (system, chosen))
        print(f"{system}: {json.dumps(results[system]['summary'])}", flush=True)
    document = {
        "command": "python benchmarks/reading.py "
        + " ".join(f"--{name} {getattr(chosen, name)}" for name in ("each", "clean", "seed", "threads", "systems")),
        "processor": processor(),
        "results": results,
    }
    if chosen.output:
        Path(f"{chosen.output}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False), "utf-8")
        Path(f"{chosen.output}.md").write_text(table(document), "utf-8")
    print(table(document))


def measure(system: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what one system did; runs in a process of its own."""
    pictures = grid.backgrounds(chosen.pictures)
    cases = list(grid.cases(pictures, each=chosen.each, seed=chosen.seed, kinds=chosen.kinds.split(",")))
    cases += grid.clean(pictures, count=chosen.clean, seed=chosen.seed)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read, clocks = reader_of(system, chosen.threads)
    read(cases[0].pixels)
    clocks.clear()
    texts, seconds = [], []
    for case in cases:
        before = used()
        texts.append(read(case.pixels))
        seconds.append(used() - before)
    found, false, threshold = judged(system, cases, texts)
    return {
        "summary": summary(cases, found, false, seconds),
        "kinds": by_kind(cases, found, texts),
        "targets": targets(cases, found),
        "threshold": threshold,
        "cpu_s": round(sum(seconds) / len(seconds), 3),
        "parts_s": {name: round(value / len(cases), 3) for name, value in clocks.items()},
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - loaded + baseline()),
        "letter_error_rate": letter_errors(read, chosen.corpus) if chosen.corpus else None,
    }


def baseline() -> float:
    """Return the memory of a Python with numpy, MiB: the pictures of this run are not the system's."""
    return 60.0


def used() -> float:
    """Return processor seconds of this process and its children: busy neighbours do not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def reader_of(system: str, threads: int) -> tuple[Callable[[Any], Any], dict[str, float]]:
    """Return a function from pixels to what was read, and clocks of its parts."""
    clocks: dict[str, float] = defaultdict(float)
    if system in OURS:
        from detector.config import Settings
        from detector.reading.reader import Reader
        from detector.types import Frame

        reader = Reader(Settings(effort=system), threads=threads)
        engine = reader._cascade._engine  # type: ignore[union-attr]
        for part in ("find", "recognise"):
            setattr(engine, part, clocked(getattr(engine, part), part, clocks))

        def ours(pixels: Any) -> Any:
            height, width = pixels.shape[:2]
            return reader.read(
                Frame(pixels=pixels.copy(), source="x", sha256="0" * 64, original_size=(width, height), format="ARRAY")
            ).lines

        return ours, clocks
    if system == "plain-rapidocr":
        from rapidocr import RapidOCR

        rapid = RapidOCR(
            params={
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        return lambda pixels: list(rapid(pixels[:, :, ::-1]).txts or ()), clocks
    if system == "plain-tesseract":
        import pytesseract
        from PIL import Image

        return lambda pixels: pytesseract.image_to_string(Image.fromarray(pixels)).splitlines(), clocks
    import easyocr
    import easyocr_en_models
    import torch

    torch.set_num_threads(threads)
    easy = easyocr.Reader(
        ["en"], gpu=False, model_storage_directory=easyocr_en_models.model_dir(), download_enabled=False, verbose=False
    )
    return lambda pixels: [row[1] for row in easy.readtext(pixels[:, :, ::-1])], clocks


def clocked(function: Callable[..., Any], name: str, clocks: dict[str, float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        before = used()
        try:
            return function(*arguments)
        finally:
            clocks[name] += used() - before

    return timed


def judged(system: str, cases: Sequence[grid.Case], read: Sequence[Any]) -> tuple[list[bool], list[bool], float]:
    """Return for each case whether its phrase was identified, whether another one was, and the threshold."""
    if system in OURS:
        return (*with_signatures(cases, read), BITS)
    from rapidfuzz import fuzz

    keywords = [phrase.casefold() for phrases in grid.PHRASES.values() for phrase in phrases]
    scores = [
        {
            word: max(
                (fuzz.partial_ratio(word, line.casefold()) for line in lines if len(line.strip()) > 5), default=0.0
            )
            for word in keywords
        }
        for lines in read
    ]
    innocent = [max(row.values()) for case, row in zip(cases, scores, strict=True) if not case.phrase]
    threshold = max([60.0, *(score + 0.5 for score in innocent)])
    found = [
        bool(case.phrase) and row[case.phrase.casefold()] >= threshold for case, row in zip(cases, scores, strict=True)
    ]
    return found, [False] * len(cases), threshold


def with_signatures(cases: Sequence[grid.Case], read: Sequence[Any]) -> tuple[list[bool], list[bool]]:
    from rapidfuzz import fuzz

    from detector.knowledge import load_knowledge
    from detector.types import Observations

    with tempfile.TemporaryDirectory() as folder:
        write_signatures(Path(folder))
        knowledge = load_knowledge(Path(folder))
        found, false = [], []
        for case, lines in zip(cases, read, strict=True):
            height, width = case.pixels.shape[:2]
            seen = Observations(source="x", sha256="0" * 64, size=(width, height), lines=tuple(lines))
            matches = [match for match in knowledge.match(seen) if match.bits >= BITS]
            wanted = case.phrase.casefold()
            found.append(
                bool(wanted) and any(fuzz.partial_ratio(match.phrase.casefold(), wanted) >= 75 for match in matches)
            )
            false.append(
                not wanted and any({"game", "generated"} & set(match.signature.speaks_for) for match in matches)
            )
    return found, false


def write_signatures(folder: Path) -> None:
    """Write one signature for each phrase that is printed."""
    (folder / "printed").mkdir()
    languages = {
        "Latn": "en",
        "Cyrl": "ru",
        "Arab": "ar",
        "Hebr": "he",
        "Deva": "hi",
        "Hani": "zh-Hans",
        "Jpan": "ja",
        "Hang": "ko",
    }
    for script, phrases in grid.PHRASES.items():
        for number, phrase in enumerate(phrases):
            name = f"p{number}-{script.lower()}"
            text = json.dumps(phrase, ensure_ascii=False)
            (folder / "printed" / f"{name}.yaml").write_text(
                f"id: printed.{name}\ntitle: Printed by the benchmark\nkind: disclaimer\nstatus: experimental\n"
                f"speaks_for: {{game: 12}}\nphrases:\n  {languages[script]}: [{text}]\n"
                "falsepositives: [none known]\nreferences: []\n"
                f"tests:\n  match: [{text}]\n  no_match: [Ordinary words]\n",
                "utf-8",
            )


def letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def lines_of(read: Any) -> Texts:
    return [line if isinstance(line, str) else line.text for line in read]


def letter_recall(read: Any, visible: str) -> float:
    """Return which part of the visible letters one line holds, in order."""
    from rapidfuzz.distance import LCSseq

    wanted = letters(visible)
    return max((LCSseq.similarity(letters(line), wanted) / len(wanted) for line in lines_of(read)), default=0.0)


def letter_errors(read: Callable[[Any], Any], corpus: Path) -> float:
    """Return edits over letters on the corpus's Latin overlay lines, each beside the line that fits it best."""
    import numpy as np
    from PIL import Image
    from rapidfuzz.distance import Levenshtein

    wrong = total = 0
    rows = [json.loads(row) for row in (corpus / "manifest.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["overlay_text"] and row["overlay"] != "none"][::6]
    for row in rows:
        with Image.open(corpus / row["file"]) as picture:
            seen = [letters(line) for line in lines_of(read(np.asarray(picture.convert("RGB"))))]
        for truth in row["overlay_text"].replace("|", "/").split("/"):
            wanted = letters(truth)
            if len(wanted) < 4 or not wanted.isascii():
                continue
            best = len(wanted)
            for line in seen:
                spans = (
                    [line]
                    if len(line) <= len(wanted) + 3
                    else [line[i : i + len(wanted)] for i in range(len(line) - len(wanted) + 1)]
                )
                best = min([best, *(Levenshtein.distance(wanted, span) for span in spans)])
            wrong, total = wrong + best, total + len(wanted)
    return round(wrong / max(total, 1), 4)


def by_kind(cases: Sequence[grid.Case], found: Sequence[bool], read: Sequence[Any]) -> dict[str, dict[str, float]]:
    rows: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for case, hit, lines in zip(cases, found, read, strict=True):
        if case.phrase:
            rows[case.kind].append((hit, letter_recall(lines, case.visible)))
    return {
        kind: {
            "count": len(pairs),
            "identified": round(sum(hit for hit, _ in pairs) / len(pairs), 3),
            "letters": round(sum(part for _, part in pairs) / len(pairs), 3),
        }
        for kind, pairs in rows.items()
    }


def targets(cases: Sequence[grid.Case], found: Sequence[bool]) -> dict[str, tuple[int, int]]:
    """Return (identified, count) of the classes that matter most."""
    classes: dict[str, Callable[[grid.Case], bool]] = {
        "upright, 13 px and more, opacity 0.5 and more": lambda case: (
            case.kind == "upright" and case.facts["height"] >= 13 and case.facts["opacity"] >= 0.5
        ),
        "cropped left or right, 12 letters and more": lambda case: (
            case.kind in ("cropped-left", "cropped-right") and case.facts["letters"] >= 12
        ),
        "cropped left or right, fewer letters": lambda case: (
            case.kind in ("cropped-left", "cropped-right") and case.facts["letters"] < 12
        ),
        "lower halves": lambda case: case.kind == "lower-halves",
        "mirrored": lambda case: case.kind == "mirrored",
        "Cyrillic, Arabic, Hebrew, Chinese, Japanese": lambda case: (
            case.kind in ("Cyrl", "Arab", "Hebr", "Hani", "Jpan")
        ),
    }
    return {
        name: (
            sum(hit for case, hit in zip(cases, found, strict=True) if case.phrase and wanted(case)),
            sum(bool(case.phrase) and wanted(case) for case in cases),
        )
        for name, wanted in classes.items()
    }


def summary(
    cases: Sequence[grid.Case], found: Sequence[bool], false: Sequence[bool], seconds: Sequence[float]
) -> dict[str, Any]:
    printed = [hit for case, hit in zip(cases, found, strict=True) if case.phrase]
    large = [used for case, used in zip(cases, seconds, strict=True) if 1280 <= case.pixels.shape[1] <= 1920]
    return {
        "printed": len(printed),
        "identified": sum(printed),
        "interval": wilson(sum(printed), len(printed)),
        "false_innocent": (
            sum(wrong for case, wrong in zip(cases, false, strict=True) if case.kind == "innocent"),
            sum(case.kind == "innocent" for case in cases),
        ),
        "false_clean": (
            sum(wrong for case, wrong in zip(cases, false, strict=True) if case.kind == "clean"),
            sum(case.kind == "clean" for case in cases),
        ),
        "cpu_s_1280_to_1920": round(sum(large) / max(len(large), 1), 3),
    }


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return round(max(middle - half, 0.0), 3), round(min(middle + half, 1.0), 3)


def processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        name = next(row.split(":", 1)[1].strip() for row in rows if row.startswith("model name"))
        flags = next(row for row in rows if row.startswith("flags")).split()
        return f"{name}, {os.cpu_count()} cores, " + " ".join(
            flag for flag in ("avx2", "avx512f", "avx512_vnni") if flag in flags
        )
    except (OSError, StopIteration):
        return "unknown"


def table(document: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    results = document["results"]
    names = list(results)
    rows = [
        "# Reading overlays, measured", "",
        f"`{document['command']}` on {document['processor']}; processor seconds, so that neighbours do not count.", "",
        f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}",
    ]  # fmt: skip

    def row(title: str, cell: Callable[[dict[str, Any]], Any]) -> None:
        rows.append(f"| {title} | " + " | ".join(str(cell(results[name])) for name in names) + " |")

    row(
        "identified, all kinds",
        lambda one: (
            f"{one['summary']['identified'] / max(one['summary']['printed'], 1):.1%} of {one['summary']['printed']}"
        ),
    )
    row("95 % interval", lambda one: "{:.1%} to {:.1%}".format(*one["summary"]["interval"]))
    for kind in next(iter(results.values()))["kinds"]:
        row(
            f"{kind} (letters read)",
            lambda one, kind=kind: f"{one['kinds'][kind]['identified']:.0%} ({one['kinds'][kind]['letters']:.0%})",
        )  # type: ignore[misc]
    for name in next(iter(results.values()))["targets"]:
        row(f"**{name}**", lambda one, name=name: "{} of {}".format(*one["targets"][name]))  # type: ignore[misc]
    row("false, innocent print", lambda one: "{} of {}".format(*one["summary"]["false_innocent"]))
    row("false, clean", lambda one: "{} of {}".format(*one["summary"]["false_clean"]))
    row("threshold", lambda one: one["threshold"])
    row("processor s a picture", lambda one: one["cpu_s"])
    row("... of 1280 to 1920 px", lambda one: one["summary"]["cpu_s_1280_to_1920"])
    row("... of it find, recognise", lambda one: ", ".join(f"{value}" for value in one["parts_s"].values()) or "-")
    row("peak memory, MiB", lambda one: one["peak_mib"])
    row(
        "letter error rate, corpus",
        lambda one: one["letter_error_rate"] if one["letter_error_rate"] is not None else "-",
    )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
