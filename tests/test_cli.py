"""The command line's promises: exit codes, a clean standard output, light start, hostile text shown as text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import detector.batch
from detector.cli import cli, run
from detector.config import Settings
from detector.errors import EngineError, ExitCode, SignatureError
from detector.types import Label, Report
from tests.test_outputs import HOSTILE, make_error, make_report

ROOT = Path(__file__).parent.parent


class FakeScan:
    """Stands in for ``detector.batch.scan`` and remembers what it was asked."""

    def __init__(self, reports: Sequence[Report | BaseException]) -> None:
        self.reports = reports
        self.sources: list[str] = []
        self.settings = Settings()
        self.given: dict[str, Any] = {}

    def __call__(self, sources: Sequence[str], settings: Settings, **given: Any) -> Iterator[Report]:
        self.sources, self.settings, self.given = list(sources), settings, given
        for report in self.reports:
            if isinstance(report, BaseException):
                raise report
            yield report


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    return str(path)


def fake(monkeypatch: pytest.MonkeyPatch, *reports: Report | BaseException) -> FakeScan:
    scan = FakeScan(reports)
    monkeypatch.setattr(detector.batch, "scan", scan)
    return scan


def labelled(label: Label) -> Report:
    return make_report(label=label)


class TestExitCodes:
    """Each row of the table, through the one place that maps them."""

    @pytest.mark.parametrize(
        ("labels", "fail_on", "code"),
        [
            (["no-finding", "strong"], None, ExitCode.OK),
            (["no-finding", "marked"], "suspect", ExitCode.OK),
            (["no-finding", "suspect"], "suspect", ExitCode.FLAGGED),
            (["strong"], "suspect", ExitCode.FLAGGED),
            (["suspect"], "strong", ExitCode.OK),
            (["marked"], "marked", ExitCode.FLAGGED),
        ],
    )
    def test_done_and_flagged(
        self, labels: list[Label], fail_on: str | None, code: int, picture: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fake(monkeypatch, *map(labelled, labels))
        assert run(["scan", picture, *(["--fail-on", fail_on] if fail_on else [])]) == code

    def test_some_inputs_could_not_be_read(self, picture: str, monkeypatch: pytest.MonkeyPatch) -> None:
        fake(monkeypatch, labelled("strong"), make_error())
        assert run(["scan", picture]) == ExitCode.PARTIAL == 3
        assert run(["scan", picture, "--fail-on", "strong"]) == ExitCode.FLAGGED == 1, "what was asked for comes first"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["scan"],
            ["scan", "{}", "--nonsense"],
            ["scan", "{}", "--fail-on", "authentic"],
            ["scan", "{}", "--format", "pdf", "-o", "{}.out"],
            ["scan", "{}", "--format", "csv"],
            ["scan", "{}", "--resume"],
            ["scan", "{}", "--engine", "crystal-ball"],
            ["scan", "--files-from", "{}.missing"],
            ["scan", "{}", "-o", "{}"],
            ["nonsense"],
            [],
        ],
    )
    def test_wrong_usage(
        self, arguments: list[str], picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake(monkeypatch)
        assert run([argument.format(picture) for argument in arguments]) == ExitCode.USAGE == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err

    def test_an_empty_folder_is_wrong_usage(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["scan", str(tmp_path)]) == ExitCode.USAGE
        assert "no pictures in" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("error", "code"),
        [(EngineError("no engine. Type: pip install x"), 4), (SignatureError("a.yaml:3: kind: wrong"), 5)],
    )
    def test_engine_and_signature(
        self,
        error: Exception,
        code: int,
        picture: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        fake(monkeypatch, error)
        assert run(["scan", picture]) == code
        assert str(error) in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [["--effort", "maximal"], ["--prior-game", "0.999"], ["--workers", "-1"], ["--threads", "many"],
         ["--background", "red"], ["--config", "/nowhere/at/all.toml"]],
    )  # fmt: skip
    def test_an_invalid_setting(self, arguments: list[str], picture: str, monkeypatch: pytest.MonkeyPatch) -> None:
        fake(monkeypatch)
        assert run(["scan", picture, *arguments]) == ExitCode.SETTING == 5

    def test_a_fault_of_the_program(
        self, picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake(monkeypatch, ZeroDivisionError("oops \x1b[31m"))
        assert run(["scan", picture]) == ExitCode.BUG == 70
        err = capsys.readouterr().err
        assert "Traceback" not in err
        assert "ZeroDivisionError: oops \\x1b[31m" in err
        assert run(["scan", picture, "-v"]) == ExitCode.BUG
        assert "Traceback" in capsys.readouterr().err

    def test_a_name_cannot_look_like_another_message(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["scan", "--files-from", "x\noverlay-detector: all is well\x1b[2J"]) == ExitCode.USAGE
        (line,) = capsys.readouterr().err.splitlines()
        assert "x\\noverlay-detector: all is well\\x1b[2J" in line

    def test_interrupted(
        self, picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake(monkeypatch, labelled("strong"), detector.batch.Interrupted("stopped; go on with --resume"))
        assert run(["scan", picture]) == ExitCode.INTERRUPTED == 130
        assert "go on with --resume" in capsys.readouterr().err

    def test_the_help_lists_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["-h"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        for code in ExitCode:
            assert f" {code.value} " in text


class TestScan:
    def test_settings_come_from_file_environment_and_flags(
        self, picture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = fake(monkeypatch)
        config = tmp_path / "c.toml"
        config.write_text('effort = "quick"\nworkers = 3\nprior_game = 0.2\n')
        monkeypatch.setenv("OVERLAY_DETECTOR_WORKERS", "4")
        monkeypatch.setenv("OVERLAY_DETECTOR_PRIOR_GAME", "0.3")
        assert run(["scan", picture, "--config", str(config), "--prior-game", "0.4", "--timeout-s", "7"]) == 0
        found = scan.settings
        assert (found.effort, found.workers, found.prior_game, found.timeout_s) == ("quick", 4, 0.4, 7.0)

    def test_every_setting_is_an_option_with_its_help(self) -> None:
        from dataclasses import fields

        options = {parameter.name: parameter for parameter in cli.commands["scan"].params}
        for item in fields(Settings):
            assert item.name in options
            assert item.metadata["help"] in getattr(options[item.name], "help", "")

    def test_what_is_asked_reaches_the_batch(
        self, picture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = fake(monkeypatch)
        out = tmp_path / "out"
        arguments = ["scan", picture, "-o", str(out), "--format", "csv, jsonl", "--annotate", "all", "--resume"]
        assert run([*arguments, "--cache", str(tmp_path / "c")]) == 0
        assert scan.sources == [picture]
        asked = {
            "output": out, "formats": ("csv", "jsonl"), "annotate": "all", "resume": True, "cache": tmp_path / "c",
        }  # fmt: skip
        assert {name: scan.given[name] for name in asked} == asked

    def test_lists_includes_and_excludes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("a.png", "b.jpg", "sub/c.png", "d.txt"):
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        (tmp_path / "list").write_text("x y.png\n\nz.png\n")
        scan = fake(monkeypatch)
        folder = str(tmp_path / "in")
        names = lambda: [os.path.relpath(source, folder) for source in scan.sources]  # noqa: E731
        assert run(["scan", folder]) == 0
        assert names() == ["a.png", "b.jpg", "sub/c.png"]
        assert run(["scan", folder, "--exclude", "*.jpg", "--no-recursive"]) == 0
        assert names() == ["a.png"]
        assert run(["scan", folder, "--include", "*.txt"]) == 0
        assert names() == ["d.txt"]
        assert run(["scan", "--files-from", str(tmp_path / "list")]) == 0
        assert scan.sources == ["x y.png", "z.png"]

    def test_json_is_one_report_a_line(
        self, picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        reports = [make_report(text, source=text) for text in HOSTILE] + [make_error()]
        fake(monkeypatch, *reports)
        assert run(["scan", picture, "--json"]) == 3
        lines = capsys.readouterr().out.splitlines()
        assert [json.loads(line) for line in lines] == [report.to_dict() for report in reports]

    def test_rows_show_hostile_text_as_text(
        self, picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake(monkeypatch, *(make_report(t, source=t) for t in HOSTILE), *(make_error(t, t) for t in HOSTILE))
        assert run(["scan", picture]) == 3
        printed = capsys.readouterr()
        assert len(printed.out.splitlines()) == 2 * len(HOSTILE)
        for line in (printed.out + printed.err).splitlines():
            assert line.isprintable()
            assert len(line) < 1000

    def test_quiet_says_nothing_but_results(
        self, picture: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake(monkeypatch, labelled("strong"))
        assert run(["scan", picture]) == 0
        assert "1 picture: 1 strong." in capsys.readouterr().err
        assert run(["scan", picture, "-q"]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.startswith("strong")


POLLUTER = """
import os, sys, subprocess
import detector.batch
from tests.test_outputs import make_report
def scan(sources, settings, **given):
    print("a library prints")
    os.write(1, b"a C library prints\\n")
    subprocess.run([sys.executable, "-c", "print('a worker prints')"])
    for number in range(int(os.environ.get("ROWS", "1"))):
        yield make_report(source=str(number))
