"""The command ``overlay-detector``: parses and prints, decides nothing.

Importing it loads neither an OCR engine nor OpenCV, onnxruntime or numpy: each command imports what it needs.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence

import click

from detector import __version__
from detector.cli.engine_commands import completion, engines
from detector.cli.evaluate_command import evaluate
from detector.cli.explain_command import explain
from detector.cli.scan_commands import rescore, scan
from detector.cli.signature_commands import signatures
from detector.cli.terminal import say
from detector.errors import DetectorError, ExitCode, SignatureError
from detector.wording import visible


class _InOrder(click.Group):
    """Lists its commands as they were added, the most used first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Every setting can also stand in a file (--config) or in the environment: OVERLAY_DETECTOR_EFFORT=quick. "
    "Exit codes: 0 done; 1 flagged (--fail-on); 2 wrong usage; 3 done, but some inputs could not be read; "
    "4 an engine or model is missing; 5 a signature or setting is invalid; 70 a fault of the program; "
    "130 interrupted.",
)
@click.version_option(__version__, "--version", prog_name="overlay-detector")
def cli() -> None:
    """Find what is printed on top of pictures, read it, and weigh what it means.

    A finding is the mark of a game, a simulator, an AI model, a recorder or an agency. No finding is no
    conclusion.
    """


for _command in (scan, explain, rescore, evaluate, signatures, engines, completion):
    cli.add_command(_command)


def main() -> None:
    """Run the command and end the process with its exit code."""
    code = run()
    # Not before everything was handed over: a reader that has gone is no error of ours.
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            # The interpreter flushes once more when it ends, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; the one place where failures become codes.

    Args:
        arguments: those after the program's name; ``sys.argv`` if None.
    """
    try:
        result = cli.main(args=arguments, prog_name="overlay-detector", standalone_mode=False)
        return int(result) if isinstance(result, int) else int(ExitCode.OK)
    except click.ClickException as error:  # before it is raised, click has parsed; nothing was done
        error.show(file=sys.stderr)
        return int(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt) as error:
        say(str(error.__cause__ or error) or "Interrupted.")  # click wraps what batch says on how to go on
        return int(ExitCode.INTERRUPTED)
    except DetectorError as error:
        # Only signatures have messages of several lines; a line end in a name must not look like one more.
        text = str(error) if isinstance(error, SignatureError) else visible(str(error))
        say(f"overlay-detector: {text}")
        return int(error.exit_code)
    except BrokenPipeError:
        return int(ExitCode.OK)
    except Exception as error:
        if logging.getLogger("detector").isEnabledFor(logging.INFO):
            say(traceback.format_exc())
        first = str(error).partition("\n")[0]  # what a worker process says holds its whole trace
        say(
            f"overlay-detector: a fault of the program: {type(error).__name__}: {first}\n"
            "Please report it, with what you typed and what it prints with -v."
        )
        return int(ExitCode.BUG)
