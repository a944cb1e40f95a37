"""How fast the posterior moves in the page, how large what it is computed from, how near Python's answer it is.

python -m benchmarks.whatif    needs node, chromium and `make browser`
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from statistics import median

import attribution as at
from attribution.analysis.what_if import page_answer
from attribution.reporting.whatif import thinned
from attribution.reporting.write import prepare
from tests.browser.chromium import drive
from tests.reporting.whatif_settings import link, random_changes

SETTINGS, ROUNDS = 100, 3


def main() -> None:
    for model in ("baseline", "sceptical", "without-state-finding"):
        measure(model)


def measure(model: str) -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model(f"tower-22/{model}"), engine="importance", random_seed=1)
    prepared, embedded = prepare(posterior), thinned(posterior)
    r, case = Random(1), posterior.case.as_of()
    asked = [random_changes(r, case) for _ in range(SETTINGS)]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        prepared.write(page)
        rounds = [drive(page, "whatif_links", [link(changes) for changes in asked]).value for _ in range(ROUNDS)]
    times = [min(one[position]["milliseconds"] for one in rounds) for position in range(SETTINGS)]
    apart = max(
        abs(found - expected)
        for changes, one in zip(asked, rounds[0], strict=True)
        for found, expected in zip(one["probabilities"], page_answer(embedded, changes).probabilities, strict=True)
    )
    sizes = [one["ess"] for one in rounds[0]]
    print(f"{model}: {len(prepared.what_if.data):,} bytes in the page, {len(embedded.z)} draws")
    print(f"  {SETTINGS} random settings: median {median(times):.1f} ms, worst {max(times):.1f} ms per change")
    print(f"  largest difference from Python {apart:.1e}; effective sample size {min(sizes):.0f} to {max(sizes):.0f}")


if __name__ == "__main__":
    main()
