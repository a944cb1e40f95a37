"""The posterior as an ArviZ `DataTree`, every dimension named.

Groups: `posterior`, `tables`, `sample_stats`, `log_likelihood` (the one scalar `evidence`, and a zero whose name
stops functions that would take it for an observation), `log_prior` (one term per uncertain number),
`origin_conditional` (``log p(o | all other origins, theta)``), `posterior_predictive`, `prior`, `prior_predictive`,
`observed_data`. ArviZ's functions take draws to be equally weighted. The points of the importance engine are not:
they stand in a group of their own, `weighted_points`, over (scramble, point), which no function of ArviZ takes for
draws; all groups above hold as many of them as their effective sample size, drawn again by weight, as one chain, so
that ArviZ's means and errors are right and its R-hat, which would mean nothing, is not a number.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attribution.domain.case import Case
from attribution.errors import UsageError
from attribution.inference.draws import Draws, Numbers, systematic_resampling
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.inference.settings import RUN_FORMAT, settings_as_json, versions
from attribution.network.program import ODDS, Floats, Ints, Program
from attribution.network.summation import log_evidence_without_each, tables

if TYPE_CHECKING:
    import xarray as xr

_NO_STATE: frozenset[str] = frozenset()
NO_LOO = "not_pointwise_use_posterior_loo"
"""A second variable of `log_likelihood`, zero: where ArviZ would take the scalar for an observation, it names this."""

_LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)

type States = NDArray[np.int64]


_MEANINGS = {
    "posterior": "equally weighted draws of z and of what follows from it; probability is p(faction | evidence, z)",
    "tables": "equally weighted draws of the probabilities of the facts' states, by faction and cell",
    "sample_stats": "statistics of NUTS",
    "log_likelihood": f"evidence is log p(E | z), one number a draw, for psense; {NO_LOO} is zero, see posterior.loo()",
    "log_prior": "log density of each standard normal",
    "origin_conditional": "log p(origin | all other origins, z), over which posterior.loo() leaves one out",
    "posterior_predictive": "states of the facts of which the evidence speaks, drawn anew",
    "prior": "draws from the prior; probability is that before the evidence",
    "prior_predictive": "states of the facts of which the evidence speaks, drawn from the prior",
    "observed_data": "the state that the evidence asserts of a fact, where it asserts a single one; not proved",
    "weighted_points": "points of the instant engine with normalised log-weights; no draws",
}


def build_tree(posterior: PosteriorDraws) -> xr.DataTree:
    """All groups of a posterior; see the module for what they hold."""
    import xarray as xr

    tree = xr.DataTree.from_dict(_equal_groups(equally_weighted(posterior)) | weighted_points(posterior))
    for name, meaning in _MEANINGS.items():
        if name in tree.children:
            tree[name].attrs["meaning"] = meaning
    tree["posterior"].attrs.update(_resampling(posterior))
    tree.attrs.update(attributes(posterior))
    return tree


def equally_weighted(posterior: PosteriorDraws) -> PosteriorDraws:
    """The same posterior in draws that count equally: itself, or its points drawn again by weight, in one chain."""
    draws, program = posterior.draws, posterior.program
    if draws.log_weight is None:
        return posterior
    rng = np.random.default_rng(np.random.SeedSequence([posterior.settings.random_seed, 0x5E1EC7]))
    picked = systematic_resampling(draws.weights, max(1, round(draws.ess)), rng)
    equal = Draws(draws.rows(picked)[None])
    return PosteriorDraws.drawn(
        posterior.case,
        posterior.model,
        posterior.settings,
        equal,
        program=program,
        numbers=Numbers(program, equal, posterior.numbers.rows(picked)),
        log_joint=posterior.log_joint[picked],
    )


def _equal_groups(posterior: PosteriorDraws) -> dict[str, xr.Dataset]:
    """The groups over (chain, draw), of a posterior whose draws count equally."""
    shape = posterior.draws.shape
    program, slots, seed = posterior.program, posterior.slots, posterior.settings.random_seed
    z = posterior.draws.flat
    prior_shape = (8, len(posterior.prior_slots) // 8)
    after = {
        "z": (z, ("number",)),
        **_quantities(program, slots),
        "log_joint": (posterior.log_joint, ("faction",)),
        "probability": (posterior.faction_draws, ("faction",)),
        "state_probability": (posterior.state_draws, ("state",)),
    }
    before = {
        **_quantities(program, posterior.prior_slots),
        "probability": (posterior.prior_faction_draws, ("faction",)),
        "state_probability": (posterior.prior_state_draws, ("state",)),
    }
    predicted = predict(program, slots, posterior.faction_draws, seed)
    expected = predict(program, posterior.prior_slots, posterior.prior_faction_draws, seed + 1)
    observed = observed_facts(posterior)
    log_prior = -0.5 * z**2 - _LOG_ROOT_TWO_PI
    return {
        "posterior": dataset(program, shape, {name: one for name, one in after.items() if name != "table"}),
        **({"tables": dataset(program, shape, {"table": after["table"]})} if "table" in after else {}),
        "log_likelihood": dataset(
            program, shape, {"evidence": (posterior.log_evidence, ()), NO_LOO: (np.zeros(len(z)), ())}
        ),
        "log_prior": dataset(program, shape, {"z": (log_prior, ("number",))}),
        "origin_conditional": dataset(
            program, shape, {"log_conditional": (origin_conditional(posterior), ("origin",))}
        ),
        "posterior_predictive": _facts(program, shape, predicted, observed),
        "prior": dataset(program, prior_shape, before),
        "observed_data": _observed(posterior),
        "prior_predictive": _facts(program, prior_shape, expected, observed),
        **sample_stats(posterior.draws),
    }


def _resampling(posterior: PosteriorDraws) -> dict[str, str]:
    """What the posterior group says about itself: how many points stand behind draws that were drawn again."""
    draws = posterior.draws
    if draws.log_weight is None:
        return {}
    return {
        "drawn": "from weighted_points, by systematic resampling; one chain, so that R-hat is not offered",
        "ess": repr(draws.ess),
        "points": str(len(draws.weights)),
        "khat": repr(draws.khat),
    }


def attributes(posterior: PosteriorDraws) -> dict[str, str]:
    """Attributes of a run, all text: enough to make it again, and to know what it was made from."""
    settings = posterior.settings
    texts = {
        "case": posterior.case.text,
        "model": posterior.model.text,
        "grading": posterior.model.grading.text,
    }
    hashes = {
        "case": posterior.case.digest,
        "model": posterior.model.digest,
        "grading": posterior.model.grading.digest,
    }
    return {
        "format": RUN_FORMAT,
        "case_id": posterior.case.id,
        "model_id": posterior.model.id,
        "grading_id": posterior.model.grading.id,
        "engine": settings.engine,
        "khat": "" if posterior.draws.khat is None else repr(posterior.draws.khat),
        "settings": settings_as_json(settings),
        "versions": json.dumps(versions(settings.engine), sort_keys=True),
        "hashes": json.dumps(hashes, sort_keys=True),
        **{f"{name}_text": text for name, text in texts.items()},
    }


def origin_conditional(posterior: PosteriorDraws) -> Floats:
    """``log p(E | theta) - log p(E without o | theta)`` for every origin: (draw, origin)."""
    without = log_evidence_without_each(posterior.program, posterior.slots)
    return np.asarray(posterior.log_evidence[:, None] - without)


def leave_one_out(posterior: PosteriorDraws, tree: xr.DataTree) -> Any:
    """ArviZ's PSIS leave-one-out over origins.

    Raises
    ------
    UsageError
        The draws are weighted, which ArviZ's function does not know of.
    """
    import arviz_stats
    import xarray as xr

    if posterior.draws.log_weight is not None:
        raise UsageError("leave-one-out was asked of weighted draws.", allowed='a posterior fitted with engine="nuts"')
    pointwise = xr.DataTree.from_dict(
        {
            "posterior": tree["posterior"].to_dataset(),
            "log_likelihood": tree["origin_conditional"].to_dataset(),
        }
    )
    return arviz_stats.loo(pointwise, var_name="log_conditional", pointwise=True)


def asserted_states(case: Case, program: Program) -> dict[str, int]:
    """For each fact of which the evidence says something: the one state that is asserted, by its place, or -1."""
    asserted: dict[str, set[frozenset[str]]] = {}
    for item in case.evidence:
        for proposition in item.propositions:
            if proposition.fact in program.facts:
                asserted.setdefault(proposition.fact, set()).add(
                    proposition.states if not proposition.negated else _NO_STATE
                )
    found = {}
    for fact, states in zip(program.facts, program.states, strict=True):
        if fact in asserted:
            said = set(frozenset().union(*asserted[fact]))
            found[fact] = states.index(said.pop()) if len(said) == 1 and _NO_STATE not in asserted[fact] else -1
    return found


def observed_facts(posterior: PosteriorDraws) -> tuple[int, ...]:
    """Positions of the facts about which the evidence says something."""
    observed = {proposition.fact for item in posterior.case.evidence for proposition in item.propositions}
    return tuple(position for position, fact in enumerate(posterior.program.facts) if fact in observed)


def cell_labels(program: Program) -> list[str]:
    """``fact=state`` for every table cell, with the parents' states where there are any."""
    labels = []
    for fact, name in enumerate(program.facts):
        for config in range(program.fact_config[fact], program.fact_config[fact + 1]):
            left, given = config - program.fact_config[fact], []
            for parent in reversed(program.parents[fact]):
                left, state = divmod(left, len(program.states[parent]))
                given.append(f"{program.facts[parent]}={program.states[parent][state]}")
            suffix = f" | {', '.join(reversed(given))}" if given else ""
            labels += [f"{name}={state}{suffix}" for state in program.states[fact]]
    return labels


