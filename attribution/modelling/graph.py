"""From a compiled network to a `pm.Model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.errors import UsageError
from attribution.network.program import Floats, Ints, Program

if TYPE_CHECKING:
    import pymc as pm

_SAME = 1e-9
_NOT_REPLACED = (
    "pm.do on {} means nothing: the sums read z alone. For other numbers build again, "
    "at.build(case, model.with_({{...}})), or ask at.what_if; pm.do on z fixes all numbers."
)

type Density = Callable[[Floats], tuple[Any, Floats]]


def sampling_model(dimension: int, ints: Ints, floats: Floats) -> pm.Model:
    """The model that is sampled: z, and the summation, a packed tape, as one operation.

    The tape and the length of z are data, so that its density is the same function for every case.
    """
    import pymc as pm
    import pytensor

    from attribution.modelling.ops import Evidence

    with pm.Model() as model:
        z = pm.Normal("z", 0.0, 1.0, shape=(pytensor.shared(np.int64(dimension), name="length"),))
        instructions, numbers = pytensor.shared(ints, name="ints"), pytensor.shared(floats, name="floats")
        pm.Potential("evidence", Evidence()(z, instructions, numbers)[0])
    return model


def compiled_density(model: pm.Model) -> Callable[[Ints, Floats], Density]:
    """The log-density of a `sampling_model` and its gradient by z, for any packed network.

    PyTensor compiles it once for all cases and keeps it on disk. It lets go of Python's lock, so that chains can run in
    threads.
    """
    import pytensor
    from pytensor.compile.mode import Mode, get_mode

    (z,) = model.value_vars
    density = model.logp()
    mode = Mode(linker=_unlocked_linker(), optimizer=get_mode("NUMBA").provided_optimizer)
    function = pytensor.function([z], [density, pytensor.grad(density, z)], mode=mode)
    names = [data.name for data in function.get_shared()]
    compiled = function.vm.jit_fn

    def of_network(ints: Ints, floats: Floats) -> Density:
        values = {"length": np.asarray(0), "ints": ints, "floats": floats}  # the length is not looked at
        data = [values[name] for name in names]
        return lambda z: compiled(z, *data)

    return of_network


def _unlocked_linker() -> Any:
    from pytensor.link.numba.dispatch.basic import numba_njit
    from pytensor.link.numba.linker import NumbaLinker

    class Unlocked(NumbaLinker):  # type: ignore[misc]
        """PyTensor's linker for numba, whose functions run without Python's lock."""

        def jit_compile(self, fn_and_cache: tuple[Any, Any]) -> Any:
            function, key = fn_and_cache
            return numba_njit(function.py_func, final_function=True, cache=key is not None, nogil=True)

    return Unlocked()


def named_model(program: Program, asserted: Mapping[str, int]) -> pm.Model:
    """The same model with its named quantities, for those who extend it in PyMC.

    `asserted` is the state, by its place, that the evidence asserts of a fact; -1 where it asserts no single one.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from attribution.modelling.ops import Outputs
    from attribution.network.summation import joint_tape, prior_tape

    factions = len(program.factions)
    coords = {
        "number": program.labels,
        "faction": program.factions,
        "origin": program.origins,
        "trait_name": program.traits,
        "asserted_fact": tuple(asserted),
    }
    with pm.Model(coords=coords) as model:
        z = pm.Normal("z", 0.0, 1.0, dims="number")
        pm.Data("asserted", np.array(list(asserted.values()), dtype=np.int64), dims="asserted_fact")
        unmoved = _named_quantities(program, _slot_values(program, z))
        prior = pt.exp(Outputs(factions)(z, *_data("prior", *prior_tape(program).packed())))
        unmoved.append((pm.Deterministic("prior_probability", prior, dims="faction"), prior))
        log_joint = Outputs(factions)(z, *_data("joint", *joint_tape(program).packed()))
        log_joint = _refusing(unmoved)(log_joint)
        evidence = pt.logsumexp(log_joint)
        pm.Deterministic("log_joint", log_joint, dims="faction")
        pm.Deterministic("probability", pt.exp(log_joint - evidence), dims="faction")
        pm.Potential("evidence", evidence)
    return model


def _data(name: str, ints: Ints, floats: Floats) -> tuple[Any, Any]:
    import pymc as pm

    return pm.Data(f"{name}_ints", ints), pm.Data(f"{name}_floats", floats)


def _named_quantities(program: Program, slots: Any) -> list[tuple[Any, Any]]:
    """Deterministics of the slots, each beside what it is a name of."""
    import pymc as pm
    import pytensor.tensor as pt

    first = np.array([_first_slot(program, position) for position in range(program.dimension)], dtype=np.int64)
    named: list[tuple[str, Any, str | tuple[str, ...]]] = [("value", slots[first], "number")]
    if program.traits:
        known = program.trait_slot >= 0
        trait = pt.where(known, slots[np.where(known, program.trait_slot, 0)], np.nan)
        named.append(("trait", trait, ("trait_name", "faction")))
    if program.origins:
        source, item = program.ints.origin_source, program.ints.origin_item
        rho = slots[np.maximum(source, 0)] * slots[np.maximum(item, 0)]
        named.append(("reliability", pt.where(source >= 0, rho, np.nan), "origin"))
    return [(pm.Deterministic(name, value, dims=dims), value) for name, value, dims in named]


def _refusing(unmoved: list[tuple[Any, Any]]) -> Callable[[Any], Any]:
    """The sums, which raise where `pm.do` put something else in the place of a quantity that they do not read.

    They read z alone. Where nothing was replaced, both sides are one expression, and compiling takes the check away.
    """
    import pytensor.tensor as pt
    from pytensor.raise_op import CheckAndRaise

    def checked(log_joint: Any) -> Any:
        for named, value in unmoved:
            same = pt.all(pt.isnan(value) | (pt.abs(named - value) <= _SAME))
            log_joint = CheckAndRaise(UsageError, _NOT_REPLACED.format(named.name))(log_joint, same)
        return log_joint

    return checked


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
