"""The sum of the evidence: Bayes' rule, discounts, caps, labels, words."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.scoring import judge, scoring_config
from detector.types import SOURCES, Evidence

PRIOR = {"camera": 0.9, "game": 0.05, "generated": 0.05}


def item(bits: dict[str, float], group: str = "disclaimer", mark: str = "disclaimer") -> Evidence:
    return Evidence(kind="text_marks", title="a mark", bits=bits, why="because", group=group, mark=mark)


def test_no_evidence_leaves_the_prior_and_is_no_conclusion() -> None:
    verdict = judge([], prior=PRIOR)
    assert verdict.sources == PRIOR
    assert verdict.fakeness == 0.1
    assert verdict.label == "no-finding"
    assert "no conclusion" in verdict.summary
    assert verdict.scale.startswith("no support")


def test_one_piece_of_evidence_is_bayes_rule() -> None:
    verdict = judge([item({"game": 6.0})], prior=PRIOR)
    assert verdict.fakeness == pytest.approx((0.05 * 64 + 0.05) / (0.9 + 0.05 * 64 + 0.05), abs=1e-5)
    assert verdict.label == "suspect"
    assert verdict.scale.startswith("moderate support")
    assert "camera" in verdict.scale and "game" in verdict.scale


def test_the_second_of_a_group_counts_half_and_of_another_group_whole() -> None:
    together = judge([item({"game": 2.0}), item({"game": 2.0})], prior=PRIOR)
    apart = judge([item({"game": 2.0}), item({"game": 2.0}, group="hud")], prior=PRIOR)
    assert sum(term.bits.get("game", 0) for term in together.contributions[1:]) == pytest.approx(3.0)
    assert sum(term.bits.get("game", 0) for term in apart.contributions[1:]) == pytest.approx(4.0)


def test_a_group_is_capped() -> None:
    cap = scoring_config()["group_caps"]["hud"]
    verdict = judge([item({"game": 50.0}, group="hud")], prior=PRIOR)
    assert verdict.contributions[1].bits["game"] == pytest.approx(cap)


def test_the_sum_is_capped_by_the_number_of_genuine_pictures() -> None:
    verdict = judge([item({"game": 12.0})], prior=PRIOR, genuine_pictures=64)
    assert sum(term.bits.get("game", 0) for term in verdict.contributions[1:]) == pytest.approx(6.0)
    assert "64 genuine pictures" in verdict.contributions[-1].name


def test_marks_of_the_path_are_marked_and_move_nothing() -> None:
    verdict = judge([item({}, group="editor", mark="editor")], prior=PRIOR)
    assert verdict.label == "marked"
    assert verdict.fakeness == 0.1


def test_a_sensor_display_stays_quiet() -> None:
    assert judge([item({"camera": 2.0}, group="sensor", mark="sensor")], prior=PRIOR).label == "no-finding"


def test_a_genuine_looking_stamp_cannot_outweigh_a_disclaimer() -> None:
    forged = [item({"camera": 3.0}, group=f"g{i}", mark="sensor") for i in range(20)]
    assert judge([item({"game": 12.0}), *forged], prior=PRIOR).label in ("suspect", "strong")


@given(
    st.lists(
        st.builds(
            item,
            st.dictionaries(st.sampled_from(SOURCES), st.floats(-20, 20), max_size=3),
            st.sampled_from(["disclaimer", "hud", "recorder", "other"]),
        ),
        max_size=8,
    )
)
def test_the_terms_add_up_to_the_posterior(evidence: list[Evidence]) -> None:
    verdict = judge(evidence, prior=PRIOR, genuine_pictures=1000)
    assert sum(verdict.sources.values()) == pytest.approx(1.0, abs=1e-5)
    odds = {name: sum(term.bits.get(name, 0.0) for term in verdict.contributions) for name in SOURCES}
    for name in SOURCES:
        if min(verdict.sources[name], verdict.sources["camera"]) > 1e-4:
            told = log2(verdict.sources[name] / verdict.sources["camera"])
            assert told == pytest.approx(odds[name] - odds["camera"], abs=0.02)
    assert verdict.fakeness == pytest.approx(1 - verdict.sources["camera"], abs=1e-5)


@given(st.lists(st.floats(0.1, 9), min_size=1, max_size=6))
def test_the_order_of_the_evidence_does_not_matter(values: list[float]) -> None:
    evidence = [item({"game": bits}) for bits in values]
    assert judge(evidence, prior=PRIOR).sources == judge(evidence[::-1], prior=PRIOR).sources


@pytest.mark.parametrize("prior", [{"camera": 1.0}, {"camera": 0.5, "game": 0.2, "generated": 0.2}])
def test_a_prior_that_is_none_is_refused(prior: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="prior"):
        judge([], prior=prior)  # type: ignore[arg-type]
