"""Do a case and a model fit together? Every fact a table, every faction a number, every name declared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import product
from math import prod

from attribution.domain.case import Case
from attribution.domain.facts import Fact
from attribution.domain.identifiers import ELSE, OTHER, PERPETRATOR
from attribution.domain.model import History, Model
from attribution.domain.numbers import Number
from attribution.domain.tables import SAME, Entry, OddsRatio, Row, Table, Trait, TraitValue, most_specific
from attribution.errors import PairError, Path, Problems, TooTiedError, listed

ROUNDING = 1e-12  # of sums of numbers that people state
_passed: deque[tuple[Case, Model]] = deque(maxlen=8)  # of late, which are not checked again: values do not change
MOST_STATES = 2**16  # that a table, an origin, or a step of the summation may have together


def check_pair(case: Case, model: Model) -> None:
    """Refuse a model that speaks about another case, or leaves something of this one open.

    Raises
    ------
    PairError
        With `at` a path in the model document.
    TooTiedError
        A fact has too many parents, or an origin speaks about too many facts.
    """
    if any(case is earlier and model is its for earlier, its in _passed):
        return
    check_ties(case)
    if model.case != case.id:
        raise PairError(
            f'the model "{model.id}" is about the case "{model.case}", not "{case.id}".',
            at=("case",),
            allowed=case.id,
            hint=f"fit it to {model.case}, or copy it and set `case: {case.id}`",
        )
    problems = Problems()
    for trait in model.traits:
        for entry in trait.entries:
            with problems.noting():
                _check_node(case, entry.node, ("traits", trait.id, entry.node))
    for check in (_check_prior, _check_sizes, _check_deception, _check_stories):
        with problems.noting():
            check(case, model)
    with problems.noting():
        _check_history(case, model.perpetrator.archive)
    _check_tables(case, model, problems)
    for cluster in model.clusters:
        for origin in cluster.origins:
            with problems.noting():
                _check_origin(case, origin, ("clusters", cluster.id))
    problems.settle()
    _passed.append((case, model))


def _check_tables(case: Case, model: Model, problems: Problems) -> None:
    for table in model.tables:
        if table.fact not in case.facts:
            problems.note(PairError.unknown("facts", table.fact, case.facts.ids, at=("facts", table.fact)))
    for fact in case.facts:
        if fact.id in model.tables:
            _check_table(case, model, fact, problems)
            continue
        problems.note(
            PairError(
                f'the fact "{fact.id}" has no table.',
                at=("facts",),
                allowed="a table for every fact of the case",
                hint=f"add `{fact.id}: {{{fact.states[0]}: {{else: [0.2, 0.5, 0.8]}}}}` under `facts:`",
            )
        )


def check_ties(case: Case) -> None:
    """Refuse a fact with too many parents, or an origin that speaks about too many facts, in no time.

    Raises
    ------
    TooTiedError
        When the table of a fact, or what one origin says, has more than 2^16 joint states.
    """
    for fact in case.facts:
        _check_joint_states(case, (*fact.given, fact.id))
    for origin in case.origins:
        said = (proposition.fact for item in origin.items for proposition in item.propositions)
        _check_joint_states(case, tuple(fact for fact in dict.fromkeys(said) if fact != PERPETRATOR))


def _check_joint_states(case: Case, facts: tuple[str, ...]) -> None:
    states = prod(len(case.states(fact)) for fact in facts)
    if states > MOST_STATES:
        raise TooTiedError(facts, states, MOST_STATES)


def parent_states(case: Case, fact: Fact) -> Iterator[dict[str, str]]:
    """Every combination of the states of a fact's parents, the last parent running fastest."""
    for states in product(*(case.facts[parent].states for parent in fact.given)):
        yield dict(zip(fact.given, states, strict=True))


