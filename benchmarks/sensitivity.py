"""How long each question takes from a posterior that is there: Tower 22, no new fit.

python benchmarks/sensitivity.py          importance points
python benchmarks/sensitivity.py --nuts   draws of NUTS, which take a fit first
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import attribution as at
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Cluster
from attribution.inference.posterior import Posterior


def fresh(posterior: Posterior) -> Posterior:
    """As a saved run comes: draws only, nothing worked out; what every question needs is worked out first."""
    found = Posterior(posterior.case, posterior.model, posterior.settings, posterior.draws)
    found.standings, found.parts, found.log_evidence  # noqa: B018
    return found


def fourteen(posterior: Posterior) -> Posterior:
    """The same evidence in fourteen clusters."""
    ids = posterior.program.origins
    clusters = Catalog([Cluster(f"c{number}", ids[number::14]) for number in range(14)])
    return replace(posterior, model=replace(posterior.model, clusters=clusters))


QUESTIONS: list[tuple[str, Callable[[Posterior], object]]] = [
    *((f"leave out by {by}", lambda posterior, by=by: at.leave_out(posterior, by, refit=False))
      for by in ("origin", "source", "institution", "cluster", "item", "fact")),
    ("lattice, clusters of the model", at.lattice),
    ("lattice, 2^14 subsets", lambda posterior: at.lattice(fourteen(posterior), draws=2000)),
    ("lattice, 2^14 subsets, all k-hats", lambda p: at.lattice(fourteen(p), draws=2000, khat_for_all=True)),
    ("shapley, leader and runner-up", at.shapley),
    ("shapley, axis and other", lambda posterior: at.shapley(posterior, "iran-aligned", "other")),
    ("tipping points", lambda posterior: at.tipping_points(posterior, refit=False)),
    ("deception budget", lambda posterior: at.deception_budget(posterior, refit=False)),
    ("robust bounds", at.robust_bounds),
    ("lean", at.lean),
    ("model error", at.model_error),
    ("stories", at.story_sweep),
    ("learning", at.learning),
    ("prior predictive", at.prior_predictive),
    ("power-scaling", at.power_scaling),
    ("dependence", at.dependence),
    ("next evidence", at.next_evidence),
    ("shortest path to another lead", at.shortest_path),
    ("everything (diagnostics included)", at.sensitivity),
]  # fmt: skip


def main() -> None:
    engine = "nuts" if "--nuts" in sys.argv else "importance"
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine=engine)  # type: ignore[arg-type]
    for name, ask in QUESTIONS:
        ask(fresh(posterior))
        waited, worked = [], []
        for _ in range(3):
            known = fresh(posterior)
            start, work = time.perf_counter(), time.process_time()
            ask(known)
            waited.append(time.perf_counter() - start)
            worked.append(time.process_time() - work)
        print(f"{name:36s} {min(waited):6.2f} s, {min(worked):6.2f} s of work on all threads")


if __name__ == "__main__":
    main()
