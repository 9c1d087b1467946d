"""Judge again what was read before, without reading again and without an OCR engine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from detector.batch.folder import OBSERVATIONS, Folder
from detector.batch.progress import Meter, Progress
from detector.batch.store import FILE_NAME, Store
from detector.config import Settings
from detector.errors import ObservationsError, PictureError, UsageError
from detector.files import order_key
from detector.images import read_bytes
from detector.pipeline import Detector, error_report
from detector.types import Observations, Report
from detector.wording import visible

_SQLITE = b"SQLite format 3\0"
_HEAD = 1 << 16
_SOURCE = re.compile(rb'\A\s*\{\s*"schema"\s*:\s*\d+\s*,\s*"source"\s*:\s*("(?:[^"\\]|\\.)*")')


def rescore(
    observations: Sequence[str | os.PathLike[str]],
    settings: Settings,
    *,
    output: Path | None = None,
    formats: Sequence[str] = ("jsonl", "csv", "html"),
    on_progress: Callable[[Progress], None] | None = None,
    detector: Detector | None = None,
) -> Iterator[Report]:
    """Yield today's report on each of these observations; those of one folder in the order of their sources.

    Args:
        observations: files that a scan wrote under ``observations/``, folders of them, the output folder of
            a scan, or a cache.
        settings: only those of judging count.
        output: folder for the reports; nothing is drawn, because the pictures are not opened.
        formats: names of the output formats.
        on_progress: called after each one.
        detector: what judges; made from the settings if None.

    Raises:
        UsageError: an unknown format; there are no observations.
        OutputError: results cannot be written, or a cache is damaged.
        SignatureError: a signature is invalid.
    """
    folder = None if output is None else Folder(Path(output), formats, job="rescore")
    detector = detector if detector is not None else Detector(settings)
    paths = _listed(observations)
    if not paths:
        where = ", ".join(visible(os.fspath(name)) for name in observations)
        raise UsageError(f"no observations in {where}. Name a folder that scan -o wrote, or its observations/.")
    return _reports(paths, settings, folder, on_progress, detector)


def observed(observations: Sequence[str | os.PathLike[str]], settings: Settings) -> Iterator[Observations]:
    """Yield these observations themselves; what cannot be read is left out, ``rescore`` says why.

    Args:
        observations: as ``rescore`` takes them.
        settings: only the limits for files count.

    Raises:
        OutputError: a cache is damaged.
    """
    for path in _listed(observations):
        for found in _read(path, settings):
            if isinstance(found, Observations):
                yield found


def _reports(
    paths: list[Path],
    settings: Settings,
    folder: Folder | None,
    on_progress: Callable[[Progress], None] | None,
    detector: Detector,
) -> Iterator[Report]:
    meter = Meter(sum(_count(path) for path in paths), on_progress)
    with folder if folder is not None else nullcontext():
        for path in paths:
            for found in _read(path, settings):
                report = found if isinstance(found, Report) else detector.judge(found)
                if folder is not None:
                    if isinstance(found, Observations):
                        folder.put_observations(found.source, found.to_json())
                    folder.write(report, None, None)
                meter.count(report.verdict.label if report.verdict is not None else None)
                yield report


def _listed(observations: Sequence[str | os.PathLike[str]]) -> list[Path]:
    listed: list[Path] = []
    for given in observations:
        path = Path(given)
        if not path.is_dir():
            listed.append(path)
            continue
        inner = path / OBSERVATIONS
        within = [found for found in (inner if inner.is_dir() else path).iterdir() if found.suffix == ".json"]
        if not within and (path / FILE_NAME).exists():
            within = [path / FILE_NAME]
        listed += sorted(within, key=_order)
    return listed


def _order(path: Path) -> tuple[tuple[bytes, ...], str]:
    # Only the source's name is needed, and it stands at the beginning.
    try:
        with path.open("rb") as file:
            found = _SOURCE.match(file.read(_HEAD))
        return (order_key(json.loads(found[1])) if found else (), path.name)
    except (OSError, ValueError):
        return ((), path.name)


def _is_store(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _count(path: Path) -> int:
    if path.is_file() and _is_store(path):
        with Store(path) as store:
            return store.contents()
    return 1


def _read(path: Path, settings: Settings) -> Iterator[Observations | Report]:
    if path.is_file() and _is_store(path):
        with Store(path) as store:
            yield from store.latest()
        return
    try:
        data, _ = read_bytes(path, settings=settings)
        yield Observations.from_json(data)
    except ObservationsError as error:
        yield error_report(str(path), ObservationsError(f"{path}: {error}"))
    except PictureError as error:
        yield error_report(str(path), error)
