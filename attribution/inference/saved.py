"""A run on disk: one NetCDF-4 file that stands alone, holds data only, and is checked when it is read.

It holds z, the weights or the sampler's statistics, and case and model as text: everything else follows from these.
Where z are quantiles of Sobol points, the points are written, whole numbers of 30 bits: half the size, the same z.
Texts have digests of their contents, arrays of their bytes, and draws the densities that the model gives them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from attribution.atomic import write_contents
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.errors import InputError, RunError, listed
from attribution.inference.draws import Draws, smoothed
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.inference.settings import RUN_FORMAT, Sampling, Settings
from attribution.inference.sobol import SobolPoints, points_of
from attribution.inference.tree import attributes, dataset, sample_stats, weighted_points
from attribution.network.program import Floats

if TYPE_CHECKING:
    import xarray as xr

_LARGEST_FILE = 4 << 30
_TEXTS = ("case_id", "model_id", "grading_id", "engine", "khat", "settings", "versions", "hashes")
_SAME_WEIGHT = 1e-6  # of the whole; far above what another machine's rounding does
_SAME_DENSITY = 1e-5  # nats


def check_stands_alone(posterior: PosteriorDraws) -> None:
    """Refuse to save what could not be read again.

    Raises
    ------
    FormatError
        The case or the model holds something that no document can.
    """
    from attribution.reading import check_exact

    for value in (posterior.case, posterior.model, posterior.model.grading):
        check_exact(value)


def write_run(posterior: PosteriorDraws, path: Path) -> None:
    """Write what a posterior cannot be computed without, atomically.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import xarray as xr

    draws, program = posterior.draws, posterior.program
    arrays = _arrays(draws)
    if draws.log_weight is None:
        z = dataset(program, draws.shape, {"z": (draws.flat, ("number",))})
        groups = {"posterior": z, **sample_stats(draws)}
    elif "sobol" in arrays:
        groups = weighted_points(posterior, sobol=arrays["sobol"])
    else:
        groups = weighted_points(posterior)
    tree = xr.DataTree.from_dict(groups)
    stated = attributes(posterior)
    tree.attrs.update(stated, digests=json.dumps(_digests(stated, arrays), sort_keys=True))
    # Made in memory, written by us: where a disk is full, the HDF5 library ends the whole process when it closes.
    image = tree.to_netcdf(None, engine="h5netcdf")
    write_contents({path: image})


def read_run(path: Path) -> PosteriorDraws:
    """The draws of a run, to the last bit, with the case and the model of its texts.

    Raises
    ------
    RunError
        Not a run, a run of a newer program, one whose parts do not belong together, or one whose draws were changed.
    """
    _check_file(path)
    import h5py
    import xarray as xr

    try:
        with h5py.File(path, "r") as stored:
            dict(stored.attrs)  # a damaged head fails here, where nothing is left half open
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            attributes = {str(name): str(value) for name, value in tree.attrs.items()}
            _check_format(path, attributes)
            arrays = _read_arrays(tree)
            _check_digests(path, attributes, arrays)
            draws = _draws(arrays, attributes)
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
    version = attributes.get("format", "")
    if version != RUN_FORMAT:
        other = version.startswith("attribution-run/")
        raise RunError(
            f'the format is "{version or "missing"}".',
            allowed=RUN_FORMAT,
            hint="it was written by another version of this program: update it, or fit again"
            if other
            else "is it a saved run?",
            file=str(path),
        )


def _check_contents(path: Path, hashes: dict[str, str], case: Case, model: Model) -> None:
    for name, digest in (("case", case.digest), ("model", model.digest), ("grading", model.grading.digest)):
        if digest != hashes[name]:
            raise RunError(
                f"the {name} in the run is not the one it was fitted with.",
                allowed="an unchanged run",
                hint="fit again",
                file=str(path),
            )


def _arrays(draws: Draws) -> dict[str, NDArray[Any]]:
    """What a file holds of the draws, by name."""
    if draws.log_weight is None:
        return {"z": draws.z, **draws.stats}
    normals = draws.normals
    points = normals.whole if isinstance(normals, SobolPoints) else points_of(normals)
    return {**({"z": draws.z} if points is None else {"sobol": points}), "log_weight": draws.log_weight}


def _read_arrays(tree: xr.DataTree) -> dict[str, NDArray[Any]]:
    weighted = "weighted_points" in tree.children
    group, dims = ("weighted_points", ("scramble", "point")) if weighted else ("posterior", ("chain", "draw"))
    name = "sobol" if "sobol" in tree[group] else "z"
    arrays = {name: np.ascontiguousarray(tree[group][name].transpose(*dims, "number").to_numpy())}
    if weighted:
        arrays["log_weight"] = tree[group]["log_weight"].transpose(*dims).to_numpy()
    elif "sample_stats" in tree.children:
        arrays |= {str(name): value.to_numpy() for name, value in tree["sample_stats"].data_vars.items()}
    return arrays


