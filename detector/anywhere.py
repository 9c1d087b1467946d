"""One scan, here or on a cluster, into a folder or into object storage; see docs/scale.md.

What a scan does not need is not imported: one of local folders loads neither the cluster nor the storage.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from detector import batch
from detector.batch.progress import Progress
from detector.batch.worker import DetectorFactory
from detector.config import Settings
from detector.errors import UsageError
from detector.pipeline import Detector
from detector.remote import is_remote
from detector.types import Report

if TYPE_CHECKING:
    from detector.storage import Upload

DRAW_ALL = 1_000
"""In scans of more pictures than this, only those with a finding are drawn on unless all are asked for."""
_FORMATS = ("jsonl", "csv", "html")


def scan_anywhere(
    sources: Sequence[str],
    settings: Settings,
    *,
    cluster: str | None = None,
    output: str | os.PathLike[str] | None = None,
    formats: Sequence[str] = _FORMATS,
    annotate: Literal["auto", "flagged", "all", "none"] = "auto",
    resume: bool = False,
    cache: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    detector: DetectorFactory = Detector,
) -> Iterator[Report]:
    """Scan here or on a cluster, into a folder or into object storage; yield the reports in order.

    Args:
        sources: paths and URLs, as ``find_pictures`` returns them; on a cluster every machine must reach them.
        settings: all settings; on a cluster ``workers`` is the number of actors, 0 for one a core.
        cluster: None to scan here; else ``local``, ``auto``, ``host:port`` or ``ray://host:port``.
        output: folder or URL. A report for a URL is put together in the user's cache folder first.
        formats: names of the output formats.
        annotate: see ``detector.batch.scan``; ``auto`` is ``all`` for up to 1,000 pictures, else ``flagged``.
        resume: go on with what a stopped scan left.
        cache: see ``detector.batch.scan``; on a cluster a folder or URL that every machine reaches.
        on_progress: called after each picture that is done.
        detector: see ``detector.batch.scan``.

    Raises:
        UsageError: as ``detector.batch.scan``; also if Ray is missing or no cluster answers.
        OutputError, EngineError, SignatureError, Interrupted: as ``detector.batch.scan``.
    """
    cache = None if cache is None else os.fspath(cache)
    if cluster is None and cache is not None and is_remote(cache):
        raise UsageError(f"{cache}: without --cluster the cache is a file on this machine. Name a local path.")
    if cluster is not None and cache is not None and _is_one_file(cache):
        raise UsageError(f"{cache}: on a cluster the cache is a folder or URL that all machines reach, not one file.")
    upload = None
    if output is not None and is_remote(os.fspath(output)):
        from detector.storage import Upload

        upload = Upload(os.fspath(output))
        upload.prepare(resume=resume)
    drawn = annotate if annotate != "auto" else "all" if len(sources) <= DRAW_ALL else "flagged"
    folder = upload.folder if upload is not None else None if output is None else Path(output)
    if cluster is None:
        kept = Path(cache) if cache is not None else upload.store if upload is not None else None
        reports = batch.scan(
            sources, settings, output=folder, formats=formats, annotate=drawn, resume=resume, cache=kept,
            on_progress=on_progress, detector=detector,
        )  # fmt: skip
    else:
        from detector.batch.folder import Folder
        from detector.cluster import scan_on_cluster

        reports = scan_on_cluster(
            [os.fsdecode(source) for source in sources], settings, cluster,
            folder=None if folder is None else Folder(folder, formats, job="scan", resume=resume),
            page="html" in formats, annotate=drawn,
            place=cache or (upload.shared if upload is not None else None), on_progress=on_progress, factory=detector,
        )  # fmt: skip
    return reports if upload is None else _uploaded(reports, upload)


def _uploaded(reports: Iterator[Report], upload: Upload) -> Iterator[Report]:
    with closing(reports):  # type: ignore[type-var]  # a generator
        yield from reports
    upload.finish()


def _is_one_file(cache: str) -> bool:
    return not is_remote(cache) and (Path(cache).is_file() or Path(cache).suffix in (".sqlite", ".db"))
