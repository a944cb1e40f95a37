"""Questions that are answered within a process: each with the work it is compared with, in turn."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, product

import numpy as np

import attribution as at
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Cluster
from attribution.inference.importance import draw
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Sampling
from attribution.network.compiler import compile_network
from attribution.network.summation import evidence_gradient, log_joint
from tests.brute_force import Enumeration
from tests.brute_origins import WHO
from tests.network.test_independent_library import Network

ROUNDS = 5

type Work = Callable[[], object]


def measure(question: str) -> None:
    """Print cost, ratio and what it is compared with as JSON."""
    work, other, against = QUESTIONS[question]()
    work()
    if other:
        other()
    costs, ratios = [], []
    for _ in range(ROUNDS):
        wall, cpu = _seconds(work)
        costs.append((wall, cpu))
        if other:
            ratios.append(cpu / _seconds(other)[1])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = (statistics.median(each) for each in zip(*costs, strict=True))
    ratio = statistics.median(ratios) if ratios else None
    print(json.dumps({"cost": {"wall": wall, "cpu": cpu, "memory": memory}, "against": against, "ratio": ratio}))


def _seconds(work: Work) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _pair() -> tuple[at.Case, at.Model]:
    return at.read_case("tower-22"), at.read_model("tower-22/baseline")


def _posterior() -> Posterior:
    return at.fit(*_pair(), engine="importance")


def _forward() -> tuple[Work, Work | None, str]:
    """Against the same tape read a draw at a time, a sixty-fourth of the draws."""
    program = compile_network(*_pair())
    z = draw(program, Sampling(), 1).draws.flat

    def one_by_one() -> None:
        for row in z[::64]:
            log_joint(program, row[None])

    return lambda: log_joint(program, z), one_by_one, "one 64th of the draws, one by one"


def _network() -> tuple[Work, Network]:
    """Our answer at one setting of the numbers, and the same network for others, who do without surprise."""
    case, model = _pair()
    program = compile_network(case, model)
    z = np.zeros((1, program.dimension))
    return lambda: log_joint(program, z), Network(Enumeration(case.as_of(), model, dict.fromkeys(program.labels, 0.0)))


def _point() -> tuple[Work, Work | None, str]:
    """The perpetrator at one setting of the numbers."""
    ours, network = _network()
    engine = network.engine(network.graph)

    def theirs() -> None:
        engine.query([WHO], evidence=network.seen, elimination_order="MinFill", show_progress=False)

    return ours, theirs, "pgmpy's variable elimination (MinFill), the same query"


def _agrum(network: Network) -> Work:
    """The same query by pyAgrum's junction tree, evidence entered anew each time."""
    import pyagrum  # type: ignore[import-not-found, unused-ignore]

    graph, copy = network.graph, pyagrum.BayesNet()
    for node in graph.nodes():
        copy.add(pyagrum.LabelizedVariable(node, node, list(network.states[node])))
    for parent, child in graph.edges():
        copy.addArc(parent, child)
    for node in graph.nodes():
        table, theirs = graph.get_cpds(node), copy.cpt(node)
        axes = [table.variables.index(name) for name in reversed(theirs.names)]  # theirs vary fastest first
        theirs[:] = np.ascontiguousarray(np.transpose(table.values, axes))

    def query() -> None:
        engine = pyagrum.LazyPropagation(copy)
        engine.setEvidence(network.seen)
        engine.addTarget(WHO)
        engine.makeInference()
        engine.posterior(WHO)

    return query


def _point_agrum() -> tuple[Work, Work | None, str]:
    ours, network = _network()
    return ours, _agrum(network), "pyAgrum's LazyPropagation, the same query"


