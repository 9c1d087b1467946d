"""Starts onnxruntime sessions that neither fight for the cores nor hoard memory."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from detector.errors import EngineError


def session(file: Path, threads: int) -> Any:
    """Return an onnxruntime session on the processor.

    Args:
        file: the model.
        threads: for one run; 0 for onnxruntime's own choice.

    Raises:
        EngineError: the file is no model or cannot be read.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take the cores from the other workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every view has another size: memory is kept from one to the next, which is a twentieth faster than asking
    # for it anew, and no view is large enough to hoard.
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own that are not exported
        raise EngineError(
            f"model {file} cannot be started: {error}. Type: pip install --force-reinstall rapidocr"
        ) from error


@cache
def short_hash(file: Path) -> str:
    """Return the first twelve hex digits of a file's SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]
