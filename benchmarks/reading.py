"""How well and how fast overlays are read, beside the plain engines, in one run.

    python benchmarks/reading.py --pictures FOLDER --each 24 --clean 200 --output benchmarks/reading

prints known phrases on the genuine pictures of FOLDER (see ``reading_cases``) once, and lets every system read
the same files, each in a process of its own. What was read is kept in a folder (``--work``) and judged
afterwards; what is there already is not read again. A plain engine is followed by rapidfuzz keywords, with the
lowest threshold at which it raises no false alarm on this run's clean and innocent pictures: the best that it
can do. Ours is followed by the packaged signatures and one for each printed phrase.

The slow ones read a part of the cases of every kind (``--parts``); wherever figures are compared with theirs, all
are those of the same cases.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import reading_cases as grid
import reading_judged as judged
from reading_systems import OURS, PLAIN, peak_mib, reader_of, used


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pictures", type=Path, help="folder of genuine pictures without overlay")
    options.add_argument(
        "--corpus", type=Path, help="folder with a manifest.jsonl: letter error rate on its overlay_text"
    )
    options.add_argument("--each", type=int, default=6, help="cases of every kind of difficulty")
    options.add_argument("--clean", type=int, default=40, help="clean and innocent pictures, half and half")
    options.add_argument("--textless", type=int, default=0, help="pictures of noise, foliage, brick and mesh")
    options.add_argument("--textures", type=Path, help="folder of genuine pictures without any text, for --textless")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kinds", default=",".join(grid.KINDS))
    options.add_argument("--systems", default=",".join((*OURS, *PLAIN)))
    options.add_argument(
        "--parts",
        default="thorough=0.5,plain-tesseract=0.17,plain-easyocr=0.17",
        help="systems that read only this part of every kind of case",
    )
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--together", type=int, default=1, help="systems that run at the same time")
    options.add_argument("--work", type=Path, help="keeps the cases and what was read; a temporary folder if not given")
    options.add_argument("--output", type=Path, help="writes OUTPUT.json and OUTPUT.md")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(chosen, chosen.work or Path(folder))


def run(chosen: argparse.Namespace, work: Path) -> None:
    """Print the cases, read them with every system, judge, and write the tables."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "cases.jsonl").exists():
        alone(prepare, chosen, work)
    rows = loaded(work / "cases.jsonl")
    systems = chosen.systems.split(",")
    with ThreadPoolExecutor(chosen.together) as pool:
        # Those that read only a part are slow, and start first.
        waiting = sorted(systems, key=lambda system: parts_of(chosen).get(system, 1.0))
        list(pool.map(lambda system: alone(read_all, system, chosen, work), waiting))
    read = {system: {row["number"]: row for row in loaded(work / f"{system}.jsonl")} for system in systems}
    document = {
        "command": "python benchmarks/reading.py "
        + " ".join(
            f"--{name} {getattr(chosen, name.replace('-', '_'))}"
            for name in ("each", "parts", "clean", "textless", "seed", "threads", "together", "systems")
        ),
        "processor": processor(),
        **judged.judge(rows, read, {name: json.loads((work / f"{name}.json").read_text("utf-8")) for name in systems}),
    }
    text = judged.table(document)
    if chosen.output:
        Path(f"{chosen.output}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False), "utf-8")
        Path(f"{chosen.output}.md").write_text(text, "utf-8")
    print(text)


def alone(function: Callable[..., None], *arguments: Any) -> None:
    """Run a function in a process of its own, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(function, arguments)


def loaded(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text("utf-8").splitlines()]


def prepare(chosen: argparse.Namespace, work: Path) -> None:
    """Write every case as a file, and a list of them."""
    pictures = grid.backgrounds(chosen.pictures)
    rows: list[dict[str, Any]] = []
    for case in every_case(chosen, pictures):
        name = f"{len(rows):05d}.jpg"
        (work / name).write_bytes(case.jpeg)
        rows.append(
            {"number": len(rows), "file": str(work / name), "kind": case.kind, "phrase": case.phrase,
             "visible": case.visible, "background": case.background, "size": case.size, "facts": case.facts}
        )  # fmt: skip
    rows += of_corpus(chosen.corpus, len(rows)) if chosen.corpus else []
    count, place = Counter(row["kind"] for row in rows), Counter[str]()
    for row in rows:
        row["part"] = round(place[row["kind"]] / count[row["kind"]], 4)
        place[row["kind"]] += 1
    (work / "cases.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def every_case(chosen: argparse.Namespace, pictures: Any) -> Iterator[grid.Case]:
    yield from grid.cases(pictures, each=chosen.each, seed=chosen.seed, kinds=chosen.kinds.split(","))
    yield from grid.clean(pictures, count=chosen.clean, seed=chosen.seed)
    textures = grid.backgrounds(chosen.textures) if chosen.textures else []
    yield from grid.textless(textures, count=chosen.textless, seed=chosen.seed)


def of_corpus(corpus: Path, first: int) -> list[dict[str, Any]]:
    """Return every fourth of the labelled pictures with an overlay, in an order drawn by a seed."""
    rows = [row for row in loaded(corpus / "manifest.jsonl") if row["overlay_text"] and row["overlay"] != "none"]
    random.Random(1).shuffle(rows)
    return [
        {"number": first + place, "file": str(corpus / row["file"]), "kind": "corpus", "phrase": "",
         "visible": row["overlay_text"], "background": row["file"], "size": (row["width"], row["height"]),
         "facts": {}}
        for place, row in enumerate(rows[::4])
    ]  # fmt: skip


def parts_of(chosen: argparse.Namespace) -> dict[str, float]:
    pairs = (pair.split("=") for pair in chosen.parts.split(",") if pair)
    return {name: float(part) for name, part in pairs}


def read_all(system: str, chosen: argparse.Namespace, work: Path) -> None:
    """Read every case with one system and write what was read, the seconds and the memory."""
    import numpy as np
    from PIL import Image

    target = work / f"{system}.jsonl"
    part = parts_of(chosen).get(system, 1.0)
    # In turns through the kinds: should a run be stopped, what was read is still a fair part.
    rows = [row for row in loaded(work / "cases.jsonl") if row["part"] < part]
    rows.sort(key=lambda row: (row["kind"] == "textless", row["part"]))
    # Textless pictures ask for false alarms only, and of the default reading only.
    rows = [row for row in rows if row["kind"] != "textless" or system == "normal"]
    if target.exists():
        return
    read, clocks = reader_of(system, chosen.threads)
    read(np.full((400, 600, 3), 90, np.uint8))
    with target.with_suffix(".part").open("w", encoding="utf-8") as stream:
        for row in rows:
            with Image.open(row["file"]) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            clocks.clear()
            before = used()
            lines = read(pixels)
            spent = used() - before
            parts = {name: round(value, 4) for name, value in clocks.items()}
            texts = [line if isinstance(line, str) else line.to_dict() for line in lines]
            answer = {"number": row["number"], "lines": texts, "seconds": round(spent, 3), "parts": parts}
            stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
            stream.flush()
    own, called = peak_mib()
    target.with_suffix(".json").write_text(json.dumps({"peak_mib": own, "called_mib": called}), "utf-8")
    target.with_suffix(".part").rename(target)
    print(f"{system}: {len(rows)} pictures", file=sys.stderr, flush=True)


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


if __name__ == "__main__":
    main()
