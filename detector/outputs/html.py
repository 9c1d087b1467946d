"""One self-contained page for people: no script, nothing loaded, printable, written card by card."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

from detector.errors import OutputError
from detector.outputs import WholeFile
from detector.types import SOURCES, Evidence, Report, quad_bounds
from detector.wording import (
    LABEL_MEANINGS,
    LABEL_NAMES,
    NO_CONCLUSION,
    SOURCE_NAMES,
    at_prior,
    attribute_words,
    bits_words,
    is_background,
    is_number,
    label_of,
    percent,
    place_words,
    reason_of,
    signed,
    speaks_for,
    visible,
)

if TYPE_CHECKING:
    from jinja2 import Template

QUIET_THUMBNAILS = 500
"""So many pictures without a finding are shown with a small picture; flagged ones always are."""
QUIET_CARDS = 2000
"""So many pictures without a finding, or not read, have a card; the rest one row each: a browser shows it all."""
MOST_EVIDENCE = 40
MOST_LINES = 120
LONGEST_TEXT = 600

_HERE = Path(__file__).parent
_DATA_URI = re.compile(r"data:image/(?:jpeg|png|webp);base64,[A-Za-z0-9+/]+={0,2}")
# Loudest first: what a reader looks for. What could not be read may need a reader's hand, so it comes next.
_NAMES = {name: LABEL_NAMES[name] for name in ("strong", "suspect", "marked", "error", "no-finding")}


class Format(AbstractContextManager["Format"]):
    """Writes ``index.html``.

    The loudest label comes first, and the counts on top are known only at the end, so cards go to a temporary
    file for each label first; the page never holds more than one of them in memory.
    """

    file_name: ClassVar[str] = "index.html"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = WholeFile(folder / self.file_name, keep=False)
        self._cards: dict[str, IO[bytes]] = {}
        self._open = ExitStack()
        self._counts = dict.fromkeys(_NAMES, 0)
        self._versions: dict[str, str] = {}
        self._prior = ""

    def __enter__(self) -> Self:
        self._file.__enter__()
        for label in _NAMES:
            # In the same folder, which has room for the page anyway; without a name, so that nothing is left over.
            self._cards[label] = self._open.enter_context(tempfile.TemporaryFile(dir=self._folder))
        return self

    def write(self, report: Report, *, annotated: str | None = None, thumbnail: str | None = None) -> None:
        """Add one card."""
        label = label_of(report)
        self._counts[label] += 1
        if label in ("no-finding", "error") and self._counts[label] > QUIET_THUMBNAILS:
            thumbnail = None
        if report.verdict is not None and not self._prior:
            self._prior = _prior_words(report)
        for name, value in report.versions.items():
            self._versions.setdefault(name, value)
        part = "row" if label in ("no-finding", "error") and self._counts[label] > QUIET_CARDS else "card"
        card = card_values(report, sum(self._counts.values()), annotated=annotated, thumbnail=thumbnail)
        try:
            self._cards[label].write(render(part, card).encode("utf-8"))
        except OSError as error:
            raise OutputError(f"{self._folder / self.file_name}: cannot be written: {error.strerror}") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._open.close()
            self._file.__exit__(kind, error, trace)
            return
        with ExitStack() as stack:
            stack.push(self._file)
            stack.push(self._open)
            self._assemble()

    def _assemble(self) -> None:
        css, digest = style_sheet()
        versions = [(visible(name, limit=80), visible(value, limit=200)) for name, value in self._versions.items()]
        total = sum(self._counts.values())
        page_head = render(
            "head", total, self._counts, _NAMES, LABEL_MEANINGS, css, digest, NO_CONCLUSION, versions, self._prior
        )
        self._file.write(page_head.encode("utf-8"))
        for label, cards in self._cards.items():
            if not self._counts[label]:
                continue
            self._file.write(render("group", label, _NAMES[label], self._counts[label]).encode("utf-8"))
            cards.seek(0)
            while block := cards.read(1 << 20):
                self._file.write(block)
            self._file.write(b"</section>\n")
        quiet = self._counts["no-finding"]
        limits = [limit if quiet > limit else 0 for limit in (QUIET_THUMBNAILS, QUIET_CARDS)]
        self._file.write(render("foot", versions, *limits).encode("utf-8"))


def render(part: str, *values: Any) -> str:
    """Return one part of the page: ``head``, ``group``, ``card``, ``row`` or ``foot``."""
    return str(getattr(_template().module, part)(*values))


def card_values(
    report: Report, number: int, *, annotated: str | None = None, thumbnail: str | None = None
) -> dict[str, Any]:
    """Return what a card shows, every text made visible and cut to a length that people read."""
    folder, file = os.path.split(report.source)
    verdict, size = report.verdict, report.size
    label = label_of(report)
    small = _small_pictures(thumbnail)
    values: dict[str, Any] = {
        "number": number,
        "label": label,
        "label_name": LABEL_NAMES[label],
        "fakeness": "",
        "at_prior": False,
        "boxes": [],
        "folder": _shown(os.path.join(folder, "")) if folder else "",  # noqa: PTH118 - a name, not a path
        "file": _shown(file),
        "annotated": _link(annotated),
        "thumbnail": small[0],
        "width": size[0] if size else 0,
        "height": size[1] if size else 0,
        "format": _shown(report.format),
        "sha256": report.sha256,
        "notes": [_shown(note) for note in report.notes],
        "error": report.error and {"code": _shown(report.error.code), "message": _shown(reason_of(report))},
    }
    if verdict is None:
        return values
    terms = verdict.contributions
    sums = [sum(term.bits.get(name, 0.0) for term in terms) for name in SOURCES]
    evidence = report.evidence[:MOST_EVIDENCE]
    letters = dict(enumerate(small[1:], 1))
    return values | {
        "fakeness": percent(verdict.fakeness),
        "at_prior": at_prior(verdict),
        "summary": _shown(verdict.summary),
        "scale": _shown(verdict.scale),
        "evidence": [
            _evidence(item, number, size) | {"letters": letters.get(number)}
            for number, item in enumerate(evidence, 1)
            if not is_background(item)
        ],
        "background": [_evidence(item, number, size) for number, item in enumerate(evidence, 1) if is_background(item)],
        "more_evidence": len(report.evidence) - len(evidence),
        "boxes": [
            {"points": " ".join(f"{x:g},{y:g}" for x, y in quad), "colour": speaks_for(item.bits)}
            for item in evidence
            for quad in item.quads
        ],
        "letter": round(max(size) / 24) if size else 1,
        "spots": _spots(evidence, size) if size else [],
        "terms": [
            {"name": _shown(term.name), "bits": [signed(term.bits.get(name, 0.0)) for name in SOURCES]}
            for index, term in enumerate(terms)
            if not index or any(abs(bits) >= 0.05 for bits in term.bits.values())
        ],
        "sum": [signed(total) for total in sums],
        "sources": [percent(verdict.sources[name]) for name in SOURCES],
        "lines": [
            {
                "text": _shown(line.text),
                "confidence": f"{line.confidence:.2f}",
                "place": place_words([line.quad], size),
            }
            for line in report.lines[:MOST_LINES]
        ],
        "line_count": len(report.lines),
        "more_lines": max(0, len(report.lines) - MOST_LINES),
    }


def _evidence(item: Evidence, number: int, size: tuple[int, int] | None) -> dict[str, Any]:
    pairs = [(name, str(value)) for name, value in item.attributes.items()]
    return {
        "number": number,
        "colour": speaks_for(item.bits),
        "title": _shown(item.title),
        "quote": _shown(item.quote),
        "why": _shown(item.why),
        "bits": bits_words(item.bits),
        "place": place_words(item.quads, size),
        "signature": _shown(item.signature or ""),
        "facts": [_shown(attribute_words(*pair)) for pair in pairs if not is_number(pair[1])],
        "measured": [_shown(attribute_words(*pair)) for pair in pairs if is_number(pair[1])],
    }


def _small_pictures(addresses: str | None) -> list[str | None]:
    """Return the picture made small, and the enlarged letters of each finding; see ``detector.annotate.thumbnail``.

    Only data addresses of pictures pass: never another kind of address.
    """
    parts = (addresses or "").split(" ")
    return [part if _DATA_URI.fullmatch(part) else None for part in parts]


def _spots(evidence: Sequence[Evidence], size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return where the numbers of findings stand: left of their first box, or right of it at the border."""
    spots: dict[Any, dict[str, Any]] = {}
    letter = max(size) / 24
    for number, item in enumerate(evidence, 1):
        if not item.quads:
            continue
        left, top, right, bottom = quad_bounds(item.quads[0])
        # Nearly the same place: their numbers would stand on each other.
        here = (left, top, right, bottom)
        near = (box for box in spots if all(abs(a - b) < letter / 2 for a, b in zip(box, here, strict=True)))
        known = spots.get(next(near, None))
        if known is not None:
            known["numbers"] += f",{number}"
            continue
        x = left - 0.9 * letter if left > letter else right + 0.3 * letter
        if x > size[0] - letter:  # a box as wide as the picture: below or above it
            x = 0.3 * letter
            bottom = bottom + letter if bottom + letter < size[1] else top - letter
        y = min(max((top + bottom) / 2 + 0.35 * letter, letter), size[1] - 0.1 * letter)
        # Written from the box outwards, so that several numbers do not run into it.
        spots[here] = {
            "numbers": str(number),
            "colour": speaks_for(item.bits),
            "x": round(x + 0.6 * letter if x < left else x),
            "y": round(y),
            "anchor": "end" if x < left else "start",
        }
    return list(spots.values())


def _shown(text: str) -> str:
    return visible(text, limit=LONGEST_TEXT)


def _link(relative: str | None) -> str | None:
    """Return a relative path as an address that cannot leave the folder or name a scheme."""
    if not relative:
        return None
    parts = Path(relative).parts
    if Path(relative).is_absolute() or ".." in parts:
        return None
    return "./" + "/".join(quote(os.fsencode(part), safe="") for part in parts)


def _prior_words(report: Report) -> str:
    assert report.verdict is not None
    first = report.verdict.contributions[:1]
    if not first or first[0].evidence is not None:
        return ""
    return ", ".join(f"{SOURCE_NAMES[name]} {percent(2 ** first[0].bits.get(name, 0.0))}" for name in SOURCES)


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    return environment.from_string((_HERE / "page.html.jinja").read_text("utf-8"))


@cache
def style_sheet() -> tuple[Any, str]:
    """Return the style sheet and its hash for the content security policy."""
    from markupsafe import Markup

    css = (_HERE / "report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    return Markup(css), digest
