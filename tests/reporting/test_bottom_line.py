"""The rules of the bottom line, each at its edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from attribution.domain.verbal import percent
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.reporting.answer import band_words, bottom_line


def standing(name: str, probability: float, low: float, high: float, prior: float = 0.25) -> Standing:
    return Standing(name.lower(), name, prior, probability, 0.001, low, high)


@dataclass(frozen=True)
class _Model:
    id: str
    title: str = "Baseline"


@dataclass(frozen=True)
class _Answer:
    """What the bottom line looks at in a posterior."""

    ranking: tuple[Standing, ...]
    model: _Model = field(default_factory=lambda: _Model("baseline"))
    tied: int = 1

    @property
    def level(self) -> tuple[Standing, ...]:
        return self.ranking[: self.tied]


def answer(*ranking: Standing, model: str = "baseline") -> Posterior:
    return cast(Posterior, cast(Any, _Answer(ranking, _Model(model, model.capitalize()))))


def tied(*ranking: Standing, model: str = "baseline") -> Posterior:
    return cast(Posterior, cast(Any, _Answer(ranking, _Model(model, model.capitalize()), tied=2)))


LEAD = standing("Reds", 0.70, 0.60, 0.79, prior=0.5)
NEXT = standing("Blues", 0.20, 0.10, 0.30)


def test_a_clear_lead_is_named_with_its_word() -> None:
    line = bottom_line(answer(LEAD, NEXT))
    assert line.named
    assert line.headline == "On these assumptions it was likely Reds: 70 %."
    assert "+5.4 dB by which Reds leads Blues (odds 3.5 to 1), +3.0 dB come from the prior" in line.text


@pytest.mark.parametrize(("probability", "named"), [(0.5499, False), (0.55, True)])
def test_below_55_percent_nobody_is_named(probability: float, named: bool) -> None:
    line = bottom_line(answer(standing("Reds", probability, 0.5, 0.6), NEXT))
    assert line.named is named
    assert line.headline.startswith("No faction can be named") is not named


def test_models_that_disagree_name_nobody() -> None:
    rival = answer(standing("Blues", 0.9, 0.8, 0.95), standing("Reds", 0.1, 0.05, 0.2), model="sceptical")
    line = bottom_line(answer(LEAD, NEXT), (rival,))
    assert line.headline == "No faction can be named: the models disagree on who leads."
    assert line.sentences[0] == "Leaders by model (Baseline: Reds, 70 %; Sceptical: Blues, 90 %)."


def test_a_tie_is_no_lead() -> None:
    line = bottom_line(tied(standing("Reds", 0.601, 0.5, 0.7), standing("Blues", 0.599, 0.5, 0.7)))
    assert not line.named
    assert line.headline == "No faction can be named: Reds and Blues are level."
    assert "leads" not in line.text
    assert "another seed" in line.text


def test_a_model_in_which_two_are_level_does_not_agree_with_one_that_names_a_leader() -> None:
    rival = tied(standing("Reds", 0.4, 0.3, 0.5), standing("Blues", 0.4, 0.3, 0.5), model="sceptical")
    line = bottom_line(answer(LEAD, NEXT), (rival,))
    assert line.headline == "No faction can be named: the models disagree on who leads."
    assert line.sentences[0] == (
        "Leaders by model (Baseline: Reds, 70 %; Sceptical: Reds, 40 % and Blues, 40 %, level)."
    )


def test_models_that_agree_change_no_headline() -> None:
    rival = answer(LEAD, NEXT, model="sceptical")
    line = bottom_line(answer(LEAD, NEXT), (rival,))
    assert line.headline == bottom_line(answer(LEAD, NEXT)).headline
    assert line.sentences[0] == "The models agree on the leader (Baseline: Reds, 70 %; Sceptical: Reds, 70 %)."


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.6, 0.79, "likely"),
        (0.6, 0.9, "likely to very likely"),
        (0.5, 0.75, "roughly even chance to likely"),
        (0.3, 0.9, "likely (unlikely to very likely)"),
    ],
)
def test_both_words_where_the_range_spans_two_bands(low: float, high: float, words: str) -> None:
    assert band_words(standing("Reds", 0.70, low, high)) == words


def test_a_prior_that_speaks_for_the_other_side_is_told() -> None:
    line = bottom_line(
        answer(standing("Reds", 0.70, 0.6, 0.79, prior=0.1), standing("Blues", 0.2, 0.1, 0.3, prior=0.4))
    )
    assert "\u22126.0 dB come from the prior (odds 4.0 to 1 for Blues) and +11.5 dB from the evidence" in line.text


def test_confidence_never_shares_a_sentence_with_a_probability() -> None:
    line = bottom_line(answer(LEAD, NEXT))
    assert "onfidence" not in line.text
    assert "%" not in line.confidence
    assert "likely" not in line.confidence


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, "< 0.1 %"), (0.0005, "< 0.1 %"), (0.004, "0.4 %"), (0.0994, "9.9 %"), (0.0996, "10 %"), (0.5, "50 %"),
     (0.99, "99 %"), (0.991, "> 99 %"), (1.0, "> 99 %")],
)  # fmt: skip
def test_percents_never_say_0_or_100(probability: float, shown: str) -> None:
    assert percent(probability) == shown