def cell_for(case: Case, model: Model, row: Row, leaf: str) -> Entry | None:
    """The entry that holds for a faction; a trait is looked up, so that its node is the trait's."""
    if row.trait:
        entry = most_specific(model.traits[row.trait].entries, leaf, case.factions)
        return Entry(entry.node, TraitValue(row.trait)) if entry else None
    return most_specific(row.entries, leaf, case.factions)


def _check_node(case: Case, node: str, at: Path) -> None:
    if node != ELSE and node not in case.factions:
        error = PairError.unknown("factions", node, (*case.factions.ids, ELSE), at=at)
        if node in case.facts:
            error.hint = f'"{node}" is a fact: a condition stands under `when:`, as in when: {{{node}: some-state}}'
        raise error


def _check_toward(case: Case, node: str, at: Path) -> None:
    if node not in case.factions:
        raise PairError.unknown("factions", node, case.factions.ids, at=at)


def _check_origin(case: Case, origin: str, at: Path) -> None:
    if origin not in case.origins:
        error = PairError.unknown("origins", origin, case.origins.ids, at=at)
        error.hint = error.hint or f'take it out, or name an origin of the case; in Python model.without("{origin}")'
        raise error


def _check_trait_covers(case: Case, trait: Trait, leaves: tuple[str, ...], at: Path) -> None:
    for leaf in leaves:
        if most_specific(trait.entries, leaf, case.factions) is None:
            raise PairError(
                f'the trait "{trait.id}" has no number for "{leaf}".',
                at=at,
                allowed="a number for every faction: its own, that of a group above it, or `else`",
                hint="add `else: [low, best, high]` to the trait",
            )


def _check_prior(case: Case, model: Model) -> None:
    named = tuple(leaf for leaf in case.factions.leaves if leaf != OTHER)
    for trait in model.perpetrator.proportional_to:
        _check_trait_covers(case, model.traits[trait], named, ("traits", trait))
        if all(_trait_number(case, model.traits[trait], leaf).high == 0 for leaf in named):
            raise _nobody_left(("traits", trait))
    if not model.perpetrator.shares:
        return
    at: Path = ("perpetrator", "share")
    if all(share.number.high == 0 for share in model.perpetrator.shares):
        raise _nobody_left(at)
    covered: dict[str, str] = {}
    for share in model.perpetrator.shares:
        _check_node(case, share.node, (*at, share.node))
        for leaf in leaves_of_share(case, model, share.node):
            if leaf in covered or leaf == OTHER:
                reason = "`other` has its own line" if leaf == OTHER else f"already in {covered[leaf]}"
                raise PairError(
                    f'the share of "{share.node}" includes "{leaf}" ({reason}).',
                    at=(*at, share.node),
                    allowed="each faction except `other` in exactly one share",
                )
            covered[leaf] = share.node
        _check_within(case, share.node, tuple(node for node, _ in share.within), (*at, share.node, "within"))
        if share.within and all(number.high == 0 for _, number in share.within):
            raise _nobody_left((*at, share.node, "within"))
    missing = [leaf for leaf in named if leaf not in covered]
    if missing:
        raise PairError(
            f"the shares leave out {listed(missing)}.",
            at=at,
            allowed="each faction except `other` in exactly one share",
            hint="add `else: 0.1`, the total of all the rest",
        )


def _check_sizes(case: Case, model: Model) -> None:
    for entry in model.perpetrator.sizes.entries:
        at: Path = ("perpetrator", "sizes", entry.node)
        named = tuple(leaf for leaf in case.factions.leaves if leaf != OTHER)
        if entry.node not in case.factions:
            raise PairError.unknown("factions", entry.node, named, at=at)
        if entry.node not in named:
            group = entry.node != OTHER
            raise PairError(
                f'the {"group" if group else "open faction"} "{entry.node}" has a size of its own.',
                at=at,
                allowed=f"sizes of {listed(named)}",
                hint="the size of a group is the sum of its members' sizes; give it to them"
                if group
                else "how likely somebody not named is stands in `other:` beside the sizes",
            )


