"""Sums over draws for many subsets of the evidence: plain arrays in, plain arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from attribution._compile import Native
from attribution.network.program import Floats, Ints
from attribution.network.reader import each_part

BLOCK = 64  # draws; as in `attribution.network.subsets_kernel`, which is not imported here to keep numba out
_PARTS = 4  # of the draws, whose sums are added in one order however many threads there are


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """What `attribution.network.subsets_kernel` takes; see there. All in linear space, on one common scale."""

    draws: int
    base: Floats
    factors: Floats
    start: Ints
    opening: Floats
    other: int


def products(base: Floats, tables: tuple[Floats, ...], opening: Floats, other: int) -> Products:
    """From logarithms: `base` (draw, faction), `tables` (pattern, draw, faction) of each part; `opening` (draw, 2).

    The scale is set half-way between nothing and everything, so that up to some 600 nats of evidence fit into doubles.
    """
    if not tables:
        tables = (np.zeros((1, *base.shape)),)
    tops = [np.maximum(table.max(axis=(0, 2)), -1e300) for table in tables]
    highest = base.max(axis=1) + np.sum(tops, axis=0)
    scaled = np.exp(base + (np.sum(tops, axis=0) - np.median(highest) / 2)[:, None])
    factors = np.concatenate([np.exp(table - top[:, None]) for table, top in zip(tables, tops, strict=True)])
    return Products(
        draws=len(base),
        base=_in_blocks(scaled[None])[:, 0],
        factors=_in_blocks(factors),
        start=np.cumsum([0, *(len(table) for table in tables)])[:-1].astype(np.int64),
        opening=_in_blocks(opening[None])[:, 0],
        other=other,
    )


def _in_blocks(values: Floats) -> Floats:
    """From (row, draw, column) to (block, row, column, draw within the block), filled up with zeros."""
    rows, draws, columns = values.shape
    blocks = -(-draws // BLOCK)
    if draws < blocks * BLOCK:
        values = np.pad(values, ((0, 0), (0, blocks * BLOCK - draws), (0, 0)))
    return np.ascontiguousarray(values.reshape(rows, blocks, BLOCK, columns).transpose(1, 0, 3, 2))


def subset_sums(given: Products, pattern: Ints) -> tuple[Floats, Floats]:
    """Probabilities (subset, faction) and effective sample sizes (subset,) of subsets, plainly weighted."""
    pattern, changed = _walk(pattern)
    edges = np.linspace(0, len(given.base), min(_PARTS, len(given.base)) + 1).astype(np.int64).tolist()
    found = np.zeros((len(edges) - 1, len(pattern), given.base.shape[1] + 2))

    def work(some: slice) -> None:
        for part in range(some.start, some.stop):
            blocks = _of(given, slice(edges[part], edges[part + 1]))
            _SUMS(*blocks, pattern, changed, np.array([given.other]), found[part], *_room(given, pattern))

    each_part(work, len(found), least=1)
    sums = found.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, :-2] / sums[:, -2:-1], sums[:, -2] ** 2 / sums[:, -1]


def subset_draws(given: Products, pattern: Ints, *, joints: bool) -> tuple[Floats, Floats]:
    """Weights (subset, draw) and, if asked for, joints (subset, block, faction, draw of it), on the common scale."""
    pattern, changed = _walk(pattern)
    blocks, factions = given.base.shape[:2]
    weights = np.empty((len(pattern), blocks, BLOCK))
    table = np.empty((len(pattern) if joints else 0, blocks, factions, BLOCK))
    everything = _of(given, slice(None))
    _JOINTS(*everything, pattern, changed, np.array([given.other]), weights, table, *_room(given, pattern))
    return weights.reshape(len(pattern), -1)[:, : given.draws], table


def weighted_sums(weights: Floats, joints: Floats) -> Floats:
    """Sums over draws of joints as `subset_draws` gives them, times weights (subset, draw): (subset, faction)."""
    subsets, blocks = joints.shape[:2]
    padded = np.pad(weights, ((0, 0), (0, blocks * BLOCK - weights.shape[1])))
    return np.asarray(np.einsum("sbk,sbhk->sh", padded.reshape(subsets, blocks, BLOCK), joints))


def _of(given: Products, part: slice) -> tuple[Floats, Floats, Ints, Floats]:
    return given.base[part], given.factors[part], given.start, given.opening[part]


def _room(given: Products, pattern: Ints) -> tuple[Floats, Floats]:
    """What a kernel works in: a stack of products, and the weights of a block."""
    return np.empty((pattern.shape[1] + 1, given.base.shape[1], BLOCK)), np.empty(BLOCK)


def _walk(pattern: Ints) -> tuple[Ints, Ints]:
    """Patterns of at least one part, and the first part in which each subset differs from the one before."""
    if not pattern.shape[1]:
        pattern = np.zeros((len(pattern), 1), dtype=np.int64)
    changed = np.zeros(len(pattern), dtype=np.int64)
    differs = pattern[1:] != pattern[:-1]
    changed[1:] = np.where(differs.any(axis=1), differs.argmax(axis=1), pattern.shape[1])
    return np.ascontiguousarray(pattern, dtype=np.int64), changed


def _kernels() -> ModuleType:
    from attribution.network import subsets_kernel

    return subsets_kernel


_SUMS = Native("subset_sums", "ddqdqqqddd", lambda: _kernels().native_sums)
_JOINTS = Native("subset_joints", "ddqdqqqdddd", lambda: _kernels().native_joints)
