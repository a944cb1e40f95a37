"""From a compiled network to a `pm.Model`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attribution.network.program import Floats, Ints, Program

if TYPE_CHECKING:
    import pymc as pm

_STEP = 64


def padded_dimension(dimension: int) -> int:
    """The length of z that the sampler sees: the next multiple of 64, so that few shapes are ever compiled.

    The coordinates past the model's own are standard normals that nothing depends on.
    """
    return max(_STEP, -(-dimension // _STEP) * _STEP)


def sampling_model(dimension: int, ints: Ints, floats: Floats) -> pm.Model:
    """The model that is sampled: z, and the summation as one operation. The network is data, to be swapped."""
    import pymc as pm

    from attribution.modelling.ops import Evidence

    with pm.Model() as model:
        z = pm.Normal("z", 0.0, 1.0, shape=dimension)
        network = pm.Data("ints", ints)
        numbers = pm.Data("floats", floats)
        pm.Potential("evidence", Evidence()(z, network, numbers)[0])
    return model


def named_model(program: Program) -> pm.Model:
    """The same model with its named quantities, for those who extend it in PyMC.

    Deterministics: `value` (of each uncertain number), `trait` (trait_name, faction), `reliability` (origin; NaN
    where an origin has none), `log_joint` and `probability` (faction). All are differentiable functions of `z`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from attribution.modelling.ops import LogJoint

    ints, floats = program.packed()
    coords = {
        "number": program.labels,
        "faction": program.factions,
        "origin": program.origins,
        "trait_name": program.traits,
    }
    with pm.Model(coords=coords) as model:
        z = pm.Normal("z", 0.0, 1.0, dims="number")
        slots = _slot_values(program, z)
        first = np.array([_first_slot(program, position) for position in range(program.dimension)])
        pm.Deterministic("value", slots[first], dims="number")
        if program.traits:
            known = program.trait_slot >= 0
            trait = pt.where(known, slots[np.where(known, program.trait_slot, 0)], np.nan)
            pm.Deterministic("trait", trait, dims=("trait_name", "faction"))
        if program.origins:
            source, item = program.ints.origin_source, program.ints.origin_item
            rho = slots[np.maximum(source, 0)] * slots[np.maximum(item, 0)]
            pm.Deterministic("reliability", pt.where(source >= 0, rho, np.nan), dims="origin")
        log_joint = LogJoint(len(program.factions))(z, pm.Data("ints", ints), pm.Data("floats", floats))
        evidence = pt.logsumexp(log_joint)
        pm.Deterministic("log_joint", log_joint, dims="faction")
        pm.Deterministic("probability", pt.exp(log_joint - evidence), dims="faction")
        pm.Potential("evidence", evidence)
    return model


def _first_slot(program: Program, coordinate: int) -> int:
    """The first slot that a coordinate drives, directly or as a member's deviation."""
    from attribution.network.program import ODDS

    direct = program.ints.slot_kind != ODDS
    drives = (program.ints.slot_first == coordinate) | (program.ints.slot_second == coordinate)
    return int(np.flatnonzero(direct & drives)[0])


def _slot_values(program: Program, z: pt.TensorVariable) -> pt.TensorVariable:  # type: ignore[name-defined]  # noqa: F821
    """Slot values as a graph whose number of operations does not grow with the network."""
    import pytensor.tensor as pt

    from attribution.network.program import CONSTANT, ODDS, RATIO

    ints, floats = program.ints, program.floats
    kind = ints.slot_kind
    plain = kind != ODDS
    first = z[np.where(plain & (kind != CONSTANT), ints.slot_first, 0)]
    member = pt.where(plain & (ints.slot_second >= 0), z[np.where(plain, np.maximum(ints.slot_second, 0), 0)], 0.0)
    bent = floats.curve_d > 0
    curve = pt.where(bent, pt.sinh(floats.curve_d * (first + floats.curve_s)), first)
    on_scale = floats.curve_a + floats.curve_b * curve + floats.curve_vary * member
    probability = 0.5 * pt.erfc(-on_scale * np.sqrt(0.5))
    value = pt.where(kind == CONSTANT, floats.curve_a, pt.where(kind == RATIO, pt.exp(on_scale), probability))
    odds = np.flatnonzero(~plain)
    if len(odds):
        base, ratio = value[ints.slot_first[odds]], value[ints.slot_second[odds]]
        value = pt.set_subtensor(value[odds], base * ratio / (1.0 - base + base * ratio))
    return value
