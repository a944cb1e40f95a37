"""A Tower 22-sized network by hand, as a competent user of PyMC would write it: arrays, no evidence objects, no report.

One vector of normals, the same triples, every fact marginalised with PyTensor arrays over (faction, states), nutpie as
the sampler, or with `--numpyro` NumPyro on the same density. Deception, copies and surprise are left out, as such a
script would. It prints the posterior over factions and nothing else. Numbers and indices come from our compiled case,
which saves the writer the typing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

STARTED = time.perf_counter()

import numpy as np  # noqa: E402
import pymc as pm  # noqa: E402
import pytensor.tensor as pt  # noqa: E402

import attribution as at  # noqa: E402
from attribution.network.compiler import compile_network  # noqa: E402
from attribution.network.program import ABSENCE, CONSTANT, RATIO, Program  # noqa: E402


def numbers(program: Program, z: pt.TensorVariable) -> pt.TensorVariable:
    """All numbers of the model from one vector of normals."""
    ints, floats = program.ints, program.floats
    first = z[np.maximum(ints.slot_first, 0)]
    bent = pt.sinh(floats.curve_d * (first + floats.curve_s))
    on_scale = floats.curve_a + floats.curve_b * pt.where(floats.curve_d > 0, bent, first)
    value = pt.where(ints.slot_kind == RATIO, pt.exp(on_scale), 0.5 * pt.erfc(-on_scale / np.sqrt(2)))
    return pt.where(ints.slot_kind == CONSTANT, floats.curve_a, value)


def log_prior(program: Program, v: pt.TensorVariable) -> pt.TensorVariable:
    """Proportional to size times traits; the open set first."""
    other = int(program.ints.other[0])
    traits = v[np.maximum(program.trait_slot, 0)]
    size = pt.where(program.ints.size_slot < 0, 1.0, v[np.maximum(program.ints.size_slot, 0)])
    weight = size * pt.prod(traits, axis=0) * (np.arange(len(program.factions)) != other)
    named = (1 - v[program.ints.surprise[0]]) * weight / pt.sum(weight)
    return pt.log(pt.set_subtensor(named[other], v[program.ints.surprise[0]]))


def table(program: Program, v: pt.TensorVariable, fact: int) -> pt.TensorVariable:
    """Probabilities over (faction, parents..., state)."""
    ints, factions, configs = program.ints, len(program.factions), len(program.ints.config_start) - 1
    states, mine = len(program.states[fact]), range(program.fact_config[fact], program.fact_config[fact + 1])
    rows = np.array([[ints.table_row[h * configs + c] for c in mine] for h in range(factions)])
    slots = ints.row_slot[ints.row_start[rows][..., None] + np.arange(states)]
    rest = program.floats.row_rest[rows][..., None]
    values = pt.where(slots >= 0, v[np.maximum(slots, 0)], 0.0)
    left = pt.where(rest < 0, 1 - pt.sum(values, axis=-1, keepdims=True), rest)
    values = pt.where(slots >= 0, values, left)
    shape = [len(program.states[parent]) for parent in program.parents[fact]]
    return pt.reshape(values / pt.sum(values, axis=-1, keepdims=True), (factions, *shape, states))


def origin(program: Program, v: pt.TensorVariable, o: int, scope: list[int]) -> pt.TensorVariable:
    """The factor of one origin over (faction, facts of its scope)."""
    ints, factions = program.ints, len(program.factions)
    pattern = ints.evidence_pattern[ints.evidence_start[o] : ints.evidence_start[o + 1]]
    who = (ints.origin_leaf[o * factions : (o + 1) * factions] & 1)[:, None]
    if ints.origin_kind[o] == ABSENCE:
        false, true = 1 - v[ints.origin_item[o]], 1.0
    else:
        rho = v[ints.origin_source[o]] * v[ints.origin_item[o]]
        false = (1 - rho) * 0.5 ** (ints.anyway_start[o + 1] - ints.anyway_start[o])
        true = rho + false
    values = false + (true - false) * (who * pattern[None, :])
    return pt.reshape(values, (factions, *(len(program.states[fact]) for fact in scope)))


def log_likelihood(program: Program, v: pt.TensorVariable, scopes: list[list[int]]) -> pt.TensorVariable:
    """``log p(E | h)``: all factors as arrays over (faction, facts), the facts summed out one by one."""
    tables = [((*program.parents[fact], fact), table(program, v, fact)) for fact in range(len(program.facts))]
    factors = tables + [(tuple(scope), origin(program, v, o, scope)) for o, scope in enumerate(scopes)]
    total = pt.zeros(len(program.factions))
    for fact in reversed(range(len(program.facts))):
        touching = [factor for factor in factors if fact in factor[0]]
        factors = [factor for factor in factors if fact not in factor[0]]
        union = tuple(sorted({one for scope, _ in touching for one in scope}))
        product = 1.0
        for scope, values in touching:
            order = [0, *(1 + scope.index(one) for one in sorted(scope))]
            aligned = pt.transpose(values, order)
            index = tuple(slice(None) if one in scope else None for one in union)
            product = product * aligned[(slice(None), *index)]
        message = pt.sum(product, axis=1 + union.index(fact))
        keep = tuple(one for one in union if one != fact)
        if keep:
            factors.append((keep, message))
        else:
            total = total + pt.log(message)
    for _, values in factors:
        total = total + pt.log(values)
    return total


def sampled(network: pm.Model) -> Any:
    """By NumPyro, chains side by side in one vector, where asked for; by nutpie otherwise."""
    if "--numpyro" in sys.argv:
        how: Any = {"nuts_sampler": "numpyro", "nuts": {"chain_method": "vectorized"}}
        return pm.sample(
            1000, tune=600, chains=4, random_seed=1, progressbar=False, model=network,
            compute_convergence_checks=False, **how,
        )  # fmt: skip
    import nutpie

    compiled = nutpie.compile_pymc_model(network, var_names=["probability"])
    return nutpie.sample(compiled, draws=1000, tune=600, chains=4, seed=1, progress_bar=False)


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    program = compile_network(case, model)
    said = [{p.fact for item in case.origins[one].items for p in item.propositions} for one in program.origins]
    scopes = [[position for position, fact in enumerate(program.facts) if fact in facts] for facts in said]
    with pm.Model() as network:
        v = numbers(program, pm.Normal("z", 0.0, 1.0, shape=program.dimension))
        log_joint = log_prior(program, v) + log_likelihood(program, v, scopes)
        pm.Deterministic("probability", pt.exp(log_joint - pt.logsumexp(log_joint)))
        pm.Potential("evidence", pt.logsumexp(log_joint))
    built = time.perf_counter()
    trace = sampled(network)
    done = time.perf_counter()
    found = trace["posterior"]["probability"].mean(("chain", "draw")).to_numpy()
    for leaf, probability in zip(program.factions, found, strict=True):
        print(f"{leaf:24s} {probability:.4f}")
    print(f"import and build {built - STARTED:.1f} s, compile and sample {done - built:.1f} s")


if __name__ == "__main__":
    main()
