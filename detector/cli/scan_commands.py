"""``scan`` and ``rescore``: many pictures in, one report each out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import (
    FLAGS,
    check_engine,
    chosen_formats,
    output_folder,
    output_options,
    output_place,
    settings_options,
)
from detector.cli.terminal import LABEL_STYLES, Results, progress, results, say
from detector.config import Settings
from detector.errors import ExitCode, UsageError
from detector.wording import LABEL_NAMES, is_background, label_of, percent, reason_of, shorten, strongest, visible

if TYPE_CHECKING:
    from detector.types import Report


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@output_options
@click.option("--annotate", type=click.Choice(["auto", "flagged", "all", "none"]), default="auto", show_default=True,
              help="Which pictures to draw on, as copies in the output folder; auto: all in scans of up to 1,000, "
              "beyond that those with a finding.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with a scan into the same folder that was stopped.")
@click.option("--cache", metavar="PATH", help="Keep what was read in this SQLite file, or folder for one, and read "
              "no picture twice from one scan to the next.")  # fmt: skip
@click.option("--files-from", metavar="FILE", help="Also scan the files that FILE lists, one a line; - for stdin.")
@click.option("--include", multiple=True, metavar="GLOB", help="In folders, only files that match; may be repeated.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="In folders, pass over what matches; may be repeated.")
@click.option("--no-recursive", is_flag=True, help="Do not go into folders inside folders.")
@click.option("--cluster", metavar="ADDRESS", help="Scan on a Ray cluster: auto for the one of this environment, "
              "HOST:PORT, ray://HOST:PORT, or local to start one here.")  # fmt: skip
@settings_options("images", "reading", "judging", "batch")
def scan(
    paths: tuple[str, ...],
    settings: Settings,
    output: str | None,
    formats: str | None,
    annotate: Any,
    resume: bool,
    cache: str | None,
    files_from: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    no_recursive: bool,
    cluster: str | None,
    as_json: bool,
    fail_on: str | None,
    quiet: bool,
) -> int:
    """Scan pictures, and folders of pictures.

    With -o DIR: DIR/reports.jsonl, DIR/reports.csv, DIR/index.html, DIR/annotated/ and DIR/observations/.
    Without it and without --json: one line a picture. PATH and DIR may be in object storage: s3://BUCKET/FOLDER.
    """
    if not paths and files_from is None:
        raise UsageError("name a picture or a folder: overlay-detector scan PATH -o report")
    if resume and output is None:
        raise UsageError("--resume goes on in a folder: add -o DIR")
    names = chosen_formats(formats, output)
    check_engine(settings)
    from detector.files import find_pictures

    sources = find_pictures(paths, files_from=files_from, include=include, exclude=exclude, recursive=not no_recursive)
    if not sources:
        where = ", ".join(visible(path) for path in paths) or files_from
        raise UsageError(f"no pictures in {where}. Files with other endings can be named one by one.")
    folder = output_place(output)
    with results() as out:
        from detector.anywhere import scan_anywhere

        reports = scan_anywhere(
            sources,
            settings,
            cluster=cluster,
            output=folder,
            formats=names,
            annotate=annotate,
            resume=resume,
            cache=cache,
        )
        return show(
            reports, out, total=len(sources), folder=folder, formats=names,
            as_json=as_json, fail_on=fail_on, quiet=quiet,
        )  # fmt: skip


@click.command()
@click.argument("observations", nargs=-1, required=True, metavar="OBSERVATIONS...")
@output_options
@settings_options("judging")
def rescore(
    observations: tuple[str, ...],
    settings: Settings,
    output: str | None,
    formats: str | None,
    as_json: bool,
    fail_on: str | None,
    quiet: bool,
) -> int:
    """Judge again with today's signatures, without reading again.

    OBSERVATIONS are files that scan wrote, or folders of them: DIR/observations, or DIR itself.
    """
    names = chosen_formats(formats, output)
    folder = output_folder(output)
    with results() as out:
        from detector.batch import rescore as rescore_all

        reports = rescore_all(observations, settings, output=folder, formats=names)
        return show(
            reports, out, total=None, folder=folder, formats=names, as_json=as_json, fail_on=fail_on, quiet=quiet
        )


def show(
    reports: Iterator[Report],
    out: Results,
    *,
    total: int | None,
    folder: Path | str | None,
    formats: tuple[str, ...],
    as_json: bool,
    fail_on: str | None,
    quiet: bool,
) -> int:
    """Print reports as they come, say at the end what there was, and return the exit code."""
    counts: Counter[str] = Counter()
    rows = folder is None and not as_json
    # Rows on a terminal are progress enough, and a bar would be drawn over them.
    bar = not quiet and total is not None and not (out.on_terminal and (rows or as_json))
    # Closed by us and not by the garbage collector: workers end when the reader of our results has gone.
    with ExitStack() as stack:
        stack.callback(getattr(reports, "close", lambda: None))
        step = stack.enter_context(progress(total or 0, show=bar))
        for report in reports:
            counts[label_of(report)] += 1
            if as_json:
                out.line(report.to_json())
            elif rows:
                out.line(row(report, out))
            step()
            if out.closed and folder is None:
                return int(ExitCode.OK)
    if not quiet:
        say(summary(counts, folder, formats))
    if fail_on is not None and any(counts[label] for label in FLAGS[FLAGS.index(fail_on) :]):
        return int(ExitCode.FLAGGED)
    return int(ExitCode.PARTIAL if counts["error"] else ExitCode.OK)


def row(report: Report, out: Results) -> str:
    """Return a picture as one line for people."""
    label = label_of(report)
    fakeness = "" if report.verdict is None else percent(report.verdict.fakeness)
    name = out.style(f"{LABEL_NAMES[label].lower():<10}", fg=LABEL_STYLES[label], bold=label == "strong")
    text = f"{name} {fakeness:>8}  {visible(report.source, limit=300)}"
    top = strongest(report.evidence)
    if report.error is not None:
        return f"{text}  {report.error.code}: {visible(reason_of(report), limit=300)}"
    if top is None or is_background(top):
        return text
    quote = f": “{shorten(top.quote, 80)}”" if top.quote else ""
    more = f" (+{len(report.evidence) - 1} more)" if len(report.evidence) > 1 else ""
    # The quote comes last: letters that run from right to left cannot reorder what stands before it.
    return f"{text}  {shorten(top.title, 80)}{more}{quote}"


def summary(counts: Counter[str], folder: Path | str | None, formats: tuple[str, ...]) -> str:
    """Return what there was, in one line."""
    total = sum(counts.values())
    parts = [f"{counts[label]} {LABEL_NAMES[label].lower()}" for label in reversed(list(LABEL_NAMES)) if counts[label]]
    text = f"{total} picture{'' if total == 1 else 's'}" + (f": {', '.join(parts)}." if parts else ".")
    if folder is None:
        return text
    from detector.registry import OUTPUTS

    main = OUTPUTS.get("html" if "html" in formats else formats[0]).file_name
    return f"{text} Look at " + (f"{folder.rstrip('/')}/{main}" if isinstance(folder, str) else str(folder / main))
