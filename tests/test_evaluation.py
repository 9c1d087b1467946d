"""The measures against known values and other people's code, and the command on pictures with known answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import detector.batch
from detector.cli import run
from detector.config import Settings
from detector.errors import UsageError
from detector.evaluation import Judged, Row, load_manifest, measure
from detector.evaluation.figures import asked_ratio, log2_ratio
from detector.evaluation.measures import Curve, auroc, bootstrap, cllr, cllr_min, curve, pav, rate
from detector.evaluation.plots import reliability_points
from detector.scoring import judge, scoring_config
from detector.types import Evidence, Failure, Report, Source, dumps
from tests.test_outputs import Page

PRIOR: dict[Source, float] = {"camera": 0.9, "game": 0.05, "generated": 0.05}
scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30).map(np.asarray)


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_order(positive: np.ndarray, negative: np.ndarray) -> None:
    pairs = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    assert auroc(positive, negative) == pytest.approx(pairs)


def test_auroc_and_pav_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(3)
    positive, negative = rng.normal(1, 2, 200).round(1), rng.normal(0, 1, 300).round(1)
    both, truth = np.concatenate([positive, negative]), np.repeat([1, 0], [200, 300])
    assert auroc(positive, negative) == pytest.approx(metrics.roc_auc_score(truth, both))
    levels, up, down = pav(positive, negative)
    fitted = IsotonicRegression().fit(both, truth).predict(both)
    ours = (up / (up + down))[np.searchsorted(levels, both, side="right") - 1]
    assert ours == pytest.approx(fitted)


@given(scores, scores, st.sampled_from([0.0, 0.01, 0.1, 0.5]))
def test_operating_points_are_those_of_some_threshold(positive: np.ndarray, negative: np.ndarray, share: float) -> None:
    points = [((positive >= t).mean(), (negative >= t).mean()) for t in np.concatenate([positive, negative, [99.0]])]
    whole = curve(positive, negative)
    assert whole.recall_at(share)[0] == pytest.approx(max(r for r, a in points if a <= share + 1e-12))
    assert whole.alarms_at(0.8)[0] == pytest.approx(min(a for r, a in points if r >= 0.8 - 1e-12))


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        ([0.0, 0.0], [0.0], 1.0),  # says nothing
        ([100.0], [-100.0], 0.0),  # perfect
        ([1.0], [-1.0], np.log2(1.5)),  # LR of 2 and 1/2
        ([np.log2(3)], [0.0], (np.log2(4 / 3) + 1) / 2),
    ],
)
def test_cllr_of_known_ratios(positive: list[float], negative: list[float], expected: float) -> None:
    assert cllr(np.asarray(positive), np.asarray(negative)) == pytest.approx(expected, abs=1e-9)


def test_wrong_and_sure_costs_more_than_saying_nothing() -> None:
    assert cllr(np.asarray([-10.0]), np.asarray([10.0])) > 9


@given(scores, scores, st.floats(0.2, 5), st.floats(-5, 5))
def test_cllr_min_depends_on_the_order_only_and_is_the_least(
    positive: np.ndarray, negative: np.ndarray, factor: float, shift: float
) -> None:
    least = cllr_min(positive, negative)
    assert -1e-9 <= least <= min(1.0, cllr(positive, negative)) + 1e-9
    assert cllr_min(positive * factor + shift, negative * factor + shift) == pytest.approx(least)


def test_cllr_min_of_a_case_worked_by_hand() -> None:
    # Blocks from below: {-}, {+-}, {+}: only the middle one costs, LR 1 there.
    assert cllr_min(np.asarray([1.0, 2.0]), np.asarray([0.0, 1.0])) == pytest.approx(0.5)


def test_bootstrap_draws_sources_and_repeats_itself() -> None:
    rng = np.random.default_rng(0)
    # One source gives 20 pictures that are all alike.
    positive = np.repeat(rng.normal(1, 1, 10), 20)
    negative = rng.normal(0, 1, 200)
    alone, together = [str(n) for n in range(200)], [str(n // 20) for n in range(200)]
    measures: list[Callable[[Curve], np.ndarray]] = [Curve.auroc]

    def width(sources: Sequence[str], seed: int = 1) -> tuple[float, float]:
        ((low, high),) = bootstrap(positive, negative, sources, alone, samples=500, seed=seed, measures=measures)[0]
        assert low < auroc(positive, negative) < high
        return low, high

    assert width(together) == width(together)
    assert width(together) != width(together, seed=2)
    low, high = width(alone)
    wide_low, wide_high = width(together)
    assert wide_high - wide_low > 1.5 * (high - low)


def test_bootstrap_weights_are_the_drawn_samples() -> None:
    positive, negative = np.asarray([0.0, 1.0, 2.0]), np.asarray([0.5, 1.0])
    weights_up, weights_down = np.asarray([[2.0, 0.0, 1.0]]), np.asarray([[0.0, 3.0]])
    drawn = curve(positive, negative, weights_up, weights_down)
    plain = curve(np.asarray([0.0, 0.0, 2.0]), np.asarray([1.0, 1.0, 1.0]))
    assert drawn.auroc() == pytest.approx(plain.auroc())


def test_rate_stays_honest_at_the_ends() -> None:
    none = rate(0, 100)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.0370, abs=1e-4)  # Wilson's, from tables
    assert rate(50, 100).low == pytest.approx(0.4038, abs=1e-4)


def test_reliability_of_calibrated_ratios_is_the_diagonal() -> None:
    rng = np.random.default_rng(5)
    # Two normal curves a distance d apart: the ratio's logarithm is linear in x.
    d = 2.0
    up, down = rng.normal(d, 1, 40_000), rng.normal(0, 1, 40_000)
    ratio = lambda x: (d * x - d * d / 2) / np.log(2)  # noqa: E731
    for stated, observed, _ in reliability_points(ratio(up), ratio(down)):
        assert observed == pytest.approx(stated, abs=0.03)
    assert cllr(ratio(up), ratio(down)) == pytest.approx(cllr_min(ratio(up), ratio(down)), abs=0.01)


def report(name: str, **bits: float) -> Report:
    evidence = (Evidence(kind="k", title="<b>A mark</b>", why="w", bits=bits, quote="\u202eq"),) if bits else ()
    return Report(
        source=name, status="ok", sha256="0" * 64, size=(64, 48), format="PNG", evidence=evidence,
        verdict=judge(evidence, prior=PRIOR, genuine_pictures=100_000), versions={"overlay-detector": "0.1.0"},
    )  # fmt: skip


def row(name: str, label: Source, **more: str) -> Row:
    return Row(path=name, name=name, label=label, **{"source": name, "category": label, **more})


def test_the_ratio_is_that_of_the_evidence_whatever_the_prior() -> None:
    found = report("a", game=6.0, generated=2.0)
    assert log2_ratio(found, ["game"]) == pytest.approx(6.0)
    assert log2_ratio(found, ["generated"]) == pytest.approx(2.0)
    assert log2_ratio(found, ["game", "generated"]) == pytest.approx(np.log2((2**6 + 2**2) / 2))
    weight = scoring_config()["weights"]["camera"]
    assert log2_ratio(report("b", camera=2.0), ["game"]) == pytest.approx(-2.0 * weight)


def test_what_a_verdict_holds_back_counts_among_pictures_that_have_an_overlay() -> None:
    item = Judged(row("a", "game", overlay="hud"), report("a", game=2.0), held=-1.5)
    assert log2_ratio(item.report, ("game",)) == pytest.approx(2.0)
    assert asked_ratio(item, ("game",)) == pytest.approx(0.5)
    assert asked_ratio(item, ("generated",)) == log2_ratio(item.report, ("generated",))
    quiet = [Judged(row(f"c{i}", "camera", category="R"), report(f"c{i}"), held=-2.0) for i in range(2)]
    shown = Judged(row("g", "game", overlay="hud"), report("g"))
    assert measure([shown, *quiet], samples=9).comparisons[0].estimates["AUROC"].value == 1.0


def test_measure_keeps_bare_pictures_and_errors_apart() -> None:
    failed = Report(source="e", status="error", error=Failure(code="damaged", message="m"))
    judged = [
        Judged(row("g1", "game", overlay="hud"), report("g1", game=9.0)),
        Judged(row("g2", "game", overlay="text"), report("g2")),
        Judged(row("g3", "game", overlay="none"), report("g3")),
        Judged(row("c1", "camera", category="RO"), report("c1")),
        Judged(row("c2", "camera", category="RO"), report("c2", camera=1.0)),
        Judged(row("c3", "camera", category="R"), failed),
    ]
    figures = measure(judged, samples=50)
    (game,) = figures.comparisons
    assert (game.name, len(game.positives), len(game.negatives)) == ("game against camera", 2, 2)
    assert game.estimates["AUROC"].value == pytest.approx((2 + 1 + 0.5) / 4)
    assert figures.bare == (1, 0)
    assert figures.errors == 1
    assert figures.confusion["game"]["strong"] == 1
    assert figures.confusion["camera (R)"]["error"] == 1
    assert figures.rates["camera (RO)"][:2] == (0, 2)
    assert figures.by_source[0][0] == "g2", "sources with errors come first"
    assert json.loads(dumps(figures.to_dict()))["errors"] == 1
    assert measure(judged, samples=50).to_dict() == figures.to_dict()


def test_measure_needs_both_kinds() -> None:
    with pytest.raises(UsageError, match="both kinds"):
        measure([Judged(row("c", "camera"), report("c"))])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", ":1: no JSON"), ('{"label": "game"}', ":1: file: missing"), ("[]", "a JSON object"),
        ('{"file": "a"}', "label: missing"), ('{"file": 3, "label": "game"}', "file: a text"),
        ('{"file": "a", "label": "mark"}', "no row has a label"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_names_the_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        load_manifest(path)


def test_manifest_takes_labels_or_categories(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    rows = [{"file": "a.png", "category": "G", "overlay": "none"}, {"file": "b.png", "label": "camera", "source": "s"},
            {"file": "c.png", "category": "W"}, {"file": "d.png", "label": "mark", "category": "W"}]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    first, second = load_manifest(path, root=tmp_path / "r")
    assert (first.label, first.bare, first.source, first.path) == ("game", True, "a.png", str(tmp_path / "r" / "a.png"))
    assert (second.label, second.source, second.category) == ("camera", "s", "camera")


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve pictures, of which one camera picture is flagged and one game picture is not."""
    rows = []
    for number in range(12):
        name = f"{number} <i>.png"
        Image.new("RGB", (64, 48), (number * 20, 0, 0)).save(tmp_path / name)
        rows.append({"file": name, "label": "game" if number % 2 else "camera", "source": f"s{number // 2}\u202e"})
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    bits = [0.0, 9.0, 8.0, 8.5, 0.0, 7.5, 0.0, 0.2, 0.0, 9.0, 0.0, 8.0]

    def scan(sources: Sequence[str], settings: Settings, **given: Any) -> Iterator[Report]:
        for source in sources:
            yield report(source, game=bits[int(Path(source).name.split(" ")[0])])

    monkeypatch.setattr(detector.batch, "scan", scan)
    return tmp_path