def _trait_number(case: Case, trait: Trait, leaf: str) -> Number:
    entry = most_specific(trait.entries, leaf, case.factions)
    assert entry is not None
    assert isinstance(entry.cell, Number)
    return entry.cell


def _nobody_left(at: Path) -> PairError:
    return PairError(
        "the prior leaves nobody: all its numbers are 0.",
        at=at,
        allowed="a number above 0 for at least one faction",
    )


def leaves_of_share(case: Case, model: Model, node: str) -> tuple[str, ...]:
    """The factions a share covers; `else` stands for all, except `other`, that no other share names."""
    if node != ELSE:
        under = case.factions.under(node)
        return tuple(leaf for leaf in case.factions.leaves if leaf in under)
    named = [share.node for share in model.perpetrator.shares if share.node in case.factions]
    taken = frozenset({OTHER}).union(*(case.factions.under(name) for name in named))
    return tuple(leaf for leaf in case.factions.leaves if leaf not in taken)


def _check_within(case: Case, node: str, named: tuple[str, ...], at: Path) -> None:
    if not named:
        return
    for name in named:
        _check_node(case, name, (*at, name))
    reached = [leaf for name in named for leaf in case.factions.under(name)]
    if node == ELSE or sorted(reached) != sorted(case.factions.under(node)):
        raise PairError(
            f'`within` does not name each member of "{node}" once.',
            at=at,
            allowed="relative weights for all members of a group",
            hint=f"its factions are {listed(sorted(case.factions.under(node)))}" if node != ELSE else "",
        )


def _check_table(case: Case, model: Model, fact: Fact, problems: Problems) -> None:
    """Note what is wrong with a table: its states, each row, and then the first cell that gives no distribution."""
    table, before = model.tables[fact.id], len(problems.errors)
    with problems.noting():
        _check_same(model, fact, table)
    same = plays_same(fact, table)
    for rows in table.states:
        at: Path = ("facts", fact.id, rows.state)
        if not same and rows.state not in fact.states:
            known = (*fact.states, SAME) if fact.over_factions else fact.states
            problems.note(PairError.unknown(f"states of {fact.id}", rows.state, known, at=at))
        for position, row in enumerate(rows.rows):
            with problems.noting():
                _check_row(case, model, fact, row, (*at, position))
    if len(problems.errors) > before:
        return
    with problems.noting():
        given = [rows.state for rows in table.states]
        if not same and (len(given) != len(fact.states) - 1 or len(set(given)) < len(given)):
            raise PairError(
                f'the table of "{fact.id}" gives {listed(given) or "no state"}.',
                at=("facts", fact.id),
                allowed=f"all but one of its states {listed(fact.states)}: the last is what remains",
                hint=_too_few_or_many(fact, given),
            )
        for parents in parent_states(case, fact):
            for leaf in case.factions.leaves:
                _check_cell(case, model, fact, table, parents, leaf)


def _too_few_or_many(fact: Fact, given: list[str]) -> str:
    """The way out where a table gives too few states, or all of them."""
    missing = [state for state in fact.states if state not in given]
    if len(missing) > 1:
        return (
            f"give all but one of {listed(missing)} too, or declare fewer states in the case: the table of a recipe is "
            "for a fact with as many states as it has"
        )
    return "" if missing else f"take out one of them, such as `{given[-1]}`"


def _check_same(model: Model, fact: Fact, table: Table) -> None:
    given = [rows.state for rows in table.states]
    if plays_same(fact, table):
        _check_others(model, fact)
    elif SAME in given and SAME not in fact.states:
        raise PairError(
            f'the table of "{fact.id}" gives `same`{" beside states" if fact.over_factions else ""}.',
            at=("facts", fact.id, SAME),
            allowed="`same` alone, for a fact of the case with `states: factions`",
            hint="drop the states: who did not do it has what `same` leaves, in proportion to the prior"
            if fact.over_factions
            else f"its states are {listed(fact.states)}",
        )


