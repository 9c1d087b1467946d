"""Parquet: one row a picture with nested evidence and lines, for data tools; needs the extra ``parquet``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from detector.errors import OutputError, UsageError
from detector.outputs import WholeFile
from detector.types import SOURCES, Json, Report

ROWS_A_GROUP = 500
"""Rows held before they are written: a group is Parquet's smallest unit."""


class Format(AbstractContextManager["Format"]):
    """Writes ``reports.parquet``; the columns are the fields of a report, see docs/reports.md.

    Raises:
        UsageError: pyarrow is not installed.
    """

    file_name: ClassVar[str] = "reports.parquet"

    def __init__(self, folder: Path) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise UsageError(
                "the format parquet needs pyarrow, which is not installed. Type: "
                "pip install 'overlay-detector[parquet]'"
            ) from error
        self._arrow: Any = pyarrow
        self._schema = _schema(pyarrow)
        self._file = WholeFile(folder / self.file_name, keep=False)
        self._rows: list[dict[str, Json]] = []
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._file.__enter__()
        self._writer = self._arrow.parquet.ParquetWriter(
            self._file.stream, self._schema, compression="zstd", store_schema=True
        )
        return self

    def write(self, report: Report, *, annotated: str | None = None, thumbnail: str | None = None) -> None:
        """Add one row; rows reach the file in groups."""
        self._rows.append(_row(report, annotated))
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        try:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        except OSError as error:
            raise OutputError(f"{self._file.path}: cannot be written: {error}") from error
        self._rows.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._rows:
                self._flush()
            self._writer.close()
        except BaseException as failure:
            self._file.__exit__(type(failure), failure, failure.__traceback__)
            if kind is None:
                raise
            return
        self._file.__exit__(kind, error, trace)


def _row(report: Report, annotated: str | None) -> dict[str, Json]:
    """Return a report as columns: objects with free keys become lists of (name, value)."""
    row: dict[str, Json] = _readable(report.to_dict())
    row["size"] = row["size"] and {"width": row["size"][0], "height": row["size"][1]}
    row["versions"] = list(row["versions"].items())
    row["annotated"] = None if annotated is None else _readable(annotated)
    for item in row["evidence"]:
        item["attributes"] = [(name, str(value)) for name, value in item["attributes"].items()]
    return row


def _readable(value: Json) -> Json:
    """Return JSON whose texts are valid UTF-8: a file name may hold bytes that are not."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {_readable(name): _readable(item) for name, item in value.items()}
    return value


def _schema(arrow: Any) -> Any:
    text, number, whole = arrow.string(), arrow.float64(), arrow.int32()
    quad = arrow.list_(arrow.list_(number))
    bits = arrow.struct([(name, number) for name in SOURCES])
    pairs = arrow.map_(text, text)
    evidence = [(name, text) for name in ("kind", "mark", "signature", "title", "quote", "group", "why")]
    evidence += [("bits", bits), ("quads", arrow.list_(quad)), ("attributes", pairs)]
    term = arrow.struct([("name", text), ("evidence", whole), ("bits", bits)])
    verdict = [("fakeness", number), ("label", text), ("sources", bits), ("scale", text), ("summary", text)]
    verdict += [("contributions", arrow.list_(term))]
    line = [("text", text), ("confidence", number), ("quad", quad)]
    line += [(name, text) for name in ("engine", "view", "script")]
    return arrow.schema(
        [
            ("schema", whole),
            ("source", text),
            ("sha256", text),
            ("status", text),
            ("error", arrow.struct([("code", text), ("message", text)])),
            ("size", arrow.struct([("width", whole), ("height", whole)])),
            ("format", text),
            ("verdict", arrow.struct(verdict)),
            ("evidence", arrow.list_(arrow.struct(evidence))),
            ("lines", arrow.list_(arrow.struct(line))),
            ("notes", arrow.list_(text)),
            ("versions", pairs),
            ("annotated", text),
        ]
    )
