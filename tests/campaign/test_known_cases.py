"""Truces whose end is known: one that held, a freeze, one that never was, and days on which nothing happened.

The events are those of UCDP, which are not shipped. By the approximation of Laplace here, which takes seconds; the slow
tests ask NUTS the same.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.breaks import placebos_of
from attribution.campaign.design import Design, design
from attribution.campaign.posterior import tempo
from attribution.campaign.reading import read_tempo
from attribution.inference.tempo import laplace

HERE = Path(__file__).parent / "known"
TABLE = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "ucdp_ged_iraq_nigeria.csv.gz"
needs_events = pytest.mark.skipif(
    not TABLE.exists(), reason="the UCDP events are not shipped; they lie beside a checkout"
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the series and the table that they name."""
    folder = tmp_path_factory.mktemp("known")
    for path in (*HERE.iterdir(), TABLE):
        (folder / path.name).symlink_to(path)
    return folder


def a_design(path: Path) -> Design:
    series = read_tempo(path)
    return design(series, series.observers[0], read_assumptions(), pooled=False)


def intervals(there: Design) -> dict[str, tuple[float, float, float]]:
    draws = there.log_effects(laplace(there.packed).draws(2000, 1))
    found = np.exp(np.quantile(draws, (0.05, 0.5, 0.95), axis=0)).T
    return {one.id: tuple(row) for one, row in zip(there.interventions, found, strict=True)}


@needs_events
def test_the_freeze_and_the_ceasefire_of_the_mahdi_army_were_kept(known: Path) -> None:
    found = intervals(a_design(known / "mahdi-army.yaml"))
    for low, ratio, high in found.values():
        assert 0.02 < low < ratio < 0.4
        assert high < 0.7


@needs_events
def test_the_announced_ceasefire_with_boko_haram_was_none(known: Path) -> None:
    low, ratio, high = intervals(a_design(known / "boko-haram.yaml"))["ceasefire"]
    assert ratio > 0.8
    assert high > 1.0
    assert low > 0.4


@needs_events
def test_days_on_which_nothing_happened_show_nothing(known: Path) -> None:
    there = a_design(known / "boko-haram.yaml")
    found = placebos_of(SimpleNamespace(own_design=there, interventions=there.interventions), 10)  # type: ignore[arg-type]
    assert len(found.placebos) == 10
    assert found.share <= 0.3  # its 90 % intervals cover about 80 %


@needs_events
@pytest.mark.slow
@pytest.mark.parametrize(("name", "falls"), [("mahdi-army", True), ("boko-haram", False)])
def test_nuts_says_the_same(name: str, falls: bool, known: Path) -> None:
    found = tempo(read_tempo(known / f"{name}.yaml"), progressbar=False)
    assert found.draws.convergence.rhat < 1.01
    assert found.draws.convergence.divergences == 0
    assert all((one.own_high < 1) == falls for one in found.told)