def plays_same(fact: Fact, table: Table) -> bool:
    """Whether the table of a role says how probably the perpetrator plays it, and leaves the rest to the prior."""
    return fact.over_factions and table.same is not None


def _check_others(model: Model, fact: Fact) -> None:
    """What `same` leaves is split among others: there must be some in every draw."""
    if not 0.0 < model.perpetrator.other.low <= model.perpetrator.other.high < 1.0:
        raise PairError(
            f'the table of "{fact.id}" says `same`, and `other` is {model.perpetrator.other} in the prior.',
            at=("perpetrator", "other"),
            allowed="a number above 0 and below 1, so that somebody else can have played the role",
            hint=f'or give "{fact.id}" a table of its own: a number for all factions but one',
        )


def _check_row(case: Case, model: Model, fact: Fact, row: Row, at: Path) -> None:
    for parent, states in row.when:
        if parent not in fact.given:
            raise PairError(
                f'`when` asks about "{parent}", which is not a parent of "{fact.id}".',
                at=(*at, "when"),
                allowed=listed(fact.given) or "no parent: the fact has no `given:` in the case",
                hint=f"add `given: [{parent}]` to the fact in the case",
            )
        for state in sorted(states):
            if state not in case.facts[parent].states:
                raise PairError.unknown(
                    f"states of {parent}", state, case.facts[parent].states, at=(*at, "when", parent)
                )
    has_else = any(entry.node == ELSE and isinstance(entry.cell, Number) for entry in row.entries)
    two = len(fact.states) == 2 or plays_same(fact, model.tables[fact.id])
    for entry in row.entries:
        _check_node(case, entry.node, (*at, entry.node))
        if isinstance(entry.cell, TraitValue) and entry.cell.trait not in model.traits:
            raise PairError.unknown("traits", entry.cell.trait, model.traits.ids, at=(*at, entry.node))
        if isinstance(entry.cell, OddsRatio) and (not two or not has_else or entry.node == ELSE):
            raise PairError(
                f'"{fact.id}" cannot use a likelihood ratio for "{entry.node}".',
                at=(*at, entry.node),
                allowed="{lr: triple} in a row of a two-state fact, or of `same`, that has a number for `else`",
            )


def _check_cell(case: Case, model: Model, fact: Fact, table: Table, parents: dict[str, str], leaf: str) -> None:
    """One faction, one combination of parents: each state takes its own most specific number, and a rest is left."""
    entries: list[Entry] = []
    for rows in table.states:
        row = table.row(rows.state, parents)
        entry = cell_for(case, model, row, leaf) if row else None
        at: Path = ("facts", fact.id, rows.state)
        if entry is None:
            raise PairError(
                f'the table of "{fact.id}: {rows.state}" has no number for "{leaf}"{_given(parents)}.',
                at=at,
                allowed="a number for every faction: its own, that of a group above it, or `else`",
                hint="add `else: [low, best, high]` to the row",
            )
        entries.append(entry)
    numbers = [_number(case, model, entry, leaf) for entry in entries]
    if len(fact.states) == 2 or plays_same(fact, table):
        return
    certain = all(number.constant for number in numbers)
    for which, total in (("lows", sum(n.low for n in numbers)), ("bests", sum(n.best for n in numbers))):
        if total > 1 + ROUNDING or (total > 1 - ROUNDING and not certain):
            raise PairError(
                f'the {which} of "{fact.id}" for "{leaf}" sum to {total:.4g}{_given(parents)}.',
                at=("facts", fact.id),
                allowed="less than 1, to leave something for the state not given; or plain numbers that sum to 1",
                hint=_taken_from(table, entries),
            )


