"""``evaluate``: labelled pictures in, error rates with intervals out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from detector.cli.options import check_engine, output_folder, settings_options
from detector.cli.terminal import progress, results, say
from detector.config import Settings
from detector.errors import ExitCode
from detector.wording import visible

if TYPE_CHECKING:
    from detector.evaluation import Judged, Row


@click.command()
@click.argument("manifest", metavar="MANIFEST")
@click.option("-o", "--output", metavar="DIR", help="Write evaluation.json and evaluation.html into this folder.")
@click.option("--root", metavar="DIR", help="Where the files of the manifest are.  [default: beside the manifest]")
@click.option("--observations", metavar="DIR", help="Judge what a scan wrote (its DIR/observations) where it holds "
              "a picture of the manifest, by content; read only the others.")  # fmt: skip
@click.option("--cache", metavar="PATH", help="Keep what was read in this SQLite file, or folder for one, and read "
              "no picture twice.")  # fmt: skip
@click.option("--bootstrap", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, metavar="N",
              help="Draws behind the intervals.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N",
              help="Of the draws: same seed, same intervals.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@settings_options("images", "reading", "judging", "batch")
def evaluate(
    manifest: str,
    settings: Settings,
    output: str | None,
    root: str | None,
    observations: str | None,
    cache: str | None,
    bootstrap: int,
    seed: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Measure how well labelled pictures are told apart.

    MANIFEST is JSON Lines: file; label (camera, game or generated; rows with another label are passed over) or
    category (G, R, RO, RT); and, if known, source (what may not be on both sides of a split: a game, a camera, a
    collection), overlay ("none" for nothing) and sha256.
    """
    check_engine(settings)
    folder = output_folder(output)
    with results() as out:
        from detector.evaluation import load_manifest, measure
        from detector.types import dumps

        rows = load_manifest(Path(manifest), root=None if root is None else Path(root))
        judged: list[Judged] = []
        with TemporaryDirectory() as scratch:
            store = Path(scratch if cache is None else cache)
            with progress(len(rows), show=not quiet) as step:
                for item in _judged(rows, settings, observations, store):
                    judged.append(item)
                    step()
            judged = _with_held(judged, [store] if observations is None else [observations, store], settings)
        figures = measure(judged, samples=bootstrap, seed=seed)
        if folder is not None:
            from detector.evaluation.page import write_json, write_page

            write_json(folder, figures, judged)
            write_page(folder, figures, judged, settings, samples=bootstrap)
        if as_json:
            out.line(dumps(figures.to_dict()))
        else:
            for line in figures.lines():
                out.line(visible(line))
    if not quiet and folder is not None:
        say(f"Look at {folder / 'evaluation.html'}")
    return int(ExitCode.PARTIAL if figures.errors else ExitCode.OK)


def _judged(rows: Sequence[Row], settings: Settings, observations: str | None, cache: Path | None) -> Iterator[Judged]:
    """Yield each row with its report, in order; what was observed already is not read again."""
    from detector.batch import rescore, scan
    from detector.evaluation import Judged

    known = {}
    if observations is not None:
        known = {report.sha256: report for report in rescore([observations], settings) if report.sha256}
    found = [known.get(row.sha256 or _sha256(row.path)) if known else None for row in rows]
    fresh = scan([row.path for row, report in zip(rows, found, strict=True) if report is None], settings, cache=cache)
    for row, report in zip(rows, found, strict=True):
        yield Judged(row, report if report is not None else next(fresh))


def _with_held(judged: Sequence[Judged], places: Sequence[str | Path], settings: Settings) -> list[Judged]:
    """Add what the verdicts held back, from the observations that these places hold."""
    from dataclasses import replace

    from detector.batch import observed
    from detector.evidence.display import held_back

    held = {seen.sha256: held_back(seen) for seen in observed(places, settings)}
    return [replace(item, held=held.get(item.report.sha256, 0.0)) for item in judged]


def _sha256(path: str) -> str:
    import hashlib

    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # becomes an error row when it is read
