"""How a posterior is drawn, and how a result says so: settings, versions, hashes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, get_args

from attribution._version import __version__
from attribution.domain.moments import Moment
from attribution.errors import UsageError

Engine = Literal["nuts", "importance"]

NUTS_SAMPLER_KWARGS = ("target_accept", "maxdepth")
"""What of nutpie a fit lets through; the rest would change what a run promises: its seed, its draws, its statistics."""

RUN_FORMAT = "attribution-run/4"  # 2: hashes are of contents; 3: z and its weights alone; 4: z as Sobol points
_PACKAGES = ("numpy", "scipy", "numba", "arviz-stats")
_NUTS_PACKAGES = ("pymc", "pytensor", "nutpie")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many draws the engines take.

    Parameters
    ----------
    chains : int, default 4
        Chains of NUTS, 2 to 64; from fewer than two no error could be estimated.
    draws : int, default 1000
        Draws kept of each chain, 50 to 1,000,000.
    tune : int, default 1000
        Draws before these, in which each chain adapts, 100 to 1,000,000.
    target_accept : float, default 0.8
        Mean acceptance that the step size of NUTS is adapted to, 0.5 to 0.999.
    maxdepth : int, default 10
        A trajectory of NUTS has at most ``2 ** maxdepth - 1`` steps, 3 to 15.
    scrambles : int, default 8
        Independent scrambles of the Sobol sequence of the importance engine, 2 to 64; the Monte Carlo error is
        their spread.
    log2_points : int, default 11
        Each scramble has ``2 ** log2_points`` points, 5 to 20.

    Raises
    ------
    UsageError
        A size outside its range.

    Examples
    --------
    >>> import attribution as at
    >>> posterior.settings.sampling.scrambles, at.Sampling().draws
    (2, 1000)
    """

    chains: int = 4
    draws: int = 1000
    tune: int = 1000
    target_accept: float = 0.8
    maxdepth: int = 10
    scrambles: int = 8
    log2_points: int = 11

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("chains", self.chains, 2, 64),
            ("draws", self.draws, 50, 1_000_000),
            ("tune", self.tune, 100, 1_000_000),
            ("target_accept", self.target_accept, 0.5, 0.999),
            ("maxdepth", self.maxdepth, 3, 15),
            ("scrambles", self.scrambles, 2, 64),
            ("log2_points", self.log2_points, 5, 20),
        ):
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}.", allowed=f"{low} to {high}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything besides case and model that the numbers depend on.

    Parameters
    ----------
    engine : {"nuts", "importance"}
        Of record, or instant.
    random_seed : int, default 1
        0 to 2^63 - 1; same seed, same draws.
    as_of : Moment, optional
        Only what was published by then is used.
    sampling : Sampling, optional
        How many draws the engine takes.

    Raises
    ------
    UsageError
        Another engine, or a seed outside its range.

    Examples
    --------
    >>> import attribution as at
    >>> posterior.settings.engine
    'importance'
    >>> at.Settings(engine="importance", random_seed=7).random_seed
    7
    """

    engine: Engine = "nuts"
    random_seed: int = 1
    as_of: Moment | None = None
    sampling: Sampling = Sampling()

    def __post_init__(self) -> None:
        if self.engine not in get_args(Engine):
            raise UsageError.unknown("engines", self.engine, get_args(Engine))
        if not 0 <= self.random_seed < 2**63:
            raise UsageError(f"random_seed is {self.random_seed}.", allowed="0 to 2^63 - 1")

    @classmethod
    def of(
        cls,
        engine: Engine,
        *,
        draws: int,
        tune: int,
        chains: int,
        random_seed: int,
        as_of: Moment | dt.date | str | None = None,
        nuts_sampler_kwargs: Mapping[str, float] | None = None,
        scrambles: int,
        log2_points: int,
    ) -> Settings:
        """The settings that the arguments of `fit` come to."""
        given = dict(nuts_sampler_kwargs or {})
        for name in given:
            if name not in NUTS_SAMPLER_KWARGS:
                raise UsageError.unknown(
                    "keys that are let through", name, NUTS_SAMPLER_KWARGS, at=("nuts_sampler_kwargs",)
                )
        sampling = Sampling(
            chains=chains,
            draws=draws,
            tune=tune,
            target_accept=float(given.get("target_accept", 0.8)),
            maxdepth=int(given.get("maxdepth", 10)),
            scrambles=scrambles,
            log2_points=log2_points,
        )
        return cls(engine=engine, random_seed=random_seed, as_of=Moment.of(as_of) if as_of else None, sampling=sampling)


def versions(engine: str) -> dict[str, str]:
    """Versions of the packages that the numbers depend on.

    Our own comes from the code that runs: under the distribution name `attribution` the index has another program.
    """
    names = _PACKAGES + (_NUTS_PACKAGES if engine == "nuts" else ())
    return {"attribution": __version__, **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def settings_as_json(settings: Settings) -> str:
    """Settings as one line of JSON, keys in order."""
    values = asdict(settings)
    values["as_of"] = settings.as_of.isoformat() if settings.as_of else None
    return json.dumps(values, sort_keys=True)
