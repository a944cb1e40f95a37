"""Draws of the shares of a tree of nodes, each a Dirichlet around those of the node above.

``theta_root ~ Dirichlet(prior)``, ``theta_n ~ Dirichlet(kappa_level(n) theta_above(n))``, counts multinomial. A Gibbs
sampler whose steps are exact: given the shares above, kappa is drawn on a grid from the Dirichlet-multinomial
likelihood, then how often a value was drawn from above rather than copied (Antoniak 1974, doi:10.1214/aos/1176342871);
these numbers are counts for the node above. Last, the shares are drawn from the root down.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints


class Tree(NamedTuple):
    """Nodes from the root down: parents come first, the root is node 0 and has level -1.

    No node has one of its own level above it, and the levels of the nodes above are larger: level 0 is the finest.
    """

    parent: Ints  # (node,)
    level: Ints  # (node,)


class Draws(NamedTuple):
    """Where draws are left."""

    shares: NDArray[np.float32]  # (draw, node, value)
    chosen: Ints  # (draw, level) cell of kappa
    mass: Floats  # (level, kappa): added to; the mean conditional posterior of kappa


@kernel
def log_likelihoods(node: int, above: int, count: Floats, theta: Floats, kappa: Floats, out: Floats) -> None:
    """Add the Dirichlet-multinomial log-likelihood of one node's counts, for every kappa of the grid."""
    total = 0.0
    for v in range(count.shape[1]):
        total += count[node, v]
    if total == 0.0:
        return
    for k in range(len(kappa)):
        out[k] += math.lgamma(kappa[k]) - math.lgamma(kappa[k] + total)
        for v in range(count.shape[1]):
            if count[node, v] > 0.0:
                a = kappa[k] * theta[above, v]
                out[k] += math.lgamma(a + count[node, v]) - math.lgamma(a)


@kernel
def fresh(count: float, a: float, rng: np.random.Generator) -> float:
    """How many of so many draws of a value came from above: the first, and the m-th with probability a / (a + m)."""
    if count < 1.0:
        return 0.0
    drawn = 1.0
    for m in range(1, int(count)):
        drawn += rng.random() < a / (a + m)
    return drawn


@kernel
def dirichlet(node: int, above: int, strength: float, count: Floats, theta: Floats, rng: np.random.Generator) -> None:
    """Draw a node's shares given those above (`above`; for the root, what it already holds) and its counts."""
    total = 0.0
    for v in range(theta.shape[1]):
        theta[node, v] = rng.standard_gamma(strength * theta[above, v] + count[node, v] + 1e-300)
        total += theta[node, v]
    for v in range(theta.shape[1]):
        theta[node, v] /= total


@kernel
def concentration(
    depth: int, tree: Tree, count: Floats, theta: Floats, kappa: Floats, score: Floats, rng: np.random.Generator
) -> int:
    """Draw a kappa of one level, whose probabilities given the shares above are left in `score`."""
    score[:] = 0.0
    for n in range(1, len(tree.parent)):
        if tree.level[n] == depth:
            log_likelihoods(n, tree.parent[n], count, theta, kappa, score)
    score[:] = np.exp(score - score.max())
    score /= score.sum()
    left, at = rng.random(), 0
    while at < len(kappa) - 1 and left >= score[at]:
        left -= score[at]
        at += 1
    return at


@kernel
def hand_up(depth: int, strength: float, tree: Tree, count: Floats, theta: Floats, rng: np.random.Generator) -> None:
    """Count for the nodes above what the nodes of one level drew from them."""
    for n in range(1, len(tree.parent)):
        if tree.level[n] == depth:
            above = tree.parent[n]
            for v in range(count.shape[1]):
                count[above, v] += fresh(count[n, v], strength * theta[above, v], rng)


@kernel
def draw_profiles(
    tree: Tree, direct: Floats, kappa: Floats, root_prior: float, warm_up: int, rng: np.random.Generator, out: Draws
) -> None:
    """Draw shares and kappas, one sweep each after the warm-up.

    `direct` (node, value) are the events of the node itself, whole numbers; `kappa` is the grid, equally probable
    beforehand.
    """
    nodes, values = direct.shape
    draws, levels = out.chosen.shape
    theta = np.full((nodes, values), 1.0 / values)
    count, now, score = np.empty((nodes, values)), np.zeros(levels, dtype=np.int64), np.empty(len(kappa))
    for sweep in range(-warm_up, draws):
        count[:] = direct
        for depth in range(levels):
            now[depth] = concentration(depth, tree, count, theta, kappa, score, rng)
            if sweep >= 0:
                out.mass[depth] += score / draws
                out.chosen[sweep, depth] = now[depth]
            hand_up(depth, kappa[now[depth]], tree, count, theta, rng)
        theta[0] = 1.0
        dirichlet(0, 0, root_prior, count, theta, rng)
        for n in range(1, nodes):
            dirichlet(n, tree.parent[n], kappa[now[tree.level[n]]], count, theta, rng)
        if sweep >= 0:
            out.shares[sweep] = theta
