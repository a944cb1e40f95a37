"""How a result was made: versions, settings, and hashes of what went in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior
    from attribution.inference.settings import Settings

RUN_FORMAT = "attribution-run/1"
_PACKAGES = ("attribution", "numpy", "scipy", "numba", "arviz-stats")
_NUTS_PACKAGES = ("pymc", "pytensor", "nutpie")


def versions(engine: str) -> dict[str, str]:
    """Versions of the packages that the numbers depend on."""
    names = _PACKAGES + (_NUTS_PACKAGES if engine == "nuts" else ())
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def settings_as_json(settings: Settings) -> str:
    """Settings as one line of JSON, keys in order."""
    values = asdict(settings)
    values["as_of"] = settings.as_of.isoformat() if settings.as_of else None
    return json.dumps(values, sort_keys=True)


def attributes(posterior: Posterior) -> dict[str, str]:
    """Attributes of a run, all text: enough to make it again, and to know what it was made from."""
    settings = posterior.settings
    texts = {
        "case": posterior.case.text,
        "model": posterior.model.text,
        "grading": posterior.model.grading.text,
    }
    read = {**texts, "case": posterior.case.evidence_text}
    return {
        "format": RUN_FORMAT,
        "case_id": posterior.case.id,
        "model_id": posterior.model.id,
        "grading_id": posterior.model.grading.id,
        "engine": settings.engine,
        "weighted": "yes" if posterior.draws.log_weight is not None else "no",
        "khat": "" if posterior.draws.khat is None else repr(posterior.draws.khat),
        "settings": settings_as_json(settings),
        "versions": json.dumps(versions(settings.engine), sort_keys=True),
        "hashes": json.dumps({name: digest(text) for name, text in read.items()}, sort_keys=True),
        **{f"{name}_text": text for name, text in texts.items()},
    }
