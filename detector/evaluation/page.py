"""Writes evaluation.json and evaluation.html: figures, plots, and the errors as cards with small pictures."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from detector.annotate import thumbnail
from detector.config import Settings
from detector.errors import PictureError
from detector.evaluation import plots
from detector.evaluation.figures import COLUMNS, Figures, Judged, false_alarms, log2_ratio, misses, near_alarms
from detector.images import load_frame
from detector.outputs import WholeFile
from detector.outputs.html import card_values, render, style_sheet
from detector.types import SOURCES, dumps
from detector.wording import visible

MOST_CARDS = 60
"""Errors of each sort that the page shows; the rest stands in the JSON."""

_HERE = Path(__file__).parent


def write_json(folder: Path, figures: Figures, judged: Sequence[Judged]) -> None:
    """Write ``evaluation.json``: the figures, and every picture with its score and label.

    Raises:
        OutputError: it cannot be written.
    """
    pictures = [
        {
            "file": item.row.name,
            "label": item.row.label,
            "category": item.row.category,
            "source": item.row.source,
            "given": "error" if item.report.verdict is None else item.report.verdict.label,
            "fakeness": None if item.report.verdict is None else item.report.verdict.fakeness,
            "log2_ratio": None if item.report.verdict is None else round(log2_ratio(item.report, SOURCES[1:]), 3),
        }
        for item in judged
    ]
    rows = ",\n".join(dumps(row) for row in pictures)
    with WholeFile(folder / "evaluation.json", keep=False) as file:
        file.write(f'{dumps(figures.to_dict())[:-1]},"pictures":[\n{rows}\n]}}\n'.encode())


def write_page(folder: Path, figures: Figures, judged: Sequence[Judged], settings: Settings, *, samples: int) -> None:
    """Write ``evaluation.html``; nothing in it runs or is loaded.

    Args:
        folder: where to.
        figures: what was measured.
        judged: what it was measured on.
        settings: limits for opening the pictures that are shown.
        samples: draws behind the intervals, to be said.

    Raises:
        OutputError: it cannot be written.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["visible"] = lambda text: visible(str(text), limit=300)
    css = str(style_sheet()[0]) + (_HERE / "page.css").read_text("utf-8")
    ledgers = []
    for title, errors in (
        ("False alarms: camera pictures that were flagged", false_alarms(judged)),
        ("Misses: pictures with an overlay that were not flagged", misses(judged)),
        ("Camera pictures that came nearest to a false alarm", near_alarms(judged)),
    ):
        cards = [Markup(_card(item, number, settings)) for number, item in enumerate(errors[:MOST_CARDS], 1)]
        ledgers.append((f"{title} ({len(errors)})", cards, max(0, len(errors) - MOST_CARDS)))
    text = environment.from_string((_HERE / "page.html.jinja").read_text("utf-8")).render(
        css=Markup(css),
        css_hash=base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii"),
        figures=figures,
        total=len(judged),
        samples=samples,
        columns=COLUMNS,
        plots=[
            {
                name: Markup(function(item.positives, item.negatives))
                for name, function in (
                    ("roc", plots.roc),
                    ("tippett", plots.tippett),
                    ("reliability", plots.reliability),
                )
            }
            for item in figures.comparisons
        ],
        ledgers=ledgers,
    )
    with WholeFile(folder / "evaluation.html", keep=False) as file:
        file.write(text.encode("utf-8"))


def _card(item: Judged, number: int, settings: Settings) -> str:
    small = None
    # It was there when it was judged; a card without a picture still says what was wrong.
    with suppress(PictureError):
        small = thumbnail(load_frame(item.row.path, settings=settings), item.report)
    truth = f"Labelled {item.row.label} ({item.row.category}); source {item.row.source}."
    report = replace(item.report, notes=(truth, *item.report.notes))
    return render("card", card_values(report, number, thumbnail=small))
