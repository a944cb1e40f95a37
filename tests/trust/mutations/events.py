"""Mistakes in the models of event archives and of the tempo of a campaign."""

from __future__ import annotations

from tests.trust.mutations.mutation import Mutation

_ARCHIVE = "attribution/archive"
FILTER = ("tests/archive/model/test_features.py",)
TEMPO = ("tests/campaign/test_likelihood.py",)
TWO_SIDED = ("tests/archive/model/test_two_sided.py",)
BOOSTING = ("tests/archive/model/test_boosting.py",)
SCORES = ("tests/archive/evaluation/test_scores.py",)
MEAN = ("tests/archive/evaluation/test_backtest.py",)

EVENTS = (
    Mutation(
        "archive-same-day",
        "an event informs others of its own day",
        f"{_ARCHIVE}/model/features_kernel.py",
        "given.last_day[given.order[turn]] < min(day, until)",
        "given.last_day[given.order[turn]] <= min(day, until)",
        FILTER,
    ),
    Mutation(
        "archive-no-decay",
        "what was counted in a place never ages",
        f"{_ARCHIVE}/model/features_kernel.py",
        "fade(state.places[row, t], decay[today - state.place_day[row], constants.activity_times + t])",
        "fade(state.places[row, t], decay[0, constants.activity_times + t])",
        FILTER,
    ),
    Mutation(
        "archive-twice-around",
        "an event that lies in two neighbourhoods counts in both",
        f"{_ARCHIVE}/model/neighbours_kernel.py",
        "count += not met_already(i, buckets.event[at], record, narrowest, level)",
        "count += 1",
        FILTER,
    ),
    Mutation(
        "archive-lonely-faction",
        "the feature shares of a faction do not shrink to those of its group",
        f"{_ARCHIVE}/model/features_kernel.py",
        "            lift[node] = up\n",
        "            lift[node] = 1.0\n",
        FILTER,
    ),
    Mutation(
        "archive-sets-in-full",
        "an event known as one of several counts in full for each",
        f"{_ARCHIVE}/model/features_kernel.py",
        "members.weight[m] = certainty * (probability[members.code[m]] + 1e-12) / mass",
        "members.weight[m] = certainty",
        FILTER,
    ),
    Mutation(
        "tempo-totals-forget",
        "the error of one total says nothing of the next",
        "attribution/modelling/tempo_kernel.py",
        "now[e] += factor * chance[e - before + STATES - 1]",
        "now[e] += factor * chance[STATES - 1]",
        TEMPO,
    ),
    Mutation(
        "tempo-variance",
        "the variance of a count does not grow with its mean",
        "attribution/modelling/tempo_kernel.py",
        "_negative_binomial(p.counted[j], mean[j] / burst, burst)",
        "_negative_binomial(p.counted[j], 1.0 / burst, burst)",
        TEMPO,
    ),
    Mutation(
        "tempo-fades-at-once",
        "an effect that fades is felt on the day of its cause",
        "attribution/modelling/tempo_kernel.py",
        "for t in range(first + 1 if fades else first, last):",
        "for t in range(first, last):",
        TEMPO,
    ),
    Mutation(
        "two-sided-own-label",
        "an event knows its own label among its neighbours",
        f"{_ARCHIVE}/model/two_sided_kernel.py",
        "if j != i and not (apart and around.block[j] == around.block[i]):\n                found",
        "if not (apart and around.block[j] == around.block[i]):\n                found",
        TWO_SIDED,
    ),
    Mutation(
        "two-sided-block-knows",
        "an event that is asked apart knows the labels of its own block",
        f"{_ARCHIVE}/model/two_sided_kernel.py",
        "if j != i and not (apart and around.block[j] == around.block[i]):\n                found",
        "if j != i:\n                found",
        TWO_SIDED,
    ),
    Mutation(
        "two-sided-days-as-signed",
        "what comes after an event counts more the farther off it is",
        f"{_ARCHIVE}/model/two_sided_kernel.py",
        "elapsed = abs(around.time[e] - state.time[row])",
        "elapsed = around.time[e] - state.time[row]",
        TWO_SIDED,
    ),
    Mutation(
        "boosting-parent-for-child",
        "the larger child has the histogram of its parent",
        f"{_ARCHIVE}/model/boosting_kernel.py",
        "        subtract(sums[where[small]], sums[where[best]])\n",
        "",
        BOOSTING,
    ),
    Mutation(
        "boosting-whole-step",
        "a tree moves the logits by its leaf, whatever the rate",
        f"{_ARCHIVE}/model/boosting_kernel.py",
        "-settings.rate * gradient / max(hessian, 1e-15)",
        "-gradient / max(hessian, 1e-15)",
        BOOSTING,
    ),
    Mutation(
        "chance-without-runs",
        "by chance every event goes wrong by itself",
        f"{_ARCHIVE}/evaluation/scores.py",
        "variance = (1.0 - together) * own + together * alike",
        "variance = own",
        SCORES,
    ),
    Mutation(
        "chance-excuses-all",
        "forecasts that are too sure are taken for runs",
        f"{_ARCHIVE}/evaluation/scores.py",
        "    off -= (np.bincount(where, weights=off, minlength=BINS) / np.maximum(count, 1))[where]\n",
        "",
        SCORES,
    ),
    Mutation(
        "mean-rules-out",
        "one forecaster who rules a faction out rules it out for all",
        f"{_ARCHIVE}/model/forecast.py",
        "np.log(np.maximum(np.stack(said), _LEAST))",
        "np.log(np.maximum(np.stack(said), 1e-300))",
        MEAN,
    ),
)
