"""The posterior binds what stands below it: the same functions, asked once."""

from __future__ import annotations

import attribution as at
from attribution.inference.diagnostics import diagnose
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.inference.tree import attributes


def test_methods_are_the_functions_below(instant: at.Posterior) -> None:
    assert isinstance(instant, PosteriorDraws)
    assert diagnose(instant) == instant.diagnostics
    assert instant.tree.attrs == attributes(instant)
    assert instant.tree is instant.tree
    assert instant.trustworthy is not any(
        concern.severity == "blocking" and concern.topic == "fit" for concern in instant.concerns()
    )


def test_what_was_computed_while_drawing_is_what_would_be_computed(instant: at.Posterior) -> None:
    bare = at.Posterior(instant.case, instant.model, instant.settings, instant.draws)
    assert "log_joint" in vars(instant) and "log_joint" not in vars(bare)
    assert bare.standings == instant.standings
    assert bare.program.labels == instant.program.labels
    assert repr(bare) == repr(instant)
