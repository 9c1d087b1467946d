"""``signatures list|show|lint|test|match``: what is known, and whether it holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector.cli.explain_command import alignment
from detector.cli.options import settings_options, talk_options
from detector.cli.terminal import results, say, set_up_logging
from detector.config import Settings
from detector.errors import ExitCode, UsageError
from detector.wording import bits_words, visible

if TYPE_CHECKING:
    from detector.knowledge import Knowledge
    from detector.types import Signature

_LEVELS = {"error": "red", "warning": "yellow", "note": "white"}


@click.group()
def signatures() -> None:
    """Look at what is known, and check it."""


def _knowledge(settings: Settings) -> Knowledge:
    from detector.knowledge import load_knowledge

    return load_knowledge(Path(settings.signatures) if settings.signatures else None)


@signatures.command("list")
@click.option("--kind", metavar="KIND", help="Only this kind: disclaimer, hud, recorder, generator and so on.")
@click.option("--json", "as_json", is_flag=True, help="Print one signature a line as JSON.")
@settings_options("judging")
def list_(settings: Settings, kind: str | None, as_json: bool, quiet: bool) -> int:
    """List the signatures: id, kind, status, bits, title."""
    from detector.types import SIGNATURE_KINDS

    if kind is not None and kind not in SIGNATURE_KINDS:
        raise UsageError(f"unknown kind of signature '{kind}'; known: {', '.join(SIGNATURE_KINDS)}")
    with results() as out:
        shown = [item for item in _knowledge(settings).signatures.values() if kind in (None, item.kind)]
        for item in sorted(shown, key=lambda item: item.id):
            if as_json:
                out.line(json.dumps(asdict(item), ensure_ascii=True))
            else:
                bits = bits_words(item.speaks_for) if item.speaks_for else "path only"
                out.line(f"{item.id:<48} {item.kind:<12} {item.status:<13} {bits:<22} {visible(item.title)}")
    if not quiet:
        say(f"{len(shown)} signature{'' if len(shown) == 1 else 's'}")
    return int(ExitCode.OK)


@signatures.command()
@click.argument("signature_id", metavar="ID")
@settings_options("judging")
def show(settings: Settings, signature_id: str, quiet: bool) -> int:
    """Show one signature: its file, as it stands."""
    with results() as out:
        known = _knowledge(settings).signatures
        if signature_id not in known:
            import difflib

            near = difflib.get_close_matches(signature_id, list(known), n=3)
            hint = f"near: {', '.join(near)}" if near else "see 'overlay-detector signatures list'"
            raise UsageError(f"unknown signature '{visible(signature_id)}'; {hint}")
        for line in _fields(known[signature_id]):
            out.line(line)
    return int(ExitCode.OK)


def _fields(item: Signature) -> list[str]:
    lines = []
    for name, value in asdict(item).items():
        if not value:
            continue
        if isinstance(value, str):
            lines.append(f"{name}: {visible(value)}")
            continue
        lines.append(f"{name}:")
        rows = value.items() if isinstance(value, dict) else [("", row) for row in value]
        for key, row in rows:
            for single in row if isinstance(row, (list, tuple)) else [row]:
                lines.append(f"  {visible(str(key))}: {visible(str(single))}" if key else f"  - {visible(str(single))}")
    return lines


@signatures.command()
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.option("--thorough", is_flag=True, help="Also run each over ordinary text, and over what the others print.")
@talk_options
def lint(folder: str | None, thorough: bool, verbose: int, quiet: bool) -> int:
    """Check signature files: the packaged ones, or those in FOLDER.

    Each problem is one line: file, line, how bad it is, which check, what is wrong, what to do. Ends with exit
    code 5 if there is an error; warnings and notes are for the author to weigh.
    """
    set_up_logging(verbose, quiet)
    with results() as out:
        from detector.knowledge.lint import lint_folder
        from detector.resources import SIGNATURES

        problems = lint_folder(Path(folder) if folder else SIGNATURES, thorough=thorough)
        for found in problems:
            level = out.style(found.level, fg=_LEVELS[found.level])
            out.line(
                f"{visible(found.file)}:{found.line}: {level}: {found.check}: {visible(found.message)}. "
                f"To do: {visible(found.recommendation)}"
            )
    counts: Counter[str] = Counter(found.level for found in problems)
    if not quiet:
        say(", ".join(f"{counts[level]} {level}s" for level in _LEVELS))
    return int(ExitCode.SETTING if counts["error"] else ExitCode.OK)


@signatures.command("test")
@click.argument("only", nargs=-1, metavar="[ID]...")
@settings_options("judging")
def test_(settings: Settings, only: tuple[str, ...], quiet: bool) -> int:
    """Run the tests that signatures carry: texts that must match, and texts that must not.

    Ends with exit code 5 if one fails.
    """
    with results() as out:
        from detector.knowledge.selftest import run_tests

        knowledge = _knowledge(settings)
        unknown = [name for name in only if name not in knowledge.signatures]
        if unknown:
            raise UsageError(f"unknown signature '{visible(unknown[0])}'; see 'overlay-detector signatures list'")
        failed = run = 0
        for item in knowledge.signatures.values():
            if only and item.id not in only:
                continue
            run += len(item.tests_match) + len(item.tests_no_match)
            for failure in run_tests(item):
                failed += 1
                out.line(f"{item.id}: {failure.field}: {visible(failure.text)}: {visible(failure.message)}")
    if not quiet:
        say(f"{run} tests, {failed} failed")
    return int(ExitCode.SETTING if failed else ExitCode.OK)


@signatures.command()
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "--at",
    "zone",
    default="center",
    show_default=True,
    metavar="ZONE",
    help="Where it stands: center, top, top-right, right and so on.",
)
@click.option("--cut", type=click.Choice(["left", "right"]), help="The text touches this border of the picture.")
@settings_options("judging")
def match(settings: Settings, text: tuple[str, ...], zone: str, cut: Any, quiet: bool) -> int:
    """Say what TEXT would match, letter by letter.

    Several TEXTs are lines, one under the other.
    """
    from detector.types import ZONES

    if zone not in ZONES:
        raise UsageError(f"unknown zone '{zone}'; known: {', '.join(ZONES)}")
    with results() as out:
        from detector.knowledge.selftest import picture_of

        found = _knowledge(settings).match(picture_of(text, [zone], cut or ""))
        for item in found:
            signature = item.signature
            out.line(out.style(f"{signature.id}   {visible(signature.title)}", bold=True))
            language = f" ({item.language})" if item.language else ""
            out.line(f"  {signature.kind}; read whole: {bits_words(signature.speaks_for)}{language}")
            for line in alignment(item, indent="  "):
                out.line(line)
    if not found and not quiet:
        say("No signature matches this text.")
    return int(ExitCode.OK)
