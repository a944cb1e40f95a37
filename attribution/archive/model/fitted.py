"""What was learned from an archive, kept as data: who the candidates are, what each feature counts, and how surely."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from attribution.archive.codes import Floats
from attribution.archive.events import LIMITS, UNKNOWN, EventTable
from attribution.archive.model.attribute import learn_two_sided
from attribution.archive.model.classes import OTHER, Classes
from attribution.archive.model.coefficients import Coefficients, Examples, choose_shrinkage, learn
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.forecast import Store
from attribution.archive.model.posterior import (
    CoefficientPosterior,
    SlopeDraws,
    normal_posterior,
    nuts_posterior,
    read_posterior,
)
from attribution.archive.model.settings import Shrinkage, cautious
from attribution.archive.reading.read import Archive
from attribution.atomic import write_text
from attribution.errors import EventError, RunError

FITTED_FORMAT = "attribution-archive/3"
_DRAWS, _FEW, _LARGEST = 100, 100, 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The coefficients as of the last event, and draws around them; of the events it keeps nothing but a hash."""

    classes: tuple[str, ...]  # the last is `other`
    features: tuple[str, ...]
    region: str  # the level of place in which feature shares are nested
    past_only: bool  # features from before an event alone, or from both sides of it
    mode: SlopeDraws  # one draw: the most probable
    draws: SlopeDraws
    coefficients: CoefficientPosterior  # of what the factions share; it says which way the draws were made
    shrinkage: Shrinkage
    events: int
    labelled: int
    table: str
    sha256: str

    def classes_of(self, events: EventTable) -> Classes:
        """The candidates among the factions of a table; those it does not name go to `other`."""
        names = self.classes[:-1]
        of_faction = [names.index(name) if name in names else len(names) for name in events.factions]
        return Classes(self.classes, np.array(of_faction, dtype=np.int64))

    def check_features(self, names: tuple[str, ...]) -> None:
        """Refuse a table with other features than those that were learned from."""
        if names != self.features:
            lacking = [name for name in self.features if name not in names]
            more = [name for name in names if name not in self.features]
            raise EventError(
                f"the table has other features than the model: {len(lacking)} are lacking, {len(more)} are new"
                f" ({', '.join([*lacking, *more][:4])}).",
                allowed="the same mapping, for a table of the same layout",
                hint="fit it again: attribution archive fit EVENTS --mapping MAP -o MODEL.json",
            )

    def save(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        document = {
            "format": FITTED_FORMAT,
            "limits": LIMITS,
            "table": self.table,
            "sha256": self.sha256,
            "events": self.events,
            "labelled": self.labelled,
            "classes": self.classes,
            "features": self.features,
            "region": self.region,
            "past_only": self.past_only,
            "shrinkage": asdict(self.shrinkage),
            "coefficients": asdict(self.coefficients),
            "mode": _plain(self.mode),
            "draws": _plain(self.draws),
        }
        write_text(path, json.dumps(document, ensure_ascii=False) + "\n")


def fit_archive(
    archive: Archive,
    *,
    least: int = 20,
    draws: int = _DRAWS,
    seed: int = 1,
    nuts: bool = False,
    past_only: bool = False,
) -> Fitted:
    """Learn what each feature counts from all labelled events.

    The features of each come from all other labelled events, before and after; with `past_only`, from before its day
    alone. The draws are of a normal distribution around the most probable coefficients, or NUTS makes them; then
    whoever uses them has to look at `coefficients.concerns`. Where some events are known as "one of these", a second
    pass shares them out by what the first has learned.
    """
    events = archive.events
    classes = Classes.learned(events, np.ones(len(events), dtype=np.bool_), least)
    now, learned = (_from_past if past_only else _from_both_sides)(events, classes)
    way = nuts_posterior if nuts else normal_posterior
    coefficients, around = way(
        learned.examples, learned.features, now, learned.shrinkage, learned.mode, kept=draws, seed=seed,
        calibration=learned.calibration,
    )  # fmt: skip
    return Fitted(
        classes=classes.names,
        features=learned.features,
        region=learned.region,
        past_only=past_only,
        mode=SlopeDraws(learned.mode.slope[None], learned.mode.intercept[None]).times(learned.calibration),
        draws=around,
        coefficients=coefficients,
        shrinkage=learned.shrinkage,
        events=len(events),
        labelled=int(events.labelled.sum()),
        table=archive.file,
        sha256=archive.sha256,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """What a fit leaves behind, from either side."""

    examples: Examples
    features: tuple[str, ...]
    region: str
    shrinkage: Shrinkage
    mode: Coefficients
    calibration: float  # by what all coefficients are multiplied before they are used


def _from_both_sides(events: EventTable, classes: Classes) -> tuple[int, _Learned]:
    asked = np.flatnonzero(events.label == UNKNOWN)
    found = learn_two_sided(events, classes, np.ones(len(events), dtype=np.bool_), asked)
    ground = found.ground
    return 1 << 40, _Learned(
        found.examples, ground.names, ground.region, found.shrinkage, found.coefficients, found.calibration
    )


def _from_past(events: EventTable, classes: Classes) -> tuple[int, _Learned]:
    now = int(events.last_day.max()) + 1
    prequential = PrequentialFilter(events, classes)
    size = (len(prequential.names), len(classes))
    few = int(events.labelled.sum()) < _FEW
    shrinkage = cautious(size[0]) if few else prequential.shrinkage
    learned = Coefficients.prior(*size, shrinkage)
    for _ in range(2 if events.among.partial.any() else 1):
        store = Store(PrequentialFilter(events, classes), len(events), size)
        store.advance(len(events), learned, 1 << 40)
        examples = store.examples()
        if not few:
            shrinkage = choose_shrinkage(examples, now, prequential.shrinkage)
        learned = learn(examples, now, shrinkage, learned)
    return now, _Learned(examples, prequential.names, prequential.region, shrinkage, learned, 1.0)


def load_fitted(path: Path) -> Fitted:
    """What `Fitted.save` wrote.

    Raises
    ------
    RunError
        No such file, another format, or damaged.
    """
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise RunError(
            "there is no such model.", allowed="a file written by `attribution archive fit -o`", file=str(path)
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FITTED_FORMAT:
            raise RunError(
                f'the format is "{document["format"]}".',
                allowed=FITTED_FORMAT,
                hint="another version wrote it: fit it again",
                file=str(path),
            )
        fitted = Fitted(
            classes=tuple(str(name) for name in document["classes"]),
            features=tuple(str(name) for name in document["features"]),
            region=str(document["region"]),
            past_only=bool(document["past_only"]),
            mode=_draws(document["mode"]),
            draws=_draws(document["draws"]),
            coefficients=read_posterior(document["coefficients"]),
            shrinkage=replace(Shrinkage(), **_like_defaults(document["shrinkage"])),
            events=int(document["events"]),
            labelled=int(document["labelled"]),
            table=str(document["table"]),
            sha256=str(document["sha256"]),
        )
        shape = (len(fitted.features), len(fitted.classes))
        sound = fitted.mode.slope.shape[1:] == fitted.draws.slope.shape[1:] == shape and fitted.classes[-1] == OTHER
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    if not sound:
        raise _damaged(path)
    return fitted


def _like_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Whole numbers and fractions, each as its default is."""
    return {key: type(getattr(Shrinkage(), key))(value) for key, value in settings.items()}


def _damaged(path: Path) -> RunError:
    return RunError(
        "the model cannot be read.",
        allowed="a whole file written by `attribution archive fit -o`",
        hint="it is cut off or changed: fit it again",
        file=str(path),
    )


def _plain(draws: SlopeDraws) -> dict[str, Any]:
    return {"slope": _rounded(draws.slope), "intercept": _rounded(draws.intercept)}


def _rounded(values: Floats) -> Any:
    """Six significant digits: far below the spread of the draws."""
    return [float(f"{value:.6g}") for value in values] if values.ndim == 1 else [_rounded(part) for part in values]


def _draws(document: dict[str, Any]) -> SlopeDraws:
    slope, intercept = (np.array(document[name], dtype=np.float64) for name in ("slope", "intercept"))
    if slope.ndim != 3 or intercept.ndim != 2 or not math.isfinite(float(slope.sum() + intercept.sum())):
        raise ValueError
    return SlopeDraws(slope, intercept)
