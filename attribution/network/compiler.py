"""From a case and a model to the arrays of a `Program`."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np

from attribution.domain.case import Case
from attribution.domain.identifiers import OTHER
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.domain.pairing import check_pair
from attribution.network.compile_origins import OriginArrays, Unsaid, compile_origins
from attribution.network.compile_tables import (
    PriorArrays,
    StagedArrays,
    StoryArrays,
    TableArrays,
    compile_prior,
    compile_staging,
    compile_stories,
    compile_tables,
    trait_slot,
)
from attribution.network.elimination import Alone, Factor, Plan, Step, plan_alone, plan_elimination
from attribution.network.program import STATEMENT, FloatArrays, IntArrays, Program, flat, frozen, starts
from attribution.network.slots import NONE, SlotBook

_ALL_SAID = Unsaid()


def compile_network(case: Case, model: Model, as_of: Moment | None = None, *, unsaid: Unsaid = _ALL_SAID) -> Program:
    """Compile a case under a model: as it stands now, or as the public knew it on a day.

    What is `unsaid` is left out of its origins. Numbers keep their labels, so that draws can be carried over.

    Raises
    ------
    PairError
        The model does not fit the case.
    TooTiedError
        Facts are tied together past what can be summed exactly.
    """
    check_pair(case, model)
    case = case.as_of(as_of)
    slots = SlotBook()
    prior = compile_prior(case, model, slots)
    tables = compile_tables(case, model, slots)
    staged = compile_staging(case, model, slots, tables.fact_config)
    origins = compile_origins(case, model, slots, unsaid)
    traits = np.array(
        [[trait_slot(case, model, slots, trait.id, leaf) for leaf in case.factions.leaves] for trait in model.traits]
    ).reshape(len(model.traits), len(case.factions.leaves))
    stories = compile_stories(case, model, tables)
    offsets, evidence_end = _evidence_offsets(stories, origins)
    plan = _plan(case, model, tables, stories, origins, offsets, evidence_end)
    alone = _alone(case, model, tables, stories, origins, offsets, evidence_end)
    traits.flags.writeable = False
    return Program(
        ints=_ints(case, slots, prior, tables, staged, origins, offsets, plan, alone=alone, stories=stories),
        floats=_floats(slots, tables, len(origins.kind), stories),
        coordinates=tuple(slots.coordinates),
        factions=case.factions.leaves,
        origins=case.origins.ids,
        facts=case.facts.ids,
        states=tuple(fact.states for fact in case.facts),
        fact_config=frozen(tables.fact_config, np.int64),
        parents=tuple(tuple(case.facts.ids.index(parent) for parent in fact.given) for fact in case.facts),
        traits=model.traits.ids,
        trait_slot=traits,
        components=tuple(
            tuple(case.facts.ids[fact] for fact in part if fact < len(case.facts)) for part in plan.components
        ),
        stories=model.stories.ids,
    )


def _evidence_offsets(stories: StoryArrays, origins: OriginArrays) -> tuple[list[int], int]:
    """Evidence factors lie after the tables and the stories, origin by origin."""
    offsets = [0] * len(origins.kind)
    end = stories.end
    for position, pattern in enumerate(origins.pattern):
        offsets[position] = end
        end += len(pattern)
    return offsets, end


def _plan(
    case: Case,
    model: Model,
    tables: TableArrays,
    stories: StoryArrays,
    origins: OriginArrays,
    offsets: list[int],
    evidence_end: int,
) -> Plan:
    factors = [Factor(scope, offset) for scope, offset in zip(origins.scope, offsets, strict=True)]
    return plan_elimination(
        *_unknowns(case, model, stories),
        _table_factors(case, tables, stories),
        tuple(factor for factor, shared in zip(factors, origins.shared, strict=True) if not shared),
        tuple(factor for factor, shared in zip(factors, origins.shared, strict=True) if shared),
        evidence_end,
        _tied_by_copying(origins),
    )


def _tied_by_copying(origins: OriginArrays) -> tuple[tuple[int, ...], ...]:
    """For each origin the facts that it and those speak of that copy it, or that it copies, over however many steps.

    Without the original a copy is read differently: they belong to one part, so that parts can be summed by themselves.
    """
    label = list(range(len(origins.kind)))
    for copy, original in enumerate(origins.copied):
        if original != NONE:
            pair = {label[copy], label[original]}
            label = [min(pair) if old in pair else old for old in label]
    return tuple(
        tuple(sorted({fact for scope, of in zip(origins.scope, label, strict=True) if of == mine for fact in scope}))
        for mine in label
    )


def _unknowns(case: Case, model: Model, stories: StoryArrays) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """How many states facts and stories have, and what they are called."""
    sizes = (*(len(fact.states) for fact in case.facts), *(len(facts) + 1 for facts in stories.facts))
    return sizes, (*case.facts.ids, *(f"the story {story.id}" for story in model.stories))


def _alone(
    case: Case,
    model: Model,
    tables: TableArrays,
    stories: StoryArrays,
    origins: OriginArrays,
    offsets: list[int],
    evidence_end: int,
) -> list[Alone | None]:
    """How each origin that anybody could forge is summed by itself, for the forger to imitate."""
    unknowns, factors = _unknowns(case, model, stories), _table_factors(case, tables, stories)
    return [
        plan_alone(*unknowns, factors, Factor(scope, offset), evidence_end)
        if kind == STATEMENT and origin.forgeable
        else None
        for origin, kind, scope, offset in zip(case.origins, origins.kind, origins.scope, offsets, strict=True)
    ]


def _table_factors(case: Case, tables: TableArrays, stories: StoryArrays) -> tuple[Factor, ...]:
    """The table of every fact, itself the last of its scope; then the distribution of every story."""
    ids, found = case.facts.ids, list[Factor]()
    for position, fact in enumerate(case.facts):
        parents, config = tuple(ids.index(parent) for parent in fact.given), tables.fact_config[position]
        story = stories.of_fact(position)
        if story == NONE:
            found.append(Factor((*parents, position), tables.config_start[config]))
        else:
            found.append(Factor((*parents, len(ids) + story, position), stories.told[config]))
    own = (Factor((len(ids) + story,), at) for story, at in enumerate(stories.at))
    return (*found, *own)


def _ints(
    case: Case,
    slots: SlotBook,
    prior: PriorArrays,
    tables: TableArrays,
    staged: StagedArrays,
    origins: OriginArrays,
    offsets: list[int],
    plan: Plan,
    *,
    alone: list[Alone | None],
    stories: StoryArrays,
) -> IntArrays:
    anyway = [pair for part in origins.anyway for pair in part]
    steps = (*plan.shared, *plan.each, *(step for one in alone if one for step in one.steps))
    values: dict[str, object] = {
        "other": [case.factions.leaves.index(OTHER)],
        "slot_kind": slots.kinds,
        "slot_first": slots.firsts,
        "slot_second": slots.seconds,
        "surprise": [prior.other, prior.surprise],
        "prior_start": starts(prior.slots),
        "prior_slot": flat(prior.slots),
        "size_slot": prior.size,
        "family": prior.family,
        "within_start": starts(prior.within),
        "within_slot": flat(prior.within),
        "block": prior.block,
        "reference_start": starts(prior.slots),
        "reference_slot": flat(prior.slots),
        "reference_within": flat(prior.within),
        "reference_size": prior.size,
        "reference_other": [prior.other],
        "reference_own": [],
        "row_start": tables.row_start,
        "row_slot": tables.row_slot,
        "config_start": tables.config_start,
        "table_row": flat(tables.rows_by_leaf),
        "staged_slot": staged.slot,
        "config_staged": staged.of_config,
        "staged_member": staged.member,
        "story_at": stories.at,
        "story_facts": [len(facts) for facts in stories.facts],
        "config_story": stories.of_config,
        "config_speaks": stories.speaks,
        "config_told": stories.told,
        "origin_kind": origins.kind,
        "origin_source": origins.source,
        "origin_item": origins.item,
        "anyway_start": [0, *accumulate(len(part) for part in origins.anyway)],
        "anyway_slot": [slot for slot, _ in anyway],
        "anyway_negated": [negated for _, negated in anyway],
        "deceptive": origins.deceptive,
        "copying": origins.copying,
        "copied": origins.copied,
        "copy_holds": origins.copy_holds,
        "forged": origins.forged,
        "forged_weight": flat(origins.forged_weight),
        "origin_leaf": flat(origins.leaf),
        "evidence_offset": offsets,
        "evidence_start": starts(origins.pattern),
        "evidence_pattern": flat(origins.pattern),
        "evidence_shared": origins.shared,
        "step_part": [*plan.shared_part, *plan.each_part, *[NONE] * (len(steps) - len(plan.shared) - len(plan.each))],
        "pool": [max([plan.pool_size, *(step.message.offset + step.message_size for step in steps)])],
        **_alone_arrays(tables, alone, len(plan.shared) + len(plan.each)),
        **_part_arrays(tables, staged, origins, offsets, plan),
        **_step_arrays(steps),
    }
    return IntArrays(**{name: frozen(value, np.int64) for name, value in values.items()})


def _alone_arrays(tables: TableArrays, alone: list[Alone | None], first: int) -> dict[str, object]:
    """Steps, configurations and roots of what each origin would say by itself; their steps begin at `first`."""
    known = [one or Alone((), (), ()) for one in alone]
    ends = accumulate((len(one.steps) for one in known), initial=first)
    configs = [
        [
            c
            for fact in one.facts
            if fact < len(tables.fact_config) - 1  # the others are stories
            for c in range(tables.fact_config[fact], tables.fact_config[fact + 1])
        ]
        for one in known
    ]
    roots = [[root.offset for root in one.roots] for one in known]
    return {
        "forged_step": flat([[start, end] for start, end in pairwise(ends)]),
        "forged_config_start": starts(configs),
        "forged_config": flat(configs),
        "forged_root_start": starts(roots),
        "forged_root": flat(roots),
    }


def _part_arrays(
    tables: TableArrays, staged: StagedArrays, origins: OriginArrays, offsets: list[int], plan: Plan
) -> dict[str, object]:
    """Configurations, origins, scalars and classes of each part; the last part has no facts."""
    facts = [*plan.components, ()]
    parts = range(len(facts))
    configs = [
        [
            c
            for fact in members
            if fact < len(tables.fact_config) - 1
            for c in range(tables.fact_config[fact], tables.fact_config[fact + 1])
        ]
        for members in facts
    ]
    part_of_fact = {fact: part for part, members in enumerate(facts) for fact in members}
    origin_part = [part_of_fact[scope[0]] if scope else parts[-1] for scope in _tied_by_copying(origins)]
    local: list[list[int]] = [[] for _ in parts]
    for o, part in enumerate(origin_part):
        if not origins.shared[o]:
            local[part].append(o)
    by_itself = dict(zip(offsets, origin_part, strict=True))  # a factor of no facts is left as it is
    root_part = [by_itself.get(root.offset, of) for root, of in zip(plan.roots, plan.root_part, strict=True)]
    roots = [[root.offset for root, of in zip(plan.roots, root_part, strict=True) if of == part] for part in parts]
    keys = [
        [
            _numbers_of(leaf, configs[part], local[part], tables, staged, origins)
            for leaf in range(len(tables.rows_by_leaf))
        ]
        for part in parts
    ]
    classes = [list(dict.fromkeys(of_part)) for of_part in keys]
    before = starts(classes)
    leaves = [[of_part.index(key) for key in known] for of_part, known in zip(keys, classes, strict=True)]
    return {
        "origin_part": origin_part,
        "part_step": [len(plan.shared) + sum(of < part for of in plan.each_part) for part in (*parts, len(parts))],
        "part_config_start": starts(configs),
        "part_config": flat(configs),
        "part_origin_start": starts(local),
        "part_origin": flat(local),
        "part_root_start": starts(roots),
        "part_root": flat(roots),
        "class_start": before,
        "class_leaf": flat(leaves),
        "class_of": [before[part] + classes[part].index(key) for part in parts for key in keys[part]],
    }


def _numbers_of(
    leaf: int,
    configs: list[int],
    local: list[int],
    tables: TableArrays,
    staged: StagedArrays,
    origins: OriginArrays,
) -> tuple[int, ...]:
    """Everything in which one faction can differ from another within a part."""
    factions = len(tables.rows_by_leaf)
    rows = (tables.rows_by_leaf[leaf][c] for c in configs)
    scenes = sorted({staged.of_config[c] for c in configs} - {NONE})
    inside = (staged.member[t * factions + leaf] for t in scenes)
    return (*rows, *inside, *(origins.leaf[o][leaf] for o in local))


def _step_arrays(steps: tuple[Step, ...]) -> dict[str, object]:
    index: list[np.ndarray] = []
    end = 0

    def keep(part: np.ndarray) -> int:
        nonlocal end
        index.append(part)
        end += len(part)
        return end - len(part)

    reads = [[keep(part) for part in step.reads] for step in steps]
    writes = [keep(step.writes) for step in steps]
    return {
        "step_size": [step.states for step in steps],
        "step_out": [step.message.offset for step in steps],
        "step_out_size": [step.message_size for step in steps],
        "step_out_index": writes,
        "factor_start": [0, *accumulate(len(step.factors) for step in steps)],
        "factor_offset": [factor.offset for step in steps for factor in step.factors],
        "factor_index": flat(reads),
        "entry": np.concatenate(index) if index else [],
    }


def _floats(slots: SlotBook, tables: TableArrays, origins: int, stories: StoryArrays) -> FloatArrays:
    values: dict[str, object] = {
        "curve_a": [shape.a for shape in slots.curves],
        "curve_b": [shape.b for shape in slots.curves],
        "curve_d": [shape.d for shape in slots.curves],
        "curve_s": [shape.s for shape in slots.curves],
        "curve_vary": slots.varies,
        "row_rest": tables.row_rest,
        "story_strength": stories.strength,
        "switch": [1.0] * origins,
    }
    return FloatArrays(**{name: frozen(value, np.float64) for name, value in values.items()})
