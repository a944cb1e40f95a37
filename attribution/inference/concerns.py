"""Doubts about a posterior, each with what it means and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from attribution.domain.concern import Concern
from attribution.domain.evidence import Direct, Item, Proposition, Report
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.lint import case_concerns, one_sided_searches
from attribution.domain.model_lint import model_concerns
from attribution.domain.verbal import DECIBANS, decibans
from attribution.inference.diagnostics import Convergence, CrossCheck, Diagnostics, Tails
from attribution.inference.draws import EQUAL, khat_threshold
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.network.program import Floats
from attribution.network.summation import log_joint_at
from attribution.reading.placeholders import placeholder_concerns

RHAT_LIMIT = 1.01
ESS_PER_CHAIN = 100
BFMI_LIMIT = 0.3
MCSE_LIMIT = 0.01
CROSS_CHECK_LIMIT = 4.0
CONFLICT_LIMIT = 0.05
IMPOSSIBLE = 1e-12  # what rounding may leave of a probability of zero
LOWERS = 0.05  # decibans against whom it names, above which a report is not what it says
_ORDER = {"blocking": 0, "warning": 1, "note": 2}


def all_concerns(posterior: PosteriorDraws, diagnostics: Diagnostics) -> tuple[Concern, ...]:
    """Every doubt about a posterior, blocking ones first."""
    concerns = [
        *case_concerns(posterior.case),
        *one_sided_searches(posterior.case),
        *model_concerns(posterior.case, posterior.model),
        *placeholder_concerns(posterior.case, posterior.model),
        *self_defeating_reports(posterior),
        *impossible_evidence(posterior),
        *fit_concerns(diagnostics, posterior.settings.sampling.chains),
        *conflict_concerns(posterior),
        *learning_concerns(posterior),
    ]
    return tuple(sorted(concerns, key=lambda concern: _ORDER[concern.severity]))


def fit_concerns(diagnostics: Diagnostics, chains: int) -> Iterator[Concern]:
    """Doubts about how the posterior was drawn."""
    if diagnostics.convergence:
        yield from convergence_concerns(diagnostics.convergence, ESS_PER_CHAIN * chains)
    if diagnostics.tails and diagnostics.engine == "importance":
        yield from _tails(diagnostics.tails)
    if diagnostics.cross_check:
        yield from _cross_check(diagnostics.cross_check)
    if diagnostics.cross_check_impossible:
        yield _no_cross_check(diagnostics.tails)
    if diagnostics.largest_mcse > MCSE_LIMIT:
        yield _fit(
            f"the Monte Carlo error of a probability is {diagnostics.largest_mcse:.3f} (limit {MCSE_LIMIT})",
            "the second digit of the percentages is noise",
            "take more draws",
        )


def convergence_concerns(chains: Convergence, least_ess: float, remedy: str = "") -> Iterator[Concern]:
    """Doubts about chains; `remedy` says what to do where sampling longer or changing the tables is no way out."""
    more = remedy or "sample longer: more tuning and more draws"
    if not chains.rhat < RHAT_LIMIT:
        yield _fit(
            f"R-hat of {chains.rhat_where} is {chains.rhat:.3f} (limit {RHAT_LIMIT})",
            "the chains do not agree on the distribution",
            more,
        )
    for kind, ess, where in (
        ("bulk", chains.ess_bulk, chains.ess_bulk_where),
        ("tail", chains.ess_tail, chains.ess_tail_where),
    ):
        if not ess >= least_ess:
            yield _fit(
                f"the {kind} effective sample size of {where} is {ess:.0f} (limit {least_ess:.0f})",
                "means or quantiles have larger errors than printed",
                more,
            )
    if chains.divergences:
        yield _fit(
            f"{chains.divergences} of {chains.draws} draws diverged",
            "part of the posterior may not have been reached",
            remedy or "look for numbers close to 0 or 1 in the tables, or widen them",
        )
    if not chains.bfmi >= BFMI_LIMIT:
        yield _fit(
            f"the energy fraction (BFMI) is {chains.bfmi:.2f} (limit {BFMI_LIMIT})",
            "the sampler moves slowly between regions of low and high density",
            more,
        )
    if chains.max_depth_reached:
        yield Concern(
            what=f"{chains.max_depth_reached} of {chains.draws} draws stopped at the largest tree depth",
            means="sampling was slow, not wrong",
            remedy=more,
            severity="note",
            topic="fit",
        )


def _tails(tails: Tails) -> Iterator[Concern]:
    limit = khat_threshold(tails.draws)
    if tails.khat > limit:
        yield _fit(
            f"k-hat of the importance weights is {tails.khat:.2f} (limit {limit:.2f})",
            "the posterior is too far from the prior for importance sampling",
            "use the engine of record: --engine nuts",
        )
    heavy = [f"{faction} {khat:.2f}" for faction, khat in tails.by_faction if khat > limit]
    if heavy and tails.khat <= limit:
        yield Concern(
            what=f"k-hat of a faction's own weight is above {limit:.2f}: {', '.join(heavy)}",
            means="the probability of these factions is less certain than its printed error says",
            remedy="use the engine of record: --engine nuts",
            topic="fit",
        )


def _cross_check(check: CrossCheck) -> Iterator[Concern]:
    if check.worst > CROSS_CHECK_LIMIT:
        yield _fit(
            f"the engines differ on {check.where} by {check.difference:+z.4f}, {check.worst:.1f} standard errors",
            "one of the two has not found the posterior",
            "take more draws; if it stays, report it as a fault of the program",
        )


def _no_cross_check(tails: Tails | None) -> Concern:
    assert tails is not None
    return Concern(
        what=f"a cross-check is not possible: the instant engine has a k-hat of {tails.khat:.2f} "
        f"(limit {khat_threshold(tails.draws):.2f}) on this case",
        means="its answer says nothing about this one, for or against; the chains stand on their own diagnostics",
        remedy="compare with another seed, or state the strongest items less extremely; more points rarely help",
        topic="fit",
    )


def _fit(what: str, means: str, remedy: str) -> Concern:
    return Concern(what=what, means=means, remedy=remedy, severity="blocking", topic="fit")


def conflict_concerns(posterior: PosteriorDraws) -> Iterator[Concern]:
    """Items that say what the assumptions thought improbable: a surprise, or a sign that a table is wrong."""
    for item, proposition, probability in expected(posterior):
        if IMPOSSIBLE < probability < CONFLICT_LIMIT:
            yield Concern(
                what=f'"{item}" says "{proposition}", to which the assumptions gave {probability:.1%} beforehand',
                means="either it is news, or a table is wrong; the posterior leans on which",
                remedy="read the table of that fact again with the item in mind, without changing it to fit",
                severity="note",
                topic="conflict",
            )


def impossible_evidence(posterior: PosteriorDraws) -> Iterator[Concern]:
    """Items that the assumptions forbid believing: what they say has probability zero, whoever did it.

    Such an item, however good its grade, is read as false for sure and tells nothing apart.
    """
    for item, proposition, probability in expected(posterior):
        if probability <= IMPOSSIBLE and not isinstance(posterior.case.evidence[item], Direct):
            grade = posterior.case.origins[posterior.case.evidence[item].origin_id].grade
            yield Concern(
                what=f'"{item}"{f" (grade {grade})" if grade else ""} says "{proposition}", '
                "which the assumptions hold to be impossible whoever did it",
                means="whatever its grade it counts as false for certain: it cannot be believed and tells nobody apart",
                remedy=f'give "{proposition.fact}" a number above 0 (below 1 for its other states) in the model, '
                "or take the item out of the case",
                topic="conflict",
            )


def learning_concerns(posterior: PosteriorDraws) -> Iterator[Concern]:
    """Answers that owe their leader, or their word, to what this one case taught about the uncertain numbers."""
    leader, cut = posterior.ranking[0], {one.id: one for one in posterior.cut_standings}
    ahead, same = max(posterior.cut_standings, key=lambda one: one.probability), cut[leader.id]
    means = "the answer leans on which of the stated numbers this one case makes the more credible"
    if ahead.probability - same.probability > EQUAL * np.hypot(ahead.mcse, same.mcse):
        yield Concern(
            what=f"with the numbers not learned from this case {ahead.label} leads with {ahead.probability:.0%}, "
            f"not {leader.label} with {same.probability:.0%}",
            means=means,
            remedy="give both answers; narrow the tables that tell the two apart, if anything is known about them",
            topic="assumptions",
        )
    elif same.words != leader.words:
        yield Concern(
            what=f'with the numbers not learned from this case {leader.label} is "{same.words}" '
            f'({same.probability:.1%}), not "{leader.words}" ({leader.probability:.1%})',
            means=means,
            remedy="give both words",
            topic="assumptions",
        )


def self_defeating_reports(posterior: PosteriorDraws) -> Iterator[Concern]:
    """Reports that name a perpetrator and, judged alone, make it less probable."""
    program = posterior.program
    for origin in posterior.known_case.origins:
        if origin.id not in program.origins:
            continue
        for item, proposition in _namings(origin.items):
            alone = program.without(frozenset(program.origins) - {origin.id})
            weight = _weight(posterior, log_joint_at(alone, posterior.prior_slots), posterior.case.meaning(proposition))
            if weight < -LOWERS:
                yield Concern(
                    what=f'"{item}" says "{proposition}", and judged alone speaks against it ({decibans(weight)} dB)',
                    means="a table, a forgery or another statement of its origin turns the report into its opposite",
                    remedy="look at the tables of what else it says, and at how it is said to be forged",
                    severity="blocking",
                    topic="assumptions",
                )


def _namings(items: tuple[Item, ...]) -> Iterator[tuple[str, Proposition]]:
    for item in items:
        if isinstance(item, Report):
            yield from ((item.id, each) for each in item.propositions if each.fact == PERPETRATOR and not each.negated)


def _weight(posterior: PosteriorDraws, log_joint: Floats, named: Collection[str]) -> float:
    """Decibans that evidence gives to the named factions against all others, over draws from the prior."""
    inside = np.array([faction in named for faction in posterior.program.factions])
    if inside.all():
        return 0.0
    after, before = np.exp(log_joint - log_joint.max()).mean(axis=0), posterior.prior_faction_draws.mean(axis=0)
    with np.errstate(divide="ignore"):
        odds = [np.log(side[inside].sum()) - np.log(side[~inside].sum()) for side in (after, before)]
    return float(DECIBANS * np.nan_to_num(odds[0] - odds[1], posinf=np.inf, neginf=-np.inf))


def expected(posterior: PosteriorDraws) -> list[tuple[str, Proposition, float]]:
    """How probable each proposition of each item was under the assumptions alone, before any evidence."""
    case, program = posterior.case, posterior.program
    columns = {
        (fact, state): column
        for column, (fact, state) in enumerate(
            (fact, state) for fact, states in zip(program.facts, program.states, strict=True) for state in states
        )
    }
    states = posterior.prior_state_draws.mean(axis=0) if program.facts else np.zeros(0)
    factions = dict(zip(program.factions, posterior.prior_faction_draws.mean(axis=0), strict=True))
    probabilities = []
    for item in case.evidence:
        for proposition in item.propositions:
            if proposition.fact == PERPETRATOR:
                probability = sum(factions[leaf] for leaf in case.meaning(proposition))
            else:
                probability = sum(states[columns[proposition.fact, state]] for state in case.meaning(proposition))
            probabilities.append((item.id, proposition, float(probability)))
    return probabilities
