"""How a posterior is drawn, and how a result says so: settings, versions, hashes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, get_args

from attribution._version import __version__
from attribution.domain.moments import Moment
from attribution.errors import UsageError

Engine = Literal["nuts", "importance"]

RUN_FORMAT = "attribution-run/3"  # 2: hashes are of contents; 3: z and its weights alone
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
    tune : int, default 600
        Draws before these, in which each chain adapts, 100 to 1,000,000.
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
    >>> quick = at.Sampling(scrambles=4, log2_points=7)
    >>> at.fit(
    ...     at.read_case("k1-2019"), at.read_model("k1-2019/baseline"), engine="importance", sampling=quick
    ... ).draws.z.shape[:2]
    (4, 128)
    """

    chains: int = 4
    draws: int = 1000
    tune: int = 600
    scrambles: int = 8
    log2_points: int = 11

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("chains", self.chains, 2, 64),
            ("draws", self.draws, 50, 1_000_000),
            ("tune", self.tune, 100, 1_000_000),
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
    seed : int, default 1
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
    >>> at.Settings(engine="importance", seed=7).seed
    7
    """

    engine: Engine = "nuts"
    seed: int = 1
    as_of: Moment | None = None
    sampling: Sampling = Sampling()

    def __post_init__(self) -> None:
        if self.engine not in get_args(Engine):
            raise UsageError.unknown("engines", self.engine, get_args(Engine))
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"seed is {self.seed}.", allowed="0 to 2^63 - 1")


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
