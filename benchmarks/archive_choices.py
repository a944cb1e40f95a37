"""What each part of the archive's model is worth: log loss with one choice changed, on real and simulated tables.

    python -m benchmarks.archive_choices [--rivals] [TABLE ...]

Real tables are the UCDP events of `../shared/data`, where they are, with and without coordinates; simulated ones are
those of `benchmarks/coded_tables.py`. `--rivals` adds a random forest and gradient boosting, tuned as in a backtest
(minutes per table). Changes of log loss in percent, with the standard error of the paired difference.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from attribution.archive.codes import Floats
from attribution.archive.evaluation.baselines import run_baseline
from attribution.archive.evaluation.scores import expected_calibration_error, log_losses
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.coefficients import Coefficients, Examples, learn
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.forecast import blocks, training_size
from attribution.archive.model.posterior import SlopeDraws
from attribution.archive.model.settings import Shrinkage
from benchmarks.coded_tables import WORLDS, coded_table

ROOT = Path(__file__).parent.parent
_UCDP = ROOT.parent / "shared" / "data" / "ucdp_ged_iraq_nigeria.csv.gz"
_MAPPING = ROOT / "data" / "mappings" / "ucdp-ged.yaml"
_SWAPS = {
    "one-sided": {},
    "one-sided, no coordinates": {"  latitude: latitude\n": "", "  longitude: longitude\n": ""},
    "non-state": {'type_of_violence: "3"': 'type_of_violence: "2"'},
    "non-state, no coordinates": {
        'type_of_violence: "3"': 'type_of_violence: "2"', "  latitude: latitude\n": "", "  longitude: longitude\n": "",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """Which features stay, and how coefficients are shrunk and learned."""

    name: str
    keeps: Callable[[str], bool] = lambda name: True
    shrinkage: Callable[[Shrinkage], Shrinkage] = lambda shrinkage: shrinkage
    learned: bool = True


CHOICES = (
    Choice("one decay time of activity (500 days)", lambda name: "activity" not in name or "500" in name),
    Choice(
        "one decay time of nearness (200 days)",
        lambda name: not name.startswith(("within", "near by")) or "200 days" in name,
    ),
    Choice("one length scale (50 km)", lambda name: "within" not in name or "50 km" in name.replace("250 km", "")),
    Choice("no nearness", lambda name: not name.startswith(("within", "near by", "nobody near"))),
    Choice("no shares of places", lambda name: not any(name.startswith(level + ",") for level in _LEVELS)),
    Choice("no feature shares nested by place", lambda name: " in this " not in name),
    Choice("no rate of new groups, no novelty", lambda name: name != "newcomers" and "nobody near" not in name),
    Choice("columns are views like others (0.2)", shrinkage=lambda s: replace(s, facts=0)),
    Choice("no deviations of factions", shrinkage=lambda s: replace(s, faction_sd=1e-3)),
    Choice("coefficients as before any event", learned=False),
    Choice("every feature in full (1.0)", shrinkage=lambda s: replace(s, coefficient=1.0, facts=0), learned=False),
    Choice("nothing about coefficients ages", shrinkage=lambda s: replace(s, half_life=1e9)),
    Choice("coefficients age twice as fast", shrinkage=lambda s: replace(s, half_life=750.0)),
    Choice("deviations twice as wide", shrinkage=lambda s: replace(s, faction_sd=0.6)),
    Choice("coefficients shrunk half as much", shrinkage=lambda s: replace(s, coefficient_sd=0.2, fact_sd=0.4)),
)
_LEVELS = ("country", "admin1", "admin2", "place", "province", "city")


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A table with all its features, so that every choice costs only its fits."""

    events: EventTable
    classes: Classes
    first: int
    x: Floats
    prequential: PrequentialFilter