def _quantities(program: Program, slots: Floats) -> dict[str, tuple[Floats, tuple[str, ...]]]:
    """Named quantities: values of the uncertain numbers, prior, traits, tables, reliabilities."""
    rows, log_prior = tables(program, slots)
    quantities: dict[str, tuple[Floats, tuple[str, ...]]] = {
        "value": (slots[:, _driven(program)], ("number",)),
        "prior_probability": (np.exp(log_prior), ("faction",)),
    }
    if program.traits:
        known = program.trait_slot >= 0
        traits = np.where(known, slots[:, np.where(known, program.trait_slot, 0)], np.nan)
        quantities["trait"] = (traits, ("trait_name", "faction"))
    if program.facts:
        quantities["table"] = (rows[:, _table_entries(program)], ("faction", "cell"))
    if program.origins:
        source, item = program.ints.origin_source, program.ints.origin_item
        rho = slots[:, np.maximum(source, 0)] * slots[:, np.maximum(item, 0)]
        quantities["reliability"] = (np.where(source >= 0, rho, np.nan), ("origin",))
    return quantities


def _driven(program: Program) -> list[int]:
    """For every coordinate, the first slot that it drives."""
    plain = program.ints.slot_kind != ODDS
    first, second = program.ints.slot_first, program.ints.slot_second
    return [
        int(np.flatnonzero(plain & ((first == position) | (second == position)))[0])
        for position in range(program.dimension)
    ]


