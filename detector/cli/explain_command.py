"""``explain``: why, for one picture, in the terminal."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.options import check_engine, settings_options
from detector.cli.terminal import LABEL_STYLES, Results, results
from detector.config import Settings
from detector.errors import ExitCode, PictureError, UsageError
from detector.wording import (
    LABEL_NAMES,
    NO_CONCLUSION,
    SOURCE_NAMES,
    at_prior,
    attribute_words,
    bits_words,
    label_of,
    one_in,
    percent,
    place_words,
    shorten,
    signed,
    speaks_for,
    visible,
)

if TYPE_CHECKING:
    from detector.knowledge import Match
    from detector.types import Evidence, Report

_MARKS = {"game": "red", "generated": "magenta", "camera": "green", "path": "blue"}
_WIDTH = 100


@click.command()
@click.argument("image", metavar="IMAGE")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@settings_options("images", "reading", "judging")
def explain(image: str, settings: Settings, as_json: bool, quiet: bool) -> int:
    """Say why: what was read and where, what it means, and how the bits add up.

    IMAGE is a picture, or observations that scan wrote (a .json file), which are judged without reading.
    """
    check_engine(settings)
    if Path(image).is_dir():
        raise UsageError(f"{image}: a folder; explain takes one picture. Type: overlay-detector scan FOLDER -o report")
    with results() as out:
        from detector.pipeline import Detector
        from detector.types import Observations

        detector = Detector(settings)
        if image.endswith(".json"):
            try:
                observations = Observations.from_json(Path(image).read_bytes())
            except OSError as error:
                raise PictureError("unreadable", f"{image}: {error.strerror}") from error
        else:
            observations = detector.observe(image)
        report = detector.judge(observations)
        if as_json:
            out.line(report.to_json())
        else:
            matches = {match.signature.id: match for match in detector.knowledge.match(observations)}
            for line in explanation(report, matches, out):
                out.line(line)
    return int(ExitCode.OK)


def explanation(report: Report, matches: dict[str, Match], out: Results) -> list[str]:
    """Return the explanation, line by line; every text of the picture is made visible."""
    verdict, label = report.verdict, label_of(report)
    assert verdict is not None
    size = f"{report.size[0]} x {report.size[1]} px, " if report.size else ""
    head = out.style(LABEL_NAMES[label], fg=LABEL_STYLES[label], bold=True)
    shares = ", ".join(f"{SOURCE_NAMES[name]} {percent(share)}" for name, share in verdict.sources.items())
    lines = [
        visible(report.source),
        f"{size}{visible(report.format)}, SHA-256 {report.sha256}",
        "",
        f"{head}: fakeness {percent(verdict.fakeness)}{', as before looking' if at_prior(verdict) else ''} ({shares})",
        *_wrap(visible(verdict.summary)),
        *_wrap(f"Verbal scale: {visible(verdict.scale)}."),
    ]
    for number, item in enumerate(report.evidence, 1):
        lines += ["", *_evidence(number, item, report, out)]
        match = matches.get(item.signature or "")
        if match is not None:
            lines += alignment(match, indent="   ")
    lines += ["", out.style("How the bits add up", bold=True), *_table(report)]
    lines += ["", out.style(f"Text that was read ({len(report.lines)})", bold=True)]
    for line in report.lines:
        place = place_words([line.quad], report.size)
        lines.append(f"  {line.confidence:.2f}  {place:<20}  {visible(line.text, limit=400)}")
    lines += [f"Note: {visible(note)}" for note in report.notes]
    return [*lines, "", *_wrap(NO_CONCLUSION)]


def _evidence(number: int, item: Evidence, report: Report, out: Results) -> list[str]:
    colour = _MARKS[speaks_for(item.bits)]
    rows = [f"{out.style(f'{number}. {visible(item.title)}', fg=colour, bold=True)}   {bits_words(item.bits)}"]
    if item.quote:
        rows.append(f"   read: “{visible(item.quote, limit=400)}”")
    if item.quads:
        where = place_words(item.quads, report.size)
        (left, top), right = item.quads[0][0], max(x for x, _ in item.quads[0])
        rows.append(f"   where: {where}, from x {left:.0f}, y {top:.0f} to x {right:.0f} px")
    rows += _wrap(f"why: {visible(item.why)}", "   ")
    if item.signature:
        rows.append(f"   signature: {visible(item.signature)}")
    for name, value in item.attributes.items():
        if name in ("share", "match_bits", "e_value"):
            continue  # of the letters, which are shown one by one
        rows.append(f"   {attribute_words(name, str(value))}")
    return rows


def alignment(match: Match, *, indent: str = "") -> list[str]:
    """Return a match letter by letter: the phrase above, what was read below, a sign between them."""
    known, signs, read = [], [], []
    for expected, got in match.alignment:
        expected, got = visible(expected) or "-", visible(got) or "-"
        width = max(len(expected), len(got))
        known.append(expected.ljust(width))
        read.append(got.ljust(width))
        same = expected.casefold() == got.casefold()
        signs.append(("|" if same else " " if "-" in (expected, got) else "~").ljust(width))
    rows = []
    step, start = _WIDTH - len(indent) - 8, 0
    known_row, sign_row, read_row = "".join(known), "".join(signs), "".join(read)
    while start < len(known_row):
        part = slice(start, start + step)
        rows += [
            f"{indent}known:  {known_row[part]}".rstrip(),
            f"{indent}        {sign_row[part]}".rstrip(),
            f"{indent}read:   {read_row[part]}".rstrip(),
        ]
        start += step
    cut = f", cut at the {' and '.join(match.cut)}" if match.cut else ""
    rows.append(
        f"{indent}{match.bits:.1f} bits of surprise, {percent(match.share)} of the phrase{cut}; "
        f"by chance, the model of letters expects it in {one_in(match.e_value)} genuine pictures"
    )
    return rows


def _table(report: Report) -> list[str]:
    assert report.verdict is not None
    names = ("camera", "game", "generated")
    rows = [f"  {'':<52}" + "".join(f"{SOURCE_NAMES[name]:>10}" for name in names)]
    totals = dict.fromkeys(names, 0.0)
    for term in report.verdict.contributions:
        cells = ""
        for name in names:
            totals[name] += term.bits.get(name, 0.0)
            cells += f"{signed(term.bits.get(name, 0.0)):>10}"
        rows.append(f"  {shorten(term.name, 52):<52}{cells}")
    rows.append(f"  {'sum (bits)':<52}" + "".join(f"{signed(totals[name]):>10}" for name in names))
    shares = "".join(f"{percent(report.verdict.sources[name]):>10}" for name in names)
    return [*rows, f"  {'probability':<52}{shares}"]


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False
    )
