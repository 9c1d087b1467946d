"""CSV: one row a picture, for spreadsheets; what a cell cannot hold stands in the JSON Lines.

Three things keep a hostile text from doing anything in a spreadsheet: control characters and line ends are
written as escapes, a text that would start a formula (also after a separator that another country's
spreadsheet splits at) gets an apostrophe in front, and every text is quoted. The file starts with a byte
order mark: without one, Excel takes UTF-8 for the local code page and garbles every quote that is not ASCII;
readers for data (pandas, R, Python's ``utf-8-sig``) skip it.
"""

from __future__ import annotations

import csv
import io
import re
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from detector.outputs import WholeFile
from detector.types import SOURCES, Report
from detector.wording import strongest, visible

COLUMNS = (
    "source", "status", "label", "fakeness", "camera", "game", "generated", "evidence",
    "top_title", "top_quote", "top_bits_game", "top_bits_generated", "top_why", "signatures",
    "error_code", "error_message", "width", "height", "format", "sha256", "annotated",
)  # fmt: skip
LONGEST_CELL = 2000
"""Characters; spreadsheets stop at 32,767 and people long before."""

_FORMULA = re.compile(r"(^|[;,|\t])([\s\"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


class Format(AbstractContextManager["Format"]):
    """Writes ``reports.csv``; the columns are ``COLUMNS``."""

    file_name: ClassVar[str] = "reports.csv"

    def __init__(self, folder: Path) -> None:
        self._file = WholeFile(folder / self.file_name, keep=True)

    def __enter__(self) -> Self:
        self._file.__enter__()
        self._file.write(b"\xef\xbb\xbf" + _row(COLUMNS))
        return self

    def write(self, report: Report, *, annotated: str | None = None, thumbnail: str | None = None) -> None:
        """Add one row."""
        self._file.write(_row(tuple(_cells(report, annotated))))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run."""
    return _FORMULA.sub(r"\1\2'", visible(text, limit=LONGEST_CELL))


def _cells(report: Report, annotated: str | None) -> list[str | float | int]:
    verdict, top = report.verdict, strongest(report.evidence)
    width, height = report.size or ("", "")
    cells: list[str | float | int] = [safe_cell(report.source), report.status]
    if verdict is None:
        cells += [""] * 5
    else:
        cells += [verdict.label, verdict.fakeness, *(verdict.sources[name] for name in SOURCES)]
    cells.append(len(report.evidence))
    if top is None:
        cells += [""] * 5
    else:
        cells += [safe_cell(top.title), safe_cell(top.quote)]
        cells += [top.bits.get("game", 0.0), top.bits.get("generated", 0.0), safe_cell(top.why)]
    # In the order of the evidence, each once.
    signatures = dict.fromkeys(item.signature for item in report.evidence if item.signature)
    cells.append(safe_cell(" ".join(signatures)))
    cells += ["", ""] if report.error is None else [report.error.code, safe_cell(report.error.message)]
    cells += [width, height, safe_cell(report.format), report.sha256, safe_cell(annotated or "")]
    return cells


def _row(cells: tuple[str | float | int, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8")
