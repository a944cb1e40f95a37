"""Small cases and models in a line or two: what is not said is as plain as it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from attribution.domain.case import Case, Incident
from attribution.domain.evidence import Copying, Item, Proposition, Report, Source
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import ELSE, Catalog
from attribution.domain.model import Deception, Model, PerpetratorPrior, Share, Sizes
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.domain.tables import Cell, Entry, Row, StateRows, Table, Trait
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import log_joint
from tests.random_models import CERTAIN

DAY = Moment.parse("2024-01-28")
YES_NO = ("yes", "no")

type Stated = float | tuple[float, float, float] | Cell
type Floats = NDArray[np.float64]


def a_number(stated: float | tuple[float, float, float] | Number) -> Number:
    """A constant, a triple, or the number itself."""
    if isinstance(stated, Number):
        return stated
    return Number(*stated) if isinstance(stated, tuple) else Number.exactly(stated)


def a_size(stated: Stated) -> Number:
    """How many organisations: a constant or a triple."""
    if isinstance(stated, tuple):
        return Number(*stated, scale="ratio")
    assert isinstance(stated, float)
    return Number.exactly(stated, "ratio")


def says(fact: str, *states: str, negated: bool = False) -> Proposition:
    return Proposition(fact, frozenset(states), negated)


def a_report(
    id: str,
    *propositions: Proposition,
    grade: str = "B2",
    source: str = "s",
    origin: str = "",
    published: Moment = DAY,
    copies: Copying | None = None,
) -> Report:
    """A report; without a grade of its own where it belongs to a declared origin."""
    own = None if origin or not grade else Grade.parse(grade)
    return Report(
        id=id, title="", source=source, published=published, origin=origin, says=propositions, grade=own, copies=copies
    )


def a_tree(*leaves: str) -> FactionTree:
    """Factions side by side, and `other`."""
    return FactionTree(tuple(Node(leaf) for leaf in (*leaves, "other")))


def a_case(
    *facts: Fact,
    items: Iterable[Item] = (),
    tree: FactionTree | None = None,
    declarations: Iterable[OriginDeclaration] = (),
    sources: Iterable[Source] = (),
) -> Case:
    """A case with the sources `s` and `t`, and the factions `a`, `b` and `other`."""
    usual = (Source("s", "S", "media", "B"), Source("t", "T", "media", "C"))
    return Case(
        id="small",
        title="Small",
        question="Who?",
        incident=Incident(DAY, "Here"),
        factions=tree or a_tree("a", "b"),
        sources=Catalog((*usual, *sources)),
        facts=Catalog(facts),
        evidence=Catalog(items),
        declarations=Catalog(declarations),
    )


def a_row(cells: Mapping[str, Stated], *, when: Mapping[str, str] | None = None) -> Row:
    """A row for nodes of the tree, or for `else`; `when` names one state per parent."""
    conditions = tuple((fact, frozenset({state})) for fact, state in (when or {}).items())
    entries = ((node, a_number(cell) if isinstance(cell, float | tuple) else cell) for node, cell in cells.items())
    return Row(conditions, tuple(Entry(node, cell) for node, cell in entries))


def a_table(fact: str, states: Mapping[str, Mapping[str, Stated] | tuple[Row, ...]]) -> Table:
    """All states but one, each with one row or several."""
    rows = {state: given if isinstance(given, tuple) else (a_row(given),) for state, given in states.items()}
    return Table(fact, tuple(StateRows(state, given) for state, given in rows.items()))


def a_model(
    *tables: Table,
    shares: Mapping[str, Stated] | None = None,
    other: Stated = 0.03,
    surprise: Stated = 0.0,
    traits: Iterable[Trait] = (),
    proportional_to: tuple[str, ...] = (),
    deception: Deception | None = None,
    sizes: Mapping[str, Stated] | None = None,
) -> Model:
    """A model with reliabilities at their bests; equal shares unless told otherwise."""
    stated = {} if proportional_to else shares or {ELSE: 0.5}
    prior = PerpetratorPrior(
        other=_plain(other),
        surprise=_plain(surprise),
        proportional_to=proportional_to,
        shares=tuple(Share(node, _plain(number)) for node, number in stated.items()),
        sizes=Sizes(tuple(Entry(node, a_size(size)) for node, size in (sizes or {}).items())),
    )
    return Model(
        id="small",
        case="small",
        title="Small",
        grading=CERTAIN,
        perpetrator=prior,
        tables=Catalog(tables),
        traits=Catalog(traits),
        deception=deception or Deception(),
    )


def _plain(stated: Stated) -> Number:
    assert isinstance(stated, float | tuple | Number)
    return a_number(stated)


@cache
def normals(draws: int, dimension: int, seed: int = 1) -> Floats:
    """Standard normals, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal((draws, dimension))


def posteriors(program: Program, z: Floats | None = None) -> Floats:
    """``p(h | E, theta)`` in each draw, factions in the order of the program; at the medians without draws."""
    log_weight = log_joint(program, np.zeros((1, program.dimension)) if z is None else z)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def posterior_of(case: Case, model: Model) -> dict[str, float]:
    """The posterior at the medians, by faction."""
    program = compile_network(case, model)
    return dict(zip(program.factions, posteriors(program)[0].tolist(), strict=True))
