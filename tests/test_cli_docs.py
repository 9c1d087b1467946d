"""The documents say what the command does."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from detector.cli import cli
from detector.cli.reference import reference
from detector.outputs.csv import COLUMNS
from detector.registry import OUTPUTS

DOCS = Path(__file__).parent.parent / "docs"


def test_the_reference_is_up_to_date() -> None:
    assert (DOCS / "cli.md").read_text("utf-8") == reference(), "type: python -m detector.cli.reference > docs/cli.md"


def commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{before}{name} ")
        else:
            found.append((before + name, command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(cli))
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    assert command.help and command.help.strip(), name
    text = reference()
    assert f"\n## {name}\n" in text
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts}"
            assert f"| `{', '.join(option.opts)}" in text


def test_the_page_on_reports_names_every_field_and_file() -> None:
    text = (DOCS / "reports.md").read_text("utf-8")
    schema = json.loads((DOCS.parent / "detector/outputs/report.schema.json").read_text("utf-8"))
    for part in (schema, schema["$defs"]["verdict"], schema["$defs"]["evidence"]):
        for field in part["properties"]:
            assert f'"{field}"' in text, field
    for name in OUTPUTS.names():
        assert OUTPUTS.get(name).file_name in text
    assert len(set(COLUMNS)) == len(COLUMNS)