def test_evaluate_prints_figures_and_writes_a_page(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = labelled / "out"
    assert run(["evaluate", str(labelled / "m.jsonl"), "-o", str(out), "--bootstrap", "100", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    (comparison,) = figures["comparisons"]
    assert comparison["AUROC"]["low"] <= comparison["AUROC"]["value"] <= comparison["AUROC"]["high"]
    assert figures["flagged"]["camera"]["flagged"] == 1
    assert figures["flagged"]["game"]["flagged"] == 5
    written = json.loads((out / "evaluation.json").read_text())
    assert len(written["pictures"]) == 12
    text = (out / "evaluation.html").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert "style" not in page.attributes
    assert "\u202e" not in text
    assert "<b>A mark" not in text
    assert text.count('<article class="card') == 2
    assert text.count("data:image/jpeg;base64,") == 2
    assert text.count('<svg class="plot"') == 3
    first = (out / "evaluation.html").read_bytes()
    assert run(["evaluate", str(labelled / "m.jsonl"), "-o", str(out), "--bootstrap", "100", "-q"]) == 0
    assert (out / "evaluation.html").read_bytes() == first
    assert "AUROC" in capsys.readouterr().out


def test_evaluate_uses_what_a_scan_observed(labelled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib
    from dataclasses import replace

    asked: list[str] = []
    fresh = detector.batch.scan

    def scan(sources: Sequence[str], settings: Settings, **given: Any) -> Iterator[Report]:
        asked.extend(Path(source).name for source in sources)
        return fresh(sources, settings, **given)

    def rescore(observations: Sequence[str], settings: Settings, **given: Any) -> Iterator[Report]:
        for path in sorted(labelled.glob("*.png"))[:10]:
            yield replace(report("elsewhere", game=1.0), sha256=hashlib.sha256(path.read_bytes()).hexdigest())

    monkeypatch.setattr(detector.batch, "scan", scan)
    monkeypatch.setattr(detector.batch, "rescore", rescore)
    assert run(["evaluate", str(labelled / "m.jsonl"), "--observations", str(labelled), "--bootstrap", "9"]) == 0
    assert sorted(asked) == sorted(path.name for path in sorted(labelled.glob("*.png"))[10:])