def prepared(events: EventTable) -> Prepared:
    """Go through a table once; features do not depend on coefficients where nothing is known as one of several."""
    first = training_size(events)
    classes = Classes.learned(events, np.arange(len(events)) < first)
    prequential = PrequentialFilter(events, classes)
    x = np.zeros((len(events), len(prequential.names), len(classes)), dtype=np.float32)
    slope = np.full(x.shape[1:], 0.2)
    prequential.advance(len(events), slope, np.zeros(len(classes)), keep=np.arange(len(events)), kept=x)
    return Prepared(events, classes, first, x, prequential)


def losses(table: Prepared, choice: Choice) -> tuple[Floats, float]:
    """Log losses of the events with a known faction, rolling, and the calibration error."""
    kept = [at for at, name in enumerate(table.prequential.names) if choice.keeps(name)]
    facts = [at for at in kept if table.prequential.names[at] in {column.name for column in table.prequential.columns}]
    plain = replace(table.prequential.shrinkage, first_fact=kept.index(facts[0]) if facts else 0, facts=len(facts))
    shrinkage, x, events = choice.shrinkage(plain), table.x[:, kept], table.events
    label = table.classes.labels(events)
    rows = np.flatnonzero(label >= 0)
    coefficients = Coefficients.prior(len(kept), len(table.classes), shrinkage)
    parts = []
    for start, stop in blocks(events, table.first, "rolling"):
        past = rows[rows < start]
        examples = Examples(
            x[past], np.arange(len(past) + 1), label[past], 1.0 - events.certainty[past], events.day[past],
            events.last_day[past], past,
        )  # fmt: skip
        if choice.learned:
            coefficients = learn(examples, int(events.day[start]), shrinkage, coefficients)
        parts.append(SlopeDraws(coefficients.slope[None], coefficients.intercept[None]).probability(x[start:stop])[0])
    return _scored(np.concatenate(parts), label[table.first :])


def _scored(probability: Floats, label: np.ndarray) -> tuple[Floats, float]:
    known = label >= 0
    p, code = probability[known], label[known]
    return log_losses(p, code), expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == code)


def tables() -> dict[str, Callable[[], EventTable]]:
    """What can be asked for."""
    out: dict[str, Callable[[], EventTable]] = {}
    if _UCDP.is_file():
        out |= {name: lambda swaps=swaps: _ucdp(swaps) for name, swaps in _SWAPS.items()}  # type: ignore[misc]
    out |= {name: lambda world=world: coded_table(world, 11) for name, world in WORLDS.items()}  # type: ignore[misc]
    return out


def _ucdp(swaps: dict[str, str]) -> EventTable:
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.archive.reading.read import read_events

    text = _MAPPING.read_text(encoding="utf-8")
    for old, new in swaps.items():
        assert old in text, old
        text = text.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return read_events(_UCDP, read_mapping(str(path))).events


def main() -> None:
    known = tables()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rivals", action="store_true")
    parser.add_argument("table", nargs="*", metavar="TABLE", help=", ".join(known))
    typed = parser.parse_args()
    if unknown := [name for name in typed.table if name not in known]:
        parser.error(f"no table {unknown[0]!r}; there are: {', '.join(known)}")
    for name in typed.table or known:
        table = prepared(known[name]())
        ours, ece = losses(table, Choice("the model"))
        print(
            f"\n{name}: {len(ours)} events, {len(table.classes)} classes, log loss {ours.mean():.4f}, error {ece:.3f}"
        )
        for choice in CHOICES:
            theirs, _ = losses(table, choice)
            _tell(choice.name, theirs, ours)
        for rival in ("place-table", "random-forest", "gradient-boosting") if typed.rivals else ():
            found = run_baseline(rival, table.events, table.classes, table.first)
            theirs, _ = _scored(found.probability, table.classes.labels(table.events)[table.first :])
            _tell(rival, theirs, ours)


def _tell(name: str, theirs: Floats, ours: Floats) -> None:
    gap = theirs - ours
    error = gap.std() / np.sqrt(len(gap))
    print(f"  {name:40} {100 * gap.mean() / ours.mean():+7.2f} % (+/- {100 * error / ours.mean():.2f})", flush=True)


if __name__ == "__main__":
    main()
