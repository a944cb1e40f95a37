"""Runs on disk: one NetCDF-4 file that stands alone, data only, checked when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.atomic import write_atomically
from attribution.domain.case import without_outcome
from attribution.domain.moments import Moment
from attribution.errors import InputError, RunError
from attribution.inference.draws import Draws
from attribution.inference.posterior import Posterior
from attribution.inference.settings import RUN_FORMAT, Sampling, Settings, digest

if TYPE_CHECKING:
    import xarray as xr

_LARGEST_FILE = 4 << 30


def save(posterior: Posterior, path: Path) -> None:
    """Write a run, atomically.

    Raises
    ------
    RunError
        The case or the model was built in Python: there is no text that would let the run stand alone.
    OutputError
        The file cannot be written.
    """
    for name, text in (
        ("case", posterior.case.text),
        ("model", posterior.model.text),
        ("grading", posterior.model.grading.text),
    ):
        if not text:
            raise RunError(
                f"the {name} of this run was not read from a file.",
                allowed="a case and a model from read_case and read_model, whose text the run keeps",
                hint="write it as YAML first; `attribution new` gives a template",
            )
    # Made in memory, written by us: where a disk is full, the HDF5 library ends the whole process when it closes.
    image = posterior.tree.to_netcdf(None, engine="h5netcdf")
    write_atomically(path, lambda part: _put(part, image))


def _put(part: Path, image: memoryview) -> None:
    part.write_bytes(image)


def load_posterior(path: str | Path) -> Posterior:
    """Read a run: the same posterior, to the last bit.

    Raises
    ------
    RunError
        Not a run, a run of a newer program, or one whose parts do not belong together.
    """
    path = Path(path)
    _check_file(path)
    import xarray as xr

    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            attributes = {str(name): str(value) for name, value in tree.attrs.items()}
            _check_format(path, attributes)
            draws = _draws(tree, attributes)
    except RunError:
        raise
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}") from error
    return _assemble(path, attributes, draws)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise RunError(
            f"{path} is not there.",
            allowed="a run written by `attribution fit CASE -o RUN.nc`",
            file=str(path),
        )
    if path.stat().st_size > _LARGEST_FILE:
        raise RunError("the file is larger than 4 GiB.", allowed="a saved run", file=str(path))


def _check_format(path: Path, attributes: dict[str, str]) -> None:
    found = attributes.get("format", "")
    if found != RUN_FORMAT:
        newer = found.startswith("attribution-run/")
        raise RunError(
            f'the format is "{found or "missing"}".',
            allowed=RUN_FORMAT,
            hint="it was written by another version of this program: update it" if newer else "is it a saved run?",
            file=str(path),
        )
    hashes = json.loads(attributes["hashes"])
    for name in ("case", "model", "grading"):
        text = attributes[f"{name}_text"]
        if digest(without_outcome(text) if name == "case" else text) != hashes[name]:
            raise RunError(
                f"the {name} in the run is not the one it was fitted with.",
                allowed="an unchanged run",
                hint="fit again",
                file=str(path),
            )


def _draws(tree: xr.DataTree, attributes: dict[str, str]) -> Draws:
    z = np.ascontiguousarray(tree["posterior"]["z"].transpose("chain", "draw", "number").to_numpy(), dtype=np.float64)
    if not np.isfinite(z).all():
        raise ValueError
    stats: dict[str, Any] = {str(name): value.to_numpy() for name, value in tree["sample_stats"].data_vars.items()}
    if any(value.shape != z.shape[:2] for value in stats.values()):
        raise ValueError
    log_weight = stats.pop("log_weight", None)
    z.flags.writeable = False
    khat = float(attributes["khat"]) if attributes["khat"] else None
    return Draws(z=z, log_weight=log_weight, khat=khat, stats=stats)


def _settings(text: str) -> Settings:
    values = json.loads(text)
    return Settings(
        engine=values["engine"],
        seed=int(values["seed"]),
        as_of=Moment.parse(values["as_of"]) if values["as_of"] else None,
        sampling=Sampling(**{name: int(value) for name, value in values["sampling"].items()}),
    )


def _assemble(path: Path, attributes: dict[str, str], draws: Draws) -> Posterior:
    """Case and model from their texts, and the check that they have the numbers that were drawn."""
    from attribution.reading import parse_case, parse_model

    try:
        settings = _settings(attributes["settings"])
        case = parse_case(attributes["case_text"], f"{path}:case")
        model = parse_model(
            attributes["model_text"],
            f"{path}:model",
            grading_text=attributes["grading_text"],
            grading_id=attributes["grading_id"],
            id=attributes["model_id"],
        )
        posterior = Posterior(case, model, settings, draws)
        fits = posterior.program.dimension == draws.z.shape[2]
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, type(error).__name__) from error
    except InputError as error:
        raise _damaged(path, str(error)) from error
    if not fits:
        raise _damaged(path, "it has other numbers than its model")
    return posterior


def _damaged(path: Path, why: str) -> RunError:
    return RunError(
        f"the run cannot be read ({why}).",
        allowed="a complete file written by `attribution fit CASE -o RUN.nc`",
        hint="it is cut off or changed: fit again",
        file=str(path),
    )
