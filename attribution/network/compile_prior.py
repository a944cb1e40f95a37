"""Who it was before the evidence: the prior as products of slots."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.domain.case import Case
from attribution.domain.identifiers import OTHER
from attribution.domain.model import History, Model, Share
from attribution.domain.pairing import leaves_of_share
from attribution.network.compile_tables import trait_slot
from attribution.network.slots import NONE, SlotBook


@dataclass(slots=True)
class PriorArrays:
    """A faction's weight is its constant, times its slots, times its `within` slots normalised over its block."""

    constant: list[float]
    slots: list[list[int]]
    within: list[list[int]]
    block: list[int]
    other: int = NONE
    surprise: int = NONE


def compile_prior(case: Case, model: Model, slots: SlotBook) -> PriorArrays:
    """The prior of a model over the factions of a case."""
    leaves = case.factions.leaves
    arrays = PriorArrays(
        constant=list(case.factions.sizes),
        slots=[[] for _ in leaves],
        within=[[] for _ in leaves],
        block=[NONE] * len(leaves),
    )
    prior = model.perpetrator
    arrays.other = slots.number(
        prior.other, "prior[other]", block="prior", document="model", at=("perpetrator", "other")
    )
    arrays.surprise = slots.number(
        prior.surprise, "surprise", block="surprise", document="model", at=("perpetrator", "surprise")
    )
    for position, leaf in enumerate(leaves):
        if leaf != OTHER:
            arrays.slots[position] = [trait_slot(case, model, slots, trait, leaf) for trait in prior.proportional_to]
    for block, share in enumerate(prior.shares):
        _compile_share(case, model, slots, arrays, block, share)
    if prior.archive:
        _compile_history(case, prior.archive, slots, arrays)
    return arrays


def _compile_history(case: Case, history: History, slots: SlotBook, arrays: PriorArrays) -> None:
    """Weights as past events give them; factions that share one, share it by size."""
    leaves = case.factions.leaves
    for one, sharing in history.covered(case.factions, (leaf for leaf in leaves if leaf != OTHER)):
        at = ("perpetrator", "archive", one.node)
        slot = slots.number(one.weight, f"history[{one.node}]", block="prior", document="model", at=at)
        positions = [leaves.index(leaf) for leaf in sharing]
        size = sum(case.factions.sizes[position] for position in positions)
        for position in positions:
            arrays.slots[position] = [slot]
            arrays.constant[position] = case.factions.sizes[position] / size


def _compile_share(case: Case, model: Model, slots: SlotBook, arrays: PriorArrays, block: int, share: Share) -> None:
    leaves = leaves_of_share(case, model, share.node)
    positions = [case.factions.leaves.index(leaf) for leaf in leaves]
    at = ("perpetrator", "share", share.node)
    total = slots.number(share.number, f"share[{share.node}]", block="prior", document="model", at=at)
    size = sum(case.factions.sizes[position] for position in positions)
    for position in positions:
        arrays.slots[position] = [total]
        arrays.constant[position] = case.factions.sizes[position] / size
    for node, weight in share.within:
        slot = slots.number(
            weight, f"share[{share.node}|{node}]", block="prior", document="model", at=(*at, "within", node)
        )
        members = [position for position in positions if case.factions.leaves[position] in case.factions.under(node)]
        size = sum(case.factions.sizes[position] for position in members)
        for position in members:
            arrays.within[position] = [slot]
            arrays.block[position] = block
            arrays.constant[position] = case.factions.sizes[position] / size