def _table_entries(program: Program) -> np.ndarray:
    """Row entry of every faction and cell (before staging): (faction, cell)."""
    ints, configs = program.ints, len(program.ints.config_start) - 1
    entries = []
    for faction in range(len(program.factions)):
        mine: list[int] = []
        for config in range(configs):
            first = ints.row_start[ints.table_row[faction * configs + config]]
            width = ints.config_start[config + 1] - ints.config_start[config]
            mine += range(first, first + width)
        entries.append(mine)
    return np.array(entries)


def _coordinates(program: Program) -> dict[str, list[str]]:
    states = [f"{fact}={state}" for fact, of in zip(program.facts, program.states, strict=True) for state in of]
    return {
        "number": list(program.labels),
        "faction": list(program.factions),
        "state": states,
        "cell": cell_labels(program),
        "trait_name": list(program.traits),
        "origin": list(program.origins),
    }


def dataset(program: Program, shape: tuple[int, ...], variables: dict[str, tuple[Any, tuple[str, ...]]]) -> xr.Dataset:
    """Variables over (chain, draw) and their own named dimensions."""
    import xarray as xr

    coordinates = _coordinates(program)
    used = {name: coordinates[name] for _, dims in variables.values() for name in dims}
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims), np.asarray(values).reshape(*shape, *np.shape(values)[1:]))
            for name, (values, dims) in variables.items()
        },
        coords={"chain": np.arange(shape[0]), "draw": np.arange(shape[1]), **used},
    )


def _facts(program: Program, shape: tuple[int, ...], states: Any, observed: tuple[int, ...]) -> xr.Dataset:
    """Predicted states of the observed facts, one integer variable per fact; its states are in its attributes."""
    variables: dict[str, tuple[Any, tuple[str, ...]]] = {
        program.facts[fact]: (states[:, fact], ()) for fact in observed
    }
    states_of = dataset(program, shape, variables)
    for fact in observed:
        states_of[program.facts[fact]].attrs["states"] = ", ".join(program.states[fact])
    return states_of


def _observed(posterior: PosteriorDraws) -> xr.Dataset:
    """The single state that the evidence asserts of a fact, as an integer; its states are in its attributes."""
    import xarray as xr

    program = posterior.program
    asserted = asserted_states(posterior.known_case, program)
    found = xr.Dataset({fact: ((), state) for fact, state in asserted.items() if state >= 0})
    for fact in found:
        found[fact].attrs["states"] = ", ".join(program.states[program.facts.index(str(fact))])
    return found


def sample_stats(draws: Draws) -> dict[str, xr.Dataset]:
    """The sampler's own statistics; no group where there are none."""
    import xarray as xr

    if not draws.stats:
        return {}
    chains, count = draws.shape
    variables = {name: (("chain", "draw"), values) for name, values in draws.stats.items()}
    return {"sample_stats": xr.Dataset(variables, coords={"chain": np.arange(chains), "draw": np.arange(count)})}


