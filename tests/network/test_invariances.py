"""What must not change the answer: other names, other orders, finer divisions, repetitions, idle talk."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from attribution.domain.case import Case
from attribution.domain.evidence import Copying, Report, Source, Statement
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import log_joint, numbers, tables
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_row, a_table, posterior_of, posteriors, says
from tests.random_cases import random_pair
from tests.rewriting import renaming, rewritten, shuffled, split, with_numbers, with_sizes, with_tree

type Floats = NDArray[np.float64]

seeds = st.integers(10_000, 1_000_000)
quick = settings(max_examples=40)


def drawn(program: Program, seed: int, draws: int = 3) -> Floats:
    return np.random.default_rng(seed).standard_normal((draws, program.dimension))


def carried(program: Program, z: Floats, onto: Program, *, names: dict[str, str] | None = None) -> Floats:
    """The same normals for the same labels; 0 for labels that are new."""

    def rename(label: str) -> str:
        return re.sub(r"\bf\d+\b", lambda found: (names or {}).get(found[0], found[0]), label)

    known = {rename(label): column for label, column in zip(program.labels, z.T, strict=True)}
    return np.stack([known.get(label, np.zeros(len(z))) for label in onto.labels], axis=1) if onto.labels else z


def no_ones(case: Case) -> Case:
    """A case without digit 1, which reads differently beside another origin."""

    def two(value: object) -> Grade | None:
        return Grade(value.letter, "2") if isinstance(value, Grade) and value.digit == "1" else None

    return rewritten(case, two)


@quick
@given(seeds)
def test_other_names_and_another_order_of_the_factions(seed: int) -> None:
    case, model = random_pair(seed)
    before = compile_network(case, model)
    z = drawn(before, seed)
    names = {node: node.replace("f", "g") for node in case.factions.ids if node != "other"}
    moved = with_tree(case, shuffled(Random(seed), case.factions.roots))
    after = compile_network(rewritten(moved, renaming(names)), rewritten(model, renaming(names)))
    order = [after.factions.index(names.get(leaf, leaf)) for leaf in before.factions]
    same = log_joint(after, carried(before, z, after, names=names))[:, order]
    np.testing.assert_allclose(same, log_joint(before, z), rtol=1e-12)


@quick
@given(seeds, st.floats(0.05, 0.95))
def test_a_leaf_split_by_size(seed: int, part: float) -> None:
    case, model = random_pair(seed)
    assume(not any(fact.over_factions for fact in case.facts))
    model = rewritten(model, with_numbers(lambda number: replace(number, vary=0.0)))
    leaf = Random(seed).choice([leaf for leaf in case.factions.leaves if leaf != "other"])
    size = model.perpetrator.sizes.of(leaf).best
    before_split, after_split = (
        with_sizes(model, leaf, parts)
        for parts in ({leaf: size}, {f"{leaf}-one": size * part, f"{leaf}-two": size * (1 - part)})
    )
    before = compile_network(case, before_split)
    after = compile_network(with_tree(case, split(case.factions.roots, leaf)), after_split)
    z = drawn(before, seed)
    joint = np.exp(log_joint(after, carried(before, z, after)))
    home = [leaf if faction.startswith(f"{leaf}-") else faction for faction in after.factions]
    summed = np.stack([joint[:, [name == f for name in home]].sum(axis=1) for f in before.factions], axis=1)
    np.testing.assert_allclose(summed, np.exp(log_joint(before, z)), rtol=1e-12)


@quick
@given(seeds)
def test_an_item_repeated_within_its_origin(seed: int) -> None:
    case, model = random_pair(seed)
    alone = [
        item
        for item in case.evidence
        if isinstance(item, Statement) and item.grade and not (item.copies or item.regraded or item.withdrawn)
    ]
    assume(alone)
    told = Random(seed).choice(alone)
    home = OriginDeclaration(told.id, grade=told.grade, forgeable=told.forgeable)
    first = replace(told, grade=None, origin=told.id)
    items = [first if item is told else item for item in case.evidence]
    again = replace(first, id=f"{told.id}-again")
    repeated = replace(case, evidence=Catalog([*items, again]), declarations=Catalog([*case.declarations, home]))
    before, after = compile_network(case, model), compile_network(repeated, model)
    assert before.labels == after.labels
    z = drawn(before, seed)
    np.testing.assert_allclose(log_joint(after, z), log_joint(before, z), rtol=1e-13)


def test_a_proposition_repeated_in_other_words() -> None:
    """A group and the list of its members are one proposition."""
    home = (OriginDeclaration("o", grade=Grade("B", "2")),)
    fact = Fact("w", ("x", "y", "z"))
    model = a_model(a_table("w", {"x": {"a": 0.5, "else": 0.2}, "y": {"a": 0.2, "else": 0.2}}))
    plain = a_case(fact, items=[a_report("r", says("w", "x"), origin="o")], declarations=home)
    for words in (says("w", "x"), says("w", "y", "z", negated=True)):
        said = a_report("r", says("w", "x"), origin="o"), a_report("r2", words, origin="o")
        assert posterior_of(a_case(fact, items=said, declarations=home), model) == posterior_of(plain, model)


@quick
@given(seeds, st.sampled_from([Number.exactly(0.3), Number(0.1, 0.3, 0.6), Number.exactly(0.0)]))
def test_idle_talk(seed: int, rate: Number) -> None:
    """A source of its own, about a fact on which nobody differs and nobody else speaks."""
    case, model = random_pair(seed)
    talk = Report(
        id="talk", title="", source="gossip", published=DAY, says=(says("idle", "yes"),), grade=Grade("B", "1")
    )
    wider = replace(
        case,
        sources=Catalog([*case.sources, Source("gossip", "G", "media", "B")]),
        facts=Catalog([*case.facts, Fact("idle", YES_NO)]),
        evidence=Catalog([*case.evidence, talk]),
    )
    wider_model = replace(model, tables=Catalog([*model.tables, a_table("idle", {"yes": {"else": rate}})]))
    before, after = compile_network(case, model), compile_network(wider, wider_model)
    z = drawn(before, seed)
    np.testing.assert_allclose(posteriors(after, carried(before, z, after)), posteriors(before, z), rtol=1e-11)


@quick
@given(seeds)
def test_a_mere_copy(seed: int) -> None:
    """That certainly repeats what implies it."""
    case, model = random_pair(seed)
    case = no_ones(case)
    told = [item for item in case.as_of().evidence if item.propositions]
    assume(told)
    original = Random(seed).choice(told)
    copy = Report(
        id="copy",
        title="",
        source="gossip",
        published=DAY,
        says=original.propositions[-1:],
        copies=Copying(original.id, Number.exactly(1.0)),
    )
    assume(len({proposition.fact for proposition in original.propositions}) == len(original.propositions))
    wider = replace(
        case,
        sources=Catalog([*case.sources, Source("gossip", "G", "media", "B")]),
        evidence=Catalog([*case.evidence, copy]),
    )
    before, after = compile_network(case, model), compile_network(wider, model)
    z = drawn(before, seed)
    np.testing.assert_allclose(log_joint(after, carried(before, z, after)), log_joint(before, z), rtol=1e-12)


@quick
@given(seeds)
def test_without_evidence_stands_the_prior(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    z = drawn(program, seed)
    _, log_prior = tables(program, numbers(program, z))
    np.testing.assert_allclose(np.exp(log_joint(program.without_evidence(), z)), np.exp(log_prior), rtol=1e-12)
    np.testing.assert_allclose(np.exp(log_prior).sum(axis=1), 1.0, rtol=1e-12)


@quick
@given(seeds)
def test_an_origin_left_out_is_as_if_it_had_never_spoken(seed: int) -> None:
    case, model = random_pair(seed)
    case = no_ones(case).as_of()
    left = Random(seed).choice(case.origins.ids)
    assume(len(case.origins) > 1)
    gone = {item.id for item in case.evidence if item.origin_id == left}
    spoken = (
        replace(item, copies=None) if isinstance(item, Statement) and item.copies and item.copies.of in gone else item
        for item in case.evidence
        if item.id not in gone
    )
    model = replace(model, deception=replace(model.deception, forged=()))
    silent = replace(case, evidence=Catalog(spoken))
    program, other = compile_network(case, model), compile_network(silent, model)
    z = drawn(program, seed)
    without, never = program.without(frozenset({left})), carried(program, z, other)
    np.testing.assert_allclose(log_joint(without, z), log_joint(other, never), rtol=1e-12, atol=1e-12)
    beliefs = state_probabilities(without, numbers(without, z))
    np.testing.assert_allclose(beliefs, state_probabilities(other, numbers(other, never)), rtol=1e-9)


probability = st.floats(0.01, 0.3)


@quick
@given(st.lists(probability, min_size=6, max_size=6), probability, st.floats(0.0, 1.0))
def test_a_state_split_in_two(p: list[float], child: float, part: float) -> None:
    """The halves share the probability of the state, and everything else treats them alike."""
    coarse, fine = Fact("w", ("x", "y", "z")), Fact("w", ("x1", "x2", "y", "z"))
    below = Fact("k", YES_NO, given=("w",))
    whole = {"x": {"a": p[0], "else": p[1]}, "y": {"a": p[2], "else": p[3]}}
    halves = {
        "x1": {"a": p[0] * part, "else": p[1] * part},
        "x2": {"a": p[0] * (1 - part), "else": p[1] * (1 - part)},
        "y": whole["y"],
    }
    answers = []
    for fact, table, states in ((coarse, whole, ("x",)), (fine, halves, ("x1", "x2"))):
        row = replace(a_row({"else": child}), when=(("w", frozenset(states)),))
        tables_given = a_table("w", table), a_table("k", {"yes": (row, a_row({"a": p[4], "else": p[5]}))})
        items = [a_report("r", says("w", *states)), a_report("q", says("k", "yes"), source="t")]
        answers.append(list(posterior_of(a_case(fact, below, items=items), a_model(*tables_given)).values()))
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-12)