def _taken_from(table: Table, entries: list[Entry]) -> str:
    """Where each state took its number, where that differs: the sum then stands in no one line."""
    if len({entry.node for entry in entries}) == 1:
        return ""
    return "taken from " + listed(
        f"{rows.state}: {entry.node}" for rows, entry in zip(table.states, entries, strict=True)
    )


def _number(case: Case, model: Model, entry: Entry, leaf: str) -> Number:
    if isinstance(entry.cell, Number):
        return entry.cell
    if isinstance(entry.cell, OddsRatio):
        return entry.cell.ratio
    trait = model.traits[entry.cell.trait]
    _check_trait_covers(case, trait, (leaf,), ("traits", trait.id))
    return _trait_number(case, trait, leaf)


def _given(parents: dict[str, str]) -> str:
    return f" where {listed(f'{fact} is {state}' for fact, state in parents.items())}" if parents else ""


def _check_stories(case: Case, model: Model) -> None:
    for story in model.stories:
        at: Path = ("stories", story.id, "facts")
        for fact in story.facts:
            if fact not in case.facts:
                raise PairError.unknown("facts", fact, case.facts.ids, at=at)
        for fact in story.facts:
            told = (*case.facts[fact].given, fact)
            states = (len(story.facts) + 1) * prod(len(case.states(one)) for one in told)
            if states > MOST_STATES:
                raise TooTiedError((*told, f"the story {story.id}"), states, MOST_STATES)


def _check_deception(case: Case, model: Model) -> None:
    for staged in model.deception.staged:
        at: Path = ("deception", "staged", staged.fact)
        if staged.fact not in case.facts:
            raise PairError.unknown("facts", staged.fact, case.facts.ids, at=at)
        _check_toward(case, staged.toward, (*at, "toward"))
    for forged in model.deception.forged:
        at = ("deception", "forged", forged.target)
        if forged.target not in case.origins and forged.target not in case.sources:
            raise PairError.unknown("origins or sources", forged.target, (*case.origins.ids, *case.sources.ids), at=at)
        if forged.toward:
            _check_toward(case, forged.toward, (*at, "toward"))
        if forged.target in case.origins and not case.origins[forged.target].forgeable:
            raise PairError(
                f'the origin "{forged.target}" cannot be forged: the case says so.',
                at=at,
                allowed="an origin that is not `forgeable: no`",
            )
    for deceptive in model.deception.deceptive:
        if deceptive.source not in case.sources:
            raise PairError.unknown(
                "sources", deceptive.source, case.sources.ids, at=("deception", "deceptive", deceptive.source)
            )


def _check_history(case: Case, history: History | None) -> None:
    """Refuse a prior of another case, one that knows the incident or what came later, or leaves a faction out.

    Raises
    ------
    PairError
        With `at` the place in the model that names the prior.
    """
    if history is None:
        return
    at: Path = ("perpetrator", "archive")
    if history.case != case.id:
        raise PairError(f'the prior "{history.id}" is about the case "{history.case}".', at=at, allowed=case.id)
    if history.before > case.incident.date.day:
        raise PairError(
            f'the prior "{history.id}" uses events up to {history.before}, after the incident began.',
            at=at,
            allowed=f"events that were over before {case.incident.date.day}",
            hint=f"write it again: attribution archive prior {case.id} EVENTS",
        )
    for weight in history.weights:
        if weight.node not in case.factions:
            raise PairError.unknown("factions and groups", weight.node, case.factions.ids, at=(*at, weight.node))
    named = [leaf for leaf in case.factions.leaves if leaf != OTHER]
    bare = [leaf for leaf in named if history.weight_of(leaf, case.factions) is None]
    if bare or any(weight.node == OTHER for weight in history.weights):
        raise PairError(
            f'the prior "{history.id}" '
            + (f"has no weight for {listed(bare)}." if bare else "has a weight for `other`."),
            at=at,
            allowed="a weight for each faction or a group above it; `other` has its own line",
        )