def _draws(arrays: dict[str, NDArray[Any]], attributes: dict[str, str]) -> Draws:
    by_draw = dict(arrays)
    normals = _normals(by_draw)
    if any(value.shape != normals.shape[:2] for value in by_draw.values()):
        raise ValueError
    if any(not np.isfinite(value).all() for value in by_draw.values() if value.dtype.kind == "f"):
        raise ValueError
    khat = float(attributes["khat"]) if attributes["khat"] else None
    return Draws(normals, log_weight=by_draw.pop("log_weight", None), khat=khat, stats=by_draw)


def _normals(by_draw: dict[str, NDArray[Any]]) -> Floats | SobolPoints:
    """The normals, or the points that they are quantiles of, taken out of what a file holds by draw."""
    if "sobol" in by_draw:
        return SobolPoints.or_normals(by_draw.pop("sobol"))
    z = np.asarray(by_draw.pop("z"), dtype=np.float64)
    if not np.isfinite(z).all():
        raise ValueError
    z.flags.writeable = False
    return z


def _digests(attributes: dict[str, str], arrays: dict[str, NDArray[Any]]) -> dict[str, str]:
    """A digest of every text that the run holds, and of every array: its kind, its shape, its bytes."""
    texts = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in attributes.items() if name in _TEXTS}
    return texts | {name: _digest(values) for name, values in arrays.items()}


def _digest(values: NDArray[np.generic]) -> str:
    head = f"{values.dtype.str}{values.shape}".encode()
    found = hashlib.sha256(head)
    found.update(np.ascontiguousarray(values).view(np.uint8).data)  # without another copy
    return found.hexdigest()


def _check_digests(path: Path, attributes: dict[str, str], arrays: dict[str, NDArray[Any]]) -> None:
    stated, actual = json.loads(attributes["digests"]), _digests(attributes, arrays)
    changed = sorted(name for name in stated.keys() | actual.keys() if stated.get(name) != actual.get(name))
    if changed:
        raise _changed(path, f"{listed(changed)} {'is' if len(changed) == 1 else 'are'} not what was saved")


def _check_densities(path: Path, posterior: PosteriorDraws) -> None:
    """Whether draws and densities belong together: digests can be forged with the arrays, the model's sums cannot."""
    draws = posterior.draws
    if posterior.settings.engine == "importance":
        if draws.log_weight is None:
            raise _changed(path, "the weights of its points are missing")
        weights = np.exp(smoothed(posterior.log_evidence.reshape(draws.shape))[0])
        good = bool(np.abs(weights - np.exp(draws.log_weight)).max() < _SAME_WEIGHT)
    elif draws.log_weight is not None or "lp" not in draws.stats:
        raise _changed(path, "it holds other arrays than a run of nuts")
    else:
        z = draws.flat
        lp = posterior.log_evidence - 0.5 * np.einsum("dk,dk->d", z, z)
        good = bool(np.ptp(draws.stats["lp"].ravel() - lp) < _SAME_DENSITY)
    if not good:
        raise _changed(path, "its draws do not have the densities that this model gives them")


def _changed(path: Path, what: str) -> RunError:
    return RunError(
        f"the draws in the run are not those it was saved with: {what}.",
        allowed="an unchanged run, read by the version of this program that wrote it",
        hint="fit again",
        file=str(path),
    )


def _settings(text: str) -> Settings:
    values = json.loads(text)
    sampling = dict(values["sampling"])
    return Settings(
        engine=values["engine"],
        random_seed=int(values["random_seed"]),
        as_of=Moment.parse(values["as_of"]) if values["as_of"] else None,
        sampling=Sampling(
            target_accept=float(sampling.pop("target_accept")),
            **{name: int(value) for name, value in sampling.items()},
        ),
    )


def _assemble(path: Path, attributes: dict[str, str], draws: Draws) -> PosteriorDraws:
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
        _check_contents(path, json.loads(attributes["hashes"]), case, model)
        posterior = PosteriorDraws(case, model, settings, draws)
        fits = posterior.program.dimension == draws.dimension
    except RunError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, type(error).__name__) from error
    except InputError as error:
        raise _damaged(path, str(error)) from error
    if not fits:
        raise _damaged(path, "it has other numbers than its model")
    _check_densities(path, posterior)
    return posterior


def _damaged(path: Path, why: str) -> RunError:
    return RunError(
        f"the run cannot be read ({why}).",
        allowed="a complete file written by `attribution fit CASE -o RUN.nc`",
        hint="it is cut off or changed: fit again",
        file=str(path),
    )
