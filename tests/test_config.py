"""Settings: file < environment < argument, and errors that say where and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.config import Settings, load_settings
from detector.errors import SettingError


def test_the_last_one_wins(tmp_path: Path) -> None:
    file = tmp_path / "detector.toml"
    file.write_text('effort = "quick"\nworkers = 3\nmax_pixels = 10\n', "utf-8")
    settings = load_settings(
        {"workers": 5, "effort": None},
        environ={"OVERLAY_DETECTOR_MAX_PIXELS": "20", "OVERLAY_DETECTOR_WORKERS": "4"},
        file=file,
    )
    assert (settings.effort, settings.max_pixels, settings.workers) == ("quick", 20, 5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"effort": "hasty"}, "'hasty' is none of quick, normal, thorough"),
        ({"efort": "quick"}, "did you mean 'effort'"),
        ({"workers": -1}, "-1 is below 0"),
        ({"workers": "2"}, "'2' is no int"),
        ({"workers": True}, "True is no int"),
        ({"prior_game": 0.6, "prior_generated": 0.5}, "together below"),
        ({"prior_game": float("nan")}, "nan"),
        ({"background": "white"}, "#rrggbb"),
        ({"background": "#12345g"}, "#rrggbb"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        load_settings(values, environ={})


@pytest.mark.parametrize("content", ['effort = "quick', "\x00", 'nonsense = "1"'])
def test_a_wrong_file_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(SettingError, match=r"mine\.toml"):
        load_settings(environ={}, file=file)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(SettingError, match="OVERLAY_DETECTOR_WORKERS: 'many' is no int"):
        load_settings(environ={"OVERLAY_DETECTOR_WORKERS": "many"})


def test_parts_tell_what_changes_the_observations() -> None:
    assert {"engine", "effort", "max_pixels"} <= set(Settings().part("images", "reading"))
    assert "workers" not in Settings().part("images", "reading", "judging")


def test_the_background_is_rgb() -> None:
    assert Settings(background="#0080ff").background_rgb == (0, 128, 255)
