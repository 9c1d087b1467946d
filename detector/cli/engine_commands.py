"""``engines`` and ``completion``: what can run here, and the shell's help."""

from __future__ import annotations

import json

import click

from detector.cli.options import talk_options
from detector.cli.terminal import results, set_up_logging
from detector.errors import ExitCode


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one engine a line as JSON.")
@talk_options
def engines(as_json: bool, verbose: int, quiet: bool) -> int:
    """Say which OCR engines can run here, and what to type for those that cannot.

    Ends with exit code 4 if none can.
    """
    set_up_logging(verbose, quiet)
    with results() as out:
        from detector.reading.reader import engines_table

        table = engines_table()
        for name, found in table:
            if as_json:
                row = {
                    "engine": name, "ready": found.ready, "version": found.version, "scripts": list(found.scripts),
                    "reason": found.reason, "remedy": found.remedy,
                }  # fmt: skip
                out.line(json.dumps(row, ensure_ascii=True))
                continue
            state = out.style("ready  ", fg="green") if found.ready else out.style("missing", fg="yellow")
            out.line(f"{name:<12} {state}  {found.version}")
            if found.scripts:
                out.line(f"{'':<12} scripts: {' '.join(found.scripts)}")
            if found.reason:
                out.line(f"{'':<12} {found.reason}")
            if found.remedy:
                out.line(f"{'':<12} type: {found.remedy}")
    return int(ExitCode.OK if any(found.ready and found.scripts for _, found in table) else ExitCode.ENGINE)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands and options.

    For bash, put this into ~/.bashrc: eval "$(overlay-detector completion bash)"
    """
    from click.shell_completion import get_completion_class

    from detector.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    with results() as out:
        out.line(kind(cli, {}, "overlay-detector", "_OVERLAY_DETECTOR_COMPLETE").source().rstrip())
