"""The readers that are compared: ours in its three efforts, and three plain engines with their defaults."""

from __future__ import annotations

import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

OURS = ("quick", "normal", "thorough")
PLAIN = ("plain-rapidocr", "plain-tesseract", "plain-easyocr")

Reads = Callable[[Any], Any]
Clocks = dict[str, float]


def used() -> float:
    """Return processor seconds of this process and its children: busy neighbours do not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def used_here() -> float:
    """Return processor seconds of this process; finer than ``used``, which counts in hundredths."""
    return time.process_time()


def peak_mib() -> tuple[float, float]:
    """Return the largest memory so far, MiB: of this process, and of the largest program that it called."""
    own, called = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(own), round(called)


def clocked(function: Callable[..., Any], name: str, clocks: Clocks) -> Callable[..., Any]:
    """Return the function, its processor seconds added up under a name."""

    def timed(*arguments: Any, **named: Any) -> Any:
        before = used_here()
        try:
            return function(*arguments, **named)
        finally:
            clocks[name] += used_here() - before

    return timed


def reader_of(system: str, threads: int) -> tuple[Reads, Clocks]:
    """Return a function from pixels to lines, and clocks of its parts.

    Ours gives TextLines; a plain engine gives texts, with the settings that it has when nobody sets any.
    """
    clocks: Clocks = defaultdict(float)
    if system in OURS:
        return _ours(system, threads, clocks), clocks
    if system == "plain-rapidocr":
        from rapidocr import RapidOCR

        rapid = RapidOCR(
            params={
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        return lambda pixels: list(rapid(pixels[:, :, ::-1]).txts or ()), clocks
    if system == "plain-tesseract":
        import pytesseract
        from PIL import Image

        os.environ["OMP_THREAD_LIMIT"] = str(threads)
        return lambda pixels: pytesseract.image_to_string(Image.fromarray(pixels)).splitlines(), clocks
    import easyocr
    import easyocr_en_models
    import torch

    torch.set_num_threads(threads)
    easy = easyocr.Reader(
        ["en"], gpu=False, model_storage_directory=easyocr_en_models.model_dir(), download_enabled=False, verbose=False
    )
    return lambda pixels: [row[1] for row in easy.readtext(pixels[:, :, ::-1])], clocks


def _ours(effort: str, threads: int, clocks: Clocks) -> Reads:
    from detector.config import Settings
    from detector.reading.engines import rapidocr, tesseract
    from detector.reading.reader import Reader
    from detector.types import Frame

    # What the models themselves take, apart from what is done before and after them.
    run = rapidocr.Engine._run

    def timed(self: Any, model: Any, batch: Any) -> Any:
        name = "detector" if model is self._detector else "recogniser"
        return clocked(run, name, clocks)(self, model, batch)

    rapidocr.Engine._run = timed  # type: ignore[method-assign]
    scripts = tesseract.Engine._run

    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        before = used()
        try:
            return scripts(self, *arguments, **named)
        finally:
            clocks["tesseract"] += used() - before

    tesseract.Engine._run = called  # type: ignore[method-assign]
    reader = Reader(Settings(effort=effort), threads=threads)

    def read(pixels: Any) -> Any:
        height, width = pixels.shape[:2]
        frame = Frame(pixels=pixels, source="x", sha256="0" * 64, original_size=(width, height), format="ARRAY")
        return reader.read(frame).lines

    return read
