"""Exit codes and the exceptions that carry one; the codes are a stable interface."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command's exit status means."""

    OK = 0
    """Done, nothing at or above the threshold."""
    FLAGGED = 1
    """Something is flagged; only with ``--fail-on``."""
    USAGE = 2
    """Wrong usage: an option, an argument, an output folder that cannot be written."""
    PARTIAL = 3
    """Done, but some inputs could not be read."""
    ENGINE = 4
    """An engine or a model is missing or damaged."""
    SETTING = 5
    """A signature or a setting is invalid."""
    BUG = 70
    """A fault of the program."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C."""


class DetectorError(Exception):
    """The root of all errors that the package raises on purpose.

    Attributes:
        exit_code: what the command ends with when this error ends it.
        code: short name for error rows, stable.
    """

    exit_code: ExitCode = ExitCode.BUG
    code: str = "internal"


class UsageError(DetectorError):
    """The caller asked for something that cannot be done; the message says what to type instead."""

    exit_code = ExitCode.USAGE
    code = "usage"


class OutputError(DetectorError):
    """Results cannot be written: a full disk, a read-only folder."""

    exit_code = ExitCode.USAGE
    code = "output"


class EngineError(DetectorError):
    """An OCR engine or a model is missing, damaged, or failed to start."""

    exit_code = ExitCode.ENGINE
    code = "engine"


class SettingError(DetectorError):
    """A setting has an unknown name or a value out of range."""

    exit_code = ExitCode.SETTING
    code = "setting"


class SignatureError(DetectorError):
    """A signature is invalid; the message names file, line and field."""

    exit_code = ExitCode.SETTING
    code = "signature"


class PictureError(DetectorError):
    """One picture cannot be read; becomes an error row, the batch goes on.

    ``code`` says why:

    ================== ==========================================================
    not-found          no file of that name
    not-a-file         a folder, a pipe, a device
    unreadable         the system refuses to read it
    empty              no bytes at all
    too-many-bytes     larger than the limit
    too-many-pixels    more pixels than the limit
    not-a-picture      bytes of no known picture format
    unsupported        a picture format whose decoder is not installed
    truncated          the picture stops before its end
    damaged            the decoder refuses it
    zero-sized         a picture without pixels
    observations       observations that cannot be used
    timeout            it took longer than the limit
    memory             it needed more memory than the limit
    worker-died        the process that read it was ended from outside
    ================== ==========================================================

    Error rows can also have the codes of other errors: ``engine`` (the OCR engine failed on this picture) and
    ``internal`` (a fault of the program).
    """

    exit_code = ExitCode.PARTIAL

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        # By itself an exception is unpickled with its message alone, and that would break a pool of processes.
        return (_picture_error, (type(self), self.code, str(self)))


class ObservationsError(PictureError):
    """Observations cannot be used: damaged, or of another schema version."""

    def __init__(self, message: str) -> None:
        super().__init__("observations", message)


def _picture_error(kind: type[PictureError], code: str, message: str) -> PictureError:
    error = kind.__new__(kind)
    PictureError.__init__(error, code, message)
    return error
