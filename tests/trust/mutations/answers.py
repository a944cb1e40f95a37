"""Mistakes in what is concluded: importance sampling, concerns, leans, predictions of evidence, elicited numbers."""

from __future__ import annotations

from tests.trust.mutations.mutation import Mutation

_NETWORK = "attribution/network"
LEAN = ("tests/analysis/assumptions/test_lean.py",)
PREDICTIVE = ("tests/analysis/assumptions/test_prior_predictive.py",)
ASSUMED = "attribution/analysis/assumptions"
CONTRADICTION = ("tests/inference/test_contradiction.py",)
ELICITED = ("tests/cli/test_elicit.py",)
EXPECTED = ("tests/analysis/assumptions/test_expected.py",)

ANSWERS = (
    Mutation(
        "impossible-passes",
        "what nobody could have made true is not told",
        "attribution/inference/concerns.py",
        "if probability <= IMPOSSIBLE and",
        "if probability < 0.0 and",
        CONTRADICTION,
    ),
    Mutation(
        "impossible-for-one",
        "what one faction cannot have left counts as impossible for all",
        "attribution/inference/fit.py",
        "return bool(np.isfinite(log_joint_at(program, slots)).any())",
        "return bool(np.isfinite(log_joint_at(program, slots)).all())",
        CONTRADICTION,
    ),
    Mutation(
        "expected-unweighted",
        "what to expect of a faction forgets how probable the numbers make it",
        f"{ASSUMED}/expected.py",
        "probability=float(mine.sum() / weight.sum()),",
        "probability=float(values.mean()),",
        EXPECTED,
    ),
    Mutation(
        "expected-with-the-rest",
        "the chance of an item supposes that all others are there",
        f"{ASSUMED}/expected.py",
        "power[o] if o == one else 0.0",
        "power[o]",
        EXPECTED,
    ),
    Mutation(
        "lean-one-way",
        "numbers of states that nobody asserts lean like those that are asserted",
        f"{ASSUMED}/lean.py",
        "return 1 if state in asserted else -1",
        "return 1",
        LEAN,
    ),
    Mutation(
        "lean-in-dispute",
        "facts on which the evidence contradicts itself lean",
        f"{ASSUMED}/lean.py",
        "if states and states != frozenset",
        "if states != frozenset",
        LEAN,
    ),
    Mutation(
        "lean-unrooted",
        "the share of variance is taken for the shift",
        f"{ASSUMED}/lean.py",
        "coordinate: math.sqrt(correlation) * size * sign",
        "coordinate: correlation * size * sign",
        LEAN,
    ),
    Mutation(
        "lean-of-curves-back",
        "a skewed number leans the other way in a new fit",
        f"{_NETWORK}/edits.py",
        "bend[slot] += by",
        "bend[slot] -= by",
        LEAN,
    ),
    Mutation(
        "error-the-wrong-way",
        "the chance of a wrong model is that of a right one",
        f"{ASSUMED}/model_error.py",
        "(1.0 - chance) * posterior.faction_draws + chance * prior",
        "chance * posterior.faction_draws + (1.0 - chance) * prior",
        ("tests/analysis/assumptions/test_model_error.py",),
    ),
    Mutation(
        "cut-learns",
        "the cut answer weighs the numbers by the evidence",
        "attribution/inference/posterior_draws.py",
        "draws, probability = self._cut",
        "draws, probability = self.draws, self.faction_draws",
        ("tests/analysis/assumptions/test_learning.py",),
    ),
    Mutation(
        "evidence-at-least",
        "that some items are said is taken for that no others are",
        f"{ASSUMED}/prior_predictive.py",
        "        by_group[silent] -= by_group[heard]\n",
        "",
        PREDICTIVE,
    ),
    Mutation(
        "evidence-by-one-faction",
        "evidence is drawn from the first faction whoever acted",
        f"{ASSUMED}/prior_predictive.py",
        "faction = _picked(acting[row].T, rng.random(SIMULATIONS))",
        "faction = 0 * _picked(acting[row].T, rng.random(SIMULATIONS))",
        PREDICTIVE,
    ),
    Mutation(
        "usual-for-unusual",
        "evidence that is more probable than the observed one counts as more unusual",
        f"{ASSUMED}/prior_predictive.py",
        "below = simulated < observed - _SAME",
        "below = simulated > observed + _SAME",
        PREDICTIVE,
    ),
    Mutation(
        "copies-count-as-read",
        "a copy, an excerpt or a relay counts as an original that was read",
        "attribution/analysis/confidence.py",
        'citation.read == "original"',
        "citation.read",
        ("tests/analysis/test_confidence.py",),
    ),
    Mutation(
        "own-witness",
        "a case is a witness to the record of its own recipe",
        "attribution/analysis/comparison/record.py",
        "        if name != posterior.case.id\n",
        "",
        ("tests/analysis/test_confidence.py",),
    ),
    Mutation(
        "weights-squared",
        "the instant engine weighs points by the square of the evidence's probability",
        "attribution/inference/importance.py",
        "smoothed(normalise(log_joint)[1].reshape(drawn.draws.shape))",
        "smoothed(2 * normalise(log_joint)[1].reshape(drawn.draws.shape))",
        ("tests/test_calibration.py", "tests/network/test_plug_in.py"),
    ),
    Mutation(
        "unweighted-errors",
        "the error of weighted points takes them for independent draws",
        "attribution/inference/draws.py",
        "deviation *= scrambles",
        "deviation *= 1",
        ("tests/inference/test_engines.py",),
    ),
    Mutation(
        "tomorrow-known",
        "a case as of a day knows what was published later",
        "attribution/domain/case.py",
        "if item.published <= last and",
        "if item.published >= item.published and",
        ("tests/domain/test_case.py", "tests/domain/test_moments.py"),
    ),
    Mutation(
        "shapley-by-size",
        "all subsets count alike in a Shapley value",
        "attribution/analysis/shapley.py",
        "factorial(size) * factorial(count - size - 1) / factorial(count) for size",
        "1.0 / 2 ** (count - 1) for size",
        ("tests/analysis/test_shapley.py",),
    ),
    Mutation(
        "elicited-counts-uniform",
        "so many of so many is read under a flat prior",
        "attribution/domain/numbers.py",
        "betaincinv(yes + _JEFFREYS, of - yes + _JEFFREYS, level)",
        "betaincinv(yes + 1.0, of - yes + 1.0, level)",
        ("tests/domain/test_numbers.py",),
    ),
    Mutation(
        "elicited-no-narrower",
        "an unknown answer makes a proposal no wider",
        "attribution/cli/checklist.py",
        '_RANGE * _WIDER ** sum(answer == "unknown" for answer in answers.values())',
        "_RANGE",
        ELICITED,
    ),
    Mutation(
        "elicited-least-first",
        "the numbers on which the answer depends least are asked first",
        "attribution/analysis/assumptions/walk.py",
        "key=lambda step: -step.influence",
        "key=lambda step: step.influence",
        ELICITED,
    ),
)