def _forward_agrum() -> tuple[Work, Work | None, str]:
    """A posterior over numbers needs a query for each draw; theirs are spared entering each draw's tables."""
    _, network = _network()
    query, (forward, _, _) = _agrum(network), _forward()

    def queries() -> None:
        for _ in range(2**14 // 64):
            query()

    return forward, queries, "one 64th as many queries by pyAgrum, their tables unchanged"


def _gradient() -> tuple[Work, Work | None, str]:
    program = compile_network(*_pair())
    z = np.random.default_rng(1).normal(size=program.dimension)

    def gradients() -> None:
        for _ in range(1000):
            evidence_gradient(program, z)

    def values() -> None:
        for _ in range(1000):
            log_joint(program, z[None])

    return gradients, values, "the value alone, a thousand times each"


def _instant() -> tuple[Work, Work | None, str]:
    case, model = _pair()
    return lambda: at.fit(case, model, engine="importance").probabilities(), None, ""


def _items(posterior: Posterior) -> list[str]:
    return [item.id for item in posterior.case.as_of(None).evidence]


def _what_if() -> tuple[Work, Work | None, str]:
    posterior = _posterior()
    items = cycle(_items(posterior))  # another one each time: answers are kept

    def fit_again() -> None:
        at.fit(posterior.case, posterior.model, engine="importance").probabilities()

    return lambda: at.what_if(posterior, at.Changes(off=frozenset({next(items)}))), fit_again, "a new instant fit"


def _hundred() -> tuple[Work, Work | None, str]:
    posterior = _posterior()
    items = _items(posterior)
    settings = [at.Changes(off=frozenset({items[n % len(items)], items[(7 * n + 1) % len(items)]})) for n in range(100)]

    def fits() -> None:
        for _ in range(10):
            at.fit(posterior.case, posterior.model, engine="importance").probabilities()

    return lambda: [at.what_if(posterior, each) for each in settings], fits, "ten new instant fits"


SWEPT = {
    "perpetrator.other": [0.01, 0.03, 0.1, 0.2, 0.3],
    "evidence.halt.grade": ["A1", "B2", "D4", "off"],
    "traits.tempo.nujaba": [0.1, 0.22, 0.3, 0.5, 0.8],
}


def _sweep() -> tuple[Work, Work | None, str]:
    """A grid of a hundred; a loop changes the same things by hand, every tenth of them, and fits."""
    case, model = _pair()

    def loop() -> None:
        for other, grade, tempo in list(product(*SWEPT.values()))[::10]:
            changed = model.with_({"perpetrator.other": other, "traits.tempo.nujaba": tempo})
            known = case.without("halt") if grade == "off" else case.with_grade("halt", grade)
            assumed = changed.without("halt") if grade == "off" else changed
            at.fit(known, assumed, engine="importance").probabilities()

    return lambda: at.sweep(case, model, SWEPT), loop, "ten of the hundred fits, in a loop"


def _fourteen(posterior: Posterior) -> Posterior:
    """The same evidence in fourteen clusters, nothing worked out yet."""
    ids = posterior.program.origins
    clusters = Catalog([Cluster(f"c{number}", ids[number::14]) for number in range(14)])
    model = replace(posterior.model, clusters=clusters)
    return Posterior(posterior.case, model, posterior.settings, posterior.draws)


def _lattice() -> tuple[Work, Work | None, str]:
    posterior = _posterior()
    return lambda: at.lattice(_fourteen(posterior), draws=2048), None, ""


def _lattice_khat() -> tuple[Work, Work | None, str]:
    posterior = _posterior()
    return lambda: at.lattice(_fourteen(posterior), draws=2048, khat_for_all=True), None, ""


QUESTIONS: dict[str, Callable[[], tuple[Work, Work | None, str]]] = {
    "forward": _forward,
    "point": _point,
    "point_agrum": _point_agrum,
    "forward_agrum": _forward_agrum,
    "gradient": _gradient,
    "posterior": _instant,
    "what_if": _what_if,
    "hundred": _hundred,
    "sweep": _sweep,
    "lattice": _lattice,
    "lattice_khat": _lattice_khat,
}
