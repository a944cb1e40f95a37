"""The way back through the values of the origins."""

from __future__ import annotations

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import count
from attribution.network.program import ABSENCE, DIRECT, Floats, Ints


@kernel
def push_evidence(
    n: Ints,
    x: Floats,
    v: Floats,
    pool: Floats,
    o: int,
    h: int,
    belief: Floats,
    push: Floats,
    adjoint: Floats,
) -> None:
    """From the beliefs of an origin's factor to derivatives by its four values, or by a direct item's slots."""
    leaf = n[n[at.ORIGIN_LEAF] + o * count(n, at.BLOCK) + h]
    first, offset = n[n[at.EVIDENCE_START] + o], n[n[at.EVIDENCE_OFFSET] + o]
    power = x[n[at.SWITCH] + o]
    if power == 0.0:
        return
    for k in range(n[n[at.EVIDENCE_START] + o + 1] - first):
        share = power * belief[offset + k]
        if share == 0.0:
            continue
        pattern = n[n[at.EVIDENCE_PATTERN] + first + k]
        if n[n[at.ORIGIN_KIND] + o] != DIRECT:
            value = pool[offset + k] if power == 1.0 else pool[offset + k] ** (1.0 / power)
            push[o, (leaf & 2) + (leaf & 1) * pattern] += share / value
        else:
            if leaf > 0:
                adjoint[leaf - 1] += share / v[leaf - 1]
            if pattern > 0:
                adjoint[pattern - 1] += share / v[pattern - 1]


@kernel
def origin_pullback(n: Ints, x: Floats, v: Floats, push: Floats, adjoint: Floats) -> None:
    """Add to `adjoint` (over slots) what `push` (over the four values of each origin) amounts to."""
    for o in range(count(n, at.ORIGIN_KIND)):
        if x[n[at.SWITCH] + o] == 0.0 or n[n[at.ORIGIN_KIND] + o] == DIRECT:
            continue
        if n[n[at.ORIGIN_KIND] + o] == ABSENCE:
            adjoint[n[n[at.ORIGIN_ITEM] + o]] -= push[o, 0] + push[o, 2]
            continue
        _statement_pullback(n, x, v, o, push[o], adjoint)


@kernel
def _statement_pullback(n: Ints, x: Floats, v: Floats, o: int, push: Floats, adjoint: Floats) -> None:
    """The stages of `origin_values` in reverse: forged, copied, turned round, believed or not."""
    source, item = v[n[n[at.ORIGIN_SOURCE] + o]], v[n[n[at.ORIGIN_ITEM] + o]]
    rho = source * item
    anyway = 1.0
    for k in range(n[n[at.ANYWAY_START] + o], n[n[at.ANYWAY_START] + o + 1]):
        q = v[n[n[at.ANYWAY_SLOT] + k]]
        anyway *= 1.0 - q if n[n[at.ANYWAY_NEGATED] + k] else q
    false0 = (1.0 - rho) * anyway
    true0 = rho + false0
    d = v[n[n[at.DECEPTIVE] + o]] if n[n[at.DECEPTIVE] + o] >= 0 else 0.0
    false1, true1 = (1.0 - d) * false0 + d, (1.0 - d) * true0
    c = v[n[n[at.COPYING] + o]] if n[n[at.COPYING] + o] >= 0 else 0.0
    held = c * n[n[at.COPY_HOLDS] + o]
    false2, true2 = held + (1.0 - c) * false1, held + (1.0 - c) * true1

    to_false, to_true = push[0] + push[2], push[1] + push[3]
    if n[n[at.FORGED] + o] >= 0:
        f = v[n[n[at.FORGED] + o]]
        share = x[n[at.TRUE_FRACTION] + o]
        mean = share * true2 + (1.0 - share) * false2 if n[n[at.FORGED_NOISE] + o] else 1.0
        adjoint[n[n[at.FORGED] + o]] += push[2] * (mean - false2) + push[3] * (mean - true2)
        to_false = push[0] + (1.0 - f) * push[2]
        to_true = push[1] + (1.0 - f) * push[3]
        if n[n[at.FORGED_NOISE] + o]:
            to_mean = f * (push[2] + push[3])
            to_false += (1.0 - share) * to_mean
            to_true += share * to_mean
    if n[n[at.COPYING] + o] >= 0:
        adjoint[n[n[at.COPYING] + o]] += to_false * (n[n[at.COPY_HOLDS] + o] - false1) + to_true * (
            n[n[at.COPY_HOLDS] + o] - true1
        )
        to_false, to_true = (1.0 - c) * to_false, (1.0 - c) * to_true
    if n[n[at.DECEPTIVE] + o] >= 0:
        adjoint[n[n[at.DECEPTIVE] + o]] += to_false * (1.0 - false0) - to_true * true0
        to_false, to_true = (1.0 - d) * to_false, (1.0 - d) * to_true
    to_rho = to_true - (to_true + to_false) * anyway
    adjoint[n[n[at.ORIGIN_SOURCE] + o]] += to_rho * item
    adjoint[n[n[at.ORIGIN_ITEM] + o]] += to_rho * source
    to_anyway = (to_true + to_false) * (1.0 - rho)
    for k in range(n[n[at.ANYWAY_START] + o], n[n[at.ANYWAY_START] + o + 1]):
        q = v[n[n[at.ANYWAY_SLOT] + k]]
        mine = 1.0 - q if n[n[at.ANYWAY_NEGATED] + k] else q
        if mine > 0.0:
            adjoint[n[n[at.ANYWAY_SLOT] + k]] += (
                to_anyway * anyway / mine * (-1.0 if n[n[at.ANYWAY_NEGATED] + k] else 1.0)
            )