def weighted_points(posterior: PosteriorDraws, sobol: NDArray[np.uint32] | None = None) -> dict[str, xr.Dataset]:
    """Points of the importance engine with normalised log-weights, under dimensions that ArviZ does not know.

    For a file `sobol`, the points of the sequence, may stand where the normals would.
    """
    import xarray as xr

    draws = posterior.draws
    if draws.log_weight is None:
        return {}
    log_weight = {"log_weight": (("scramble", "point"), draws.log_weight)}
    places = ("scramble", "point", "number")
    variables = {"z": (places, draws.z), **log_weight} if sobol is None else {**log_weight, "sobol": (places, sobol)}
    return {"weighted_points": xr.Dataset(variables, coords={"number": list(posterior.program.labels)})}


def predict(program: Program, slots: Floats, faction_probability: Floats, seed: int) -> States:
    """One state per fact and draw: shape (draw, fact).

    A perpetrator is drawn from `faction_probability` (draw, faction), then the facts in causal order. Where `other`
    acts like a named faction (surprise), and where a scene is staged, the numbers of the faction imitated are used; a
    fact that follows another of its story takes those of anybody.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x9E3779B9]))
    rows, log_prior = tables(program, slots)
    culprit = _choose(faction_probability, rng)
    other, surprise = program.ints.other[0], program.ints.surprise[1]
    imitates = (culprit == other) & (rng.random(len(slots)) < slots[:, surprise])
    culprit = np.where(imitates, _choose(np.exp(log_prior), rng), culprit)
    states = np.zeros((len(slots), len(program.facts)), dtype=np.int64)
    speaks = [_speaking(program, story, len(slots), rng) for story in range(len(program.stories))]
    for fact in _causal_order(program):
        whose, first = culprit, program.fact_config[fact]
        if (story := program.ints.config_story[first]) >= 0:
            follows = (speaks[story] > 0) & (speaks[story] != program.ints.config_speaks[first])
            whose = np.where(follows, _choose(np.exp(log_prior), rng), culprit)
        seen_as = _staged(program, slots, fact, whose, rng)
        config = _configuration(program, fact, states)
        width = len(program.states[fact])
        row = program.ints.table_row[seen_as * _configs(program) + config]
        first = program.ints.row_start[row]
        states[:, fact] = _choose(np.take_along_axis(rows, first[:, None] + np.arange(width), axis=1), rng)
    return states


def _speaking(program: Program, story: int, draws: int, rng: np.random.Generator) -> States:
    """Which fact of a story speaks for all, counted from one, or 0 where its facts are independent."""
    strength, facts = program.floats.story_strength[story], program.ints.story_facts[story]
    told = rng.random(draws) < strength
    return np.where(told, 1 + rng.integers(facts, size=draws), 0).astype(np.int64)


def _configs(program: Program) -> int:
    return len(program.ints.config_start) - 1


def _choose(probability: Floats, rng: np.random.Generator) -> States:
    """One column per row, with these probabilities."""
    below = np.cumsum(probability, axis=1)
    level = rng.random(len(probability))[:, None] * below[:, -1:]
    return np.asarray(np.argmax(below > level, axis=1), dtype=np.int64)


def _causal_order(program: Program) -> list[int]:
    waiting, order = list(range(len(program.facts))), list[int]()
    while waiting:
        ready = [fact for fact in waiting if all(parent in order for parent in program.parents[fact])]
        order += ready
        waiting = [fact for fact in waiting if fact not in ready]
    return order


def _configuration(program: Program, fact: int, states: States) -> States:
    """Which configuration of its parents each draw is in, counted over all facts."""
    config = np.zeros(len(states), dtype=np.int64)
    for parent in program.parents[fact]:
        config = config * len(program.states[parent]) + states[:, parent]
    return np.asarray(program.fact_config[fact] + config)


def _staged(program: Program, slots: Floats, fact: int, culprit: States, rng: np.random.Generator) -> Ints:
    """Whose numbers hold for a fact: the culprit's, or those of somebody the scene was arranged to point to."""
    ints, factions = program.ints, len(program.factions)
    t = ints.config_staged[program.fact_config[fact]]
    if t < 0:
        return culprit
    outside = ints.staged_member[t * factions : (t + 1) * factions][culprit] == 0
    arranged = outside & (rng.random(len(culprit)) < slots[:, ints.staged_slot[t]])
    sizes = np.where(ints.size_slot < 0, 1.0, slots[:, ints.size_slot])
    weight = np.where(ints.staged_member[t * factions : (t + 1) * factions] == 1, sizes, 0.0)
    return np.where(arranged, _choose(weight, rng), culprit)
