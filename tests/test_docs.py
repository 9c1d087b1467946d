"""The documents hold together: links lead somewhere, every page can be reached from README, commands exist."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest

from detector.cli import cli

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "samples", "models", "benchmarks", "training")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", *(f"{folder}/**/*.md" for folder in FOLDERS))
    for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.S | re.M)
_COMMAND = re.compile(r"^\s*(?:\$ )?(overlay-detector [^#|\n]*)", re.M)


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@cache
def links_of(page: str) -> tuple[tuple[str, str], ...]:
    """Return (page or file, anchor) for each link that is not to another site, from the root of the repository."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text_of(page)))
    found = []
    for target in _LINK.findall(prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        found.append((place.resolve().relative_to(ROOT).as_posix(), anchor))
    return tuple(found)


def anchors_of(page: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ +(.*?) *$", _FENCE.sub("", text_of(page)), re.M)
    plain = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target, anchor in links_of(page):
        assert (ROOT / target).exists(), f"{page} links to {target}"
        if anchor and target.endswith(".md"):
            assert anchor in anchors_of(target), f"{page} links to {target}#{anchor}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, ahead = {"README.md"}, ["README.md"]
    while ahead:
        for target, _ in links_of(ahead.pop()):
            if target.endswith(".md") and target not in reached:
                reached.add(target)
                ahead.append(target)
    documents = {page for page in PAGES if page.startswith("docs/") or "/" not in page}
    assert not documents - reached


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/cli.md"])
def test_commands_in_the_documents_parse(page: str) -> None:
    for line in _COMMAND.findall(text_of(page)):
        words = shlex.split(line.replace("…", "x"))[1:]
        group: click.Command = cli
        context = click.Context(cli)
        while isinstance(group, click.Group):
            name = words.pop(0)
            found = group.get_command(context, name)
            assert found is not None, f"{page}: {line}"
            group = found
        known = {option for parameter in group.params for option in parameter.opts}
        for word in words:
            if word.startswith("-") and word != "-":
                assert word.partition("=")[0] in known | {"-h", "--help"}, f"{page}: {line}"
