"""The report as JSON."""

from __future__ import annotations

import json
from typing import Any

from attribution.analysis.finding import as_json
from attribution.domain.verbal import probability_words
from attribution.inference.posterior import Standing
from attribution.reporting.content import Content
from attribution.reporting.report_schema import REPORT_FORMAT


def json_report(content: Content) -> str:
    """The whole report; probabilities are fractions, weights of evidence decibans."""
    found = {"format": REPORT_FORMAT, "citable": content.gate.citable, **as_json(content)}
    for key in ("factions", "groups"):
        found[key] = [_with_words(standing) for standing in getattr(content, key)]
    for fact, told in zip(content.facts, found["facts"], strict=True):
        told["states"] = [_with_words(standing) for standing in fact.states]
    found["provenance"] = dict(content.provenance)
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _with_words(standing: Standing) -> dict[str, Any]:
    return {**as_json(standing), "words": probability_words(standing.probability)}