detector.batch.scan = scan
from detector.cli import main
main()
"""


def child(code: str, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=60, env={**os.environ, **more.pop("env", {})}, **more,
    )  # fmt: skip


def test_standard_output_carries_results_only(picture: str) -> None:
    done = child(POLLUTER, "scan", picture, "--json")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["source"] == "0"
    for who in ("a library", "a C library", "a worker"):
        assert f"{who} prints" in done.stderr


def test_a_reader_that_goes_away_is_no_error(picture: str) -> None:
    command = f'"{sys.executable}" -c "$CODE" scan "{picture}" --json -q | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "CODE": POLLUTER, "ROWS": "5000"},
    )  # fmt: skip
    first, code = done.stdout.splitlines()
    assert (json.loads(first)["source"], code) == ("0", "0")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_full_standard_output_is_said(picture: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", POLLUTER, "scan", picture, "--json"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == ExitCode.USAGE
    assert "standard output cannot be written" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["--version"]])
def test_help_is_light(arguments: list[str]) -> None:
    code = (
        "import sys, time; start = time.process_time()\n"
        "from detector.cli import run\n"
        "code = run(sys.argv[1:]); took = time.process_time() - start\n"
        "heavy = {'cv2', 'onnxruntime', 'torch', 'rapidocr', 'PIL', 'numpy', 'pydantic', 'jinja2'} & set(sys.modules)\n"
        "print(code, sorted(heavy), took, file=sys.stderr)\n"
    )
    results = [child(code, *arguments).stderr.split() for _ in range(3)]
    assert all(result[:2] == ["0", "[]"] for result in results), results
    assert min(float(result[2]) for result in results) < 0.3


def test_a_scan_of_local_files_loads_no_cluster_and_no_storage(picture: str) -> None:
    code = POLLUTER.replace("main()", "from detector.cli import run; code = run(sys.argv[1:])") + (
        "print(code, sorted({'ray', 'fsspec', 'detector.cluster', 'detector.storage'} & set(sys.modules)))"
    )
    assert child(code, "scan", picture, "-q").stdout.splitlines()[-1] == "0 []"


def test_completion_for_every_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert run(["completion", shell]) == 0
        assert "_OVERLAY_DETECTOR_COMPLETE" in capsys.readouterr().out
    done = child(
        "from detector.cli import main; main()",
        env={
            "_OVERLAY_DETECTOR_COMPLETE": "bash_complete",
            "COMP_WORDS": "overlay-detector scan --effort t",
            "COMP_CWORD": "3",
        },
    )
    assert done.stdout.split() == ["plain,thorough"]


def test_no_colour_unless_a_terminal_wants_it(picture: str) -> None:
    for more, coloured in (({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)):
        env = {"NO_COLOR": "", "FORCE_COLOR": "", **more}
        assert ("\x1b[" in child(POLLUTER, "scan", picture, env=env).stdout) is coloured


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_on_a_terminal_only(picture: str, tmp_path: Path) -> None:
    import pty

    parent, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", POLLUTER, "scan", picture, "-o", str(tmp_path / "o")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=terminal, timeout=60, env={**os.environ, "ROWS": "3", "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while True:
        try:
            block = os.read(parent, 4096)
        except OSError:
            break
        if not block:
            break
        shown += block
    os.close(parent)
    assert done.stdout == b""
    assert b"pictures/s" in shown
    assert "━" not in child(POLLUTER, "scan", picture, "-o", str(tmp_path / "p")).stderr
