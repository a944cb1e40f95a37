"""Wrong mathematics on purpose: is each mistake caught by a test?

    make mutate                                     # all, a table at the end; exit code 1 where one survives
    python -m tests.trust.mutations --only origin-twice prior-squared

Each mutation changes one passage of a copy of the package and runs the tests that should see it, stopping at the first
that fails. A mutation whose tests all pass has survived, and a test is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_COPIED = ("attribution", "tests", "benchmarks", "data", "models", "pyproject.toml")
_NETWORK = "attribution/network"
ENUMERATION = ("tests/network/test_enumeration.py",)
_ARCHIVE = "attribution/archive"
FILTER = ("tests/archive/model/test_features.py",)
LEAN = ("tests/analysis/assumptions/test_lean.py",)
PREDICTIVE = ("tests/analysis/assumptions/test_prior_predictive.py",)
ASSUMED = "attribution/analysis/assumptions"
STORIES = ("tests/network/test_stories.py",)
SAVED = ("tests/inference/test_saved.py",)
COMPILED = ("tests/test_compile.py",)
INERT = ("tests/test_inert.py",)
TABLES = ("tests/archive/reading/test_tables_as_they_come.py",)
GRADIENT = ("tests/network/test_gradient.py",)
ROLES = ("tests/network/test_roles.py",)
CONTRADICTION = ("tests/inference/test_contradiction.py",)
TEMPO = ("tests/campaign/test_likelihood.py",)
TWO_SIDED = ("tests/archive/model/test_two_sided.py",)
ELICITED = ("tests/cli/test_elicit.py",)
DOCUMENT = ("tests/reporting/test_docx.py",)
EXPECTED = ("tests/analysis/assumptions/test_expected.py",)


@dataclass(frozen=True, slots=True)
class Mutation:
    """In `file`, the passage `old`, which occurs once, becomes `new`; some of `tests` must then fail."""

    name: str
    mistake: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ENUMERATION


MUTATIONS = (
    Mutation(
        "origin-twice",
        "an origin counts twice",
        f"{_NETWORK}/emitter.py",
        "values = self.tape.power(false, power), self.tape.power(true, power)",
        "values = self.tape.power(false, 2.0 * power), self.tape.power(true, 2.0 * power)",
    ),
    Mutation(
        "f-as-worst",
        "F is read as the worst letter, not as unknown",
        "attribution/domain/grades.py",
        "return self.letters[LETTERS.index(grade.letter)]",
        'return self.letters[LETTERS.index("E" if grade.letter == "F" else grade.letter)]',
    ),
    Mutation(
        "six-as-worst",
        "digit 6 is read as the worst digit, not as unknown",
        "attribution/domain/grades.py",
        "return self.digits[DIGITS.index(grade.digit)]",
        'return self.digits[DIGITS.index("5" if grade.digit == "6" else grade.digit)]',
    ),
    Mutation(
        "forgotten-parent",
        "every configuration of the parents uses the row of the first",
        f"{_NETWORK}/compile_tables.py",
        "arrays, position, fact, parents, leaf)",
        "arrays, position, fact, next(iter(parent_states(case, fact))), leaf)",
    ),
    Mutation(
        "last-row-first",
        "among rows with a condition the last that applies wins, not the first",
        "attribution/domain/tables.py",
        "return next(row for row in given.rows if row.applies(parents))",
        "return [row for row in given.rows if row.applies(parents)][-1]",
    ),
    Mutation(
        "prior-squared",
        "the prior's numbers enter squared",
        f"{_NETWORK}/emitter.py",
        "start[h + 1]]:\n                weights[h] = tape.multiply(weights[h], self.slot[slot])",
        "start[h + 1]]:\n                weights[h] = tape.multiply(weights[h], tape.power(self.slot[slot], 2.0))",
    ),
    Mutation(
        "open-set-in-product",
        "the rest share 1 instead of 1 - pi(other)",
        f"{_NETWORK}/emitter.py",
        "tape.multiply(share, named)",
        "tape.multiply(share, tape.one)",
    ),
    Mutation(
        "no-surprise",
        "the open set acts like nobody else",
        f"{_NETWORK}/emitter.py",
        "        mixed[other] = tape.log_add(own, like_all)",
        "        mixed[other] = joint[other]",
    ),
    Mutation(
        "source-alone",
        "reliability forgets the item's part",
        f"{_NETWORK}/emitter.py",
        'tape.multiply(self.slot[i["origin_source"][o]], self.slot[i["origin_item"][o]])',
        'self.slot[i["origin_source"][o]]',
    ),
    Mutation(
        "not-a-as-a",
        "a report that something is not so is by chance as probable as one that it is",
        f"{_NETWORK}/emitter.py",
        'tape.multiply(anyway, tape.rest(q) if i["anyway_negated"][k] else q)',
        "tape.multiply(anyway, q)",
    ),
    Mutation(
        "deceiver-tells-truth",
        "a source that turns things round says what is true",
        f"{_NETWORK}/emitter.py",
        'said = tape.mix(self.slot[i["deceptive"][o]], said, tape.rest(truth))',
        'said = tape.mix(self.slot[i["deceptive"][o]], said, truth)',
    ),
    Mutation(
        "copies-say-anything",
        "a copy is taken for one even where it says more than the original",
        f"{_NETWORK}/emitter.py",
        'tape.one if i["copy_holds"][origin] else tape.zero',
        "tape.one",
    ),
    Mutation(
        "copies-of-nothing",
        "a copy about another fact than the original is discounted as a contradiction",
        f"{_NETWORK}/compile_origins.py",
        "for said in item.propositions if said.fact in known)",
        "for said in item.propositions if said.fact in known) and {p.fact for p in item.propositions} <= {*known}",
    ),
    Mutation(
        "copy-without-original",
        "a copy of what is left out stays a copy",
        f"{_NETWORK}/emitter.py",
        "(copied < 0 or switch[copied] != 0.0)",
        "True",
        ("tests/network/test_invariances.py",),
    ),
    Mutation(
        "forger-says-anything",
        "a forger is sure to say what was said, however rare that is",
        f"{_NETWORK}/emitter.py",
        '        return self.slot[i["forged"][origin]], self._said(origin, truth)',
        '        return self.slot[i["forged"][origin]], self.tape.one',
    ),
    Mutation(
        "forger-knows-the-perpetrator",
        "who is imitated is not averaged: everybody counts fully",
        f"{_NETWORK}/emitter.py",
        "            truth = tape.multiply_add(chance, weight, truth)",
        "            truth = tape.multiply_add(chance, tape.literal(0.5), truth)",
    ),
    Mutation(
        "forger-imitates-by-heads",
        "whom a forger imitates counts by heads, not by size",
        f"{_NETWORK}/emitter.py",
        "if weight == BY_SIZE], self.sizes)",
        "if weight == BY_SIZE], [tape.one] * self.factions)",
    ),
    Mutation(
        "forger-forgets-parents",
        "what an origin would say by itself leaves out the facts above those it speaks of",
        f"{_NETWORK}/elimination.py",
        "for parent in table.scope} - above",
        "for parent in table.scope[-1:]} - above",
    ),
    Mutation(
        "moved-reference",
        "a move of the prior moves whom a forger at random imitates",
        f"{_NETWORK}/emitter.py",
        '        numbers = i["reference_start"], i["reference_slot"], i["reference_within"]',
        '        numbers = i["prior_start"], i["prior_slot"], i["within_slot"]',
        ("tests/network/test_forgery.py",),
    ),
    Mutation(
        "absence-reversed",
        "finding nothing counts the detection, not its complement",
        f"{_NETWORK}/emitter.py",
        'return tape.rest(self.slot[i["origin_item"][origin]]), tape.one',
        'return self.slot[i["origin_item"][origin]], tape.one',
    ),
    Mutation(
        "staged-by-heads",
        "the mean over those a scene points to forgets how many organisations each stands for",
        f"{_NETWORK}/emitter.py",
        "shares = self.by_size([h for h, inside in enumerate(member) if inside], self.sizes)",
        "shares = dict.fromkeys(named := [h for h, s in enumerate(member) if s], self.tape.literal(1 / len(named)))",
    ),
    Mutation(
        "size-of-everybody",
        "a share is split by size over all factions, not over those that it covers",
        f"{_NETWORK}/compile_tables.py",
        "family = 1 + max(self.family)",
        "family = 0",
    ),
    Mutation(
        "story-never-independent",
        "a story leaves no room for facts that are independent after all",
        f"{_NETWORK}/emitter.py",
        "return [self.tape.literal(1.0 - strength), *[self.tape.literal(strength / facts)] * facts]",
        "return [self.tape.zero, *[self.tape.literal(1.0 / facts)] * facts]",
        STORIES,
    ),
    Mutation(
        "story-all-follow",
        "where one fact of a story speaks, that one follows too",
        f"{_NETWORK}/emitter.py",
        'alone = state in (0, i["config_speaks"][config])',
        "alone = state == 0",
        STORIES,
    ),
    Mutation(
        "story-follows-by-heads",
        "a fact that follows takes the mean over factions without their prior",
        f"{_NETWORK}/emitter.py",
        "for h, share in enumerate(self._reference):\n                row",
        "for h, share in enumerate([self.tape.literal(1.0 / self.factions)] * self.factions):\n                row",
        STORIES,
    ),
    Mutation(
        "same-by-heads",
        "what is left of a role is split evenly, not by the prior",
        f"{_NETWORK}/emitter.py",
        "                shares = self._without(own)",
        "                shares = [tape.literal(1.0 / (len(slots) - 1))] * len(slots)",
        ROLES,
    ),
    Mutation(
        "same-again-for-others",
        "the others share what whoever did it has of the role, not what that leaves",
        f"{_NETWORK}/emitter.py",
        "else tape.multiply(left, shares[h])",
        "else tape.multiply(given[0], shares[h])",
        ROLES,
    ),
    Mutation(
        "same-moves-with-the-prior",
        "a move of the prior moves who else plays a role",
        f"{_NETWORK}/emitter.py",
        '        numbers = i["reference_start"], i["reference_slot"], i["reference_within"]',
        '        numbers = i["prior_start"], i["prior_slot"], i["within_slot"]',
        ROLES,
    ),
    Mutation(
        "joint-by-nobody",
        "what is said of a party does not hold for what it did with others",
        "attribution/domain/factions.py",
        "return under | {leaf for leaf in self.leaves if under & set(self._nodes[leaf].joint_of)}",
        "return under",
        ROLES,
    ),
    Mutation(
        "joint-of-all-only",
        "what is said of one party holds for the joint operation only if it is said of all",
        "attribution/domain/factions.py",
        "if under & set(self._nodes[leaf].joint_of)}",
        "if self._nodes[leaf].joint_of and under >= set(self._nodes[leaf].joint_of)}",
        ROLES,
    ),
    Mutation(
        "impossible-passes",
        "what nobody could have made true is not told",
        "attribution/inference/concerns.py",
        "if probability <= IMPOSSIBLE and",
        "if probability < 0.0 and",
        CONTRADICTION,
    ),
    Mutation(
        "impossible-for-one",
        "what one faction cannot have left counts as impossible for all",
        "attribution/inference/fit.py",
        "return bool(np.isfinite(log_joint_at(program, slots)).any())",
        "return bool(np.isfinite(log_joint_at(program, slots)).all())",
        CONTRADICTION,
    ),
    Mutation(
        "expected-unweighted",
        "what to expect of a faction forgets how probable the numbers make it",
        f"{ASSUMED}/expected.py",
        "probability=float(mine.sum() / weight.sum()),",
        "probability=float(values.mean()),",
        EXPECTED,
    ),
    Mutation(
        "expected-with-the-rest",
        "the chance of an item supposes that all others are there",
        f"{ASSUMED}/expected.py",
        "power[o] if o == one else 0.0",
        "power[o]",
        EXPECTED,
    ),
    Mutation(
        "lean-one-way",
        "numbers of states that nobody asserts lean like those that are asserted",
        f"{ASSUMED}/lean.py",
        "return 1 if state in asserted else -1",
        "return 1",
        LEAN,
    ),
    Mutation(
        "lean-in-dispute",
        "facts on which the evidence contradicts itself lean",
        f"{ASSUMED}/lean.py",
        "if states and states != frozenset",
        "if states != frozenset",
        LEAN,
    ),
    Mutation(
        "lean-unrooted",
        "the share of variance is taken for the shift",
        f"{ASSUMED}/lean.py",
        "coordinate: math.sqrt(correlation) * size * sign",
        "coordinate: correlation * size * sign",
        LEAN,
    ),
    Mutation(
        "lean-of-curves-back",
        "a skewed number leans the other way in a new fit",
        f"{_NETWORK}/edits.py",
        "bend[slot] += by",
        "bend[slot] -= by",
        LEAN,
    ),
    Mutation(
        "error-the-wrong-way",
        "the chance of a wrong model is that of a right one",
        f"{ASSUMED}/model_error.py",
        "(1.0 - chance) * posterior.faction_draws + chance * prior",
        "chance * posterior.faction_draws + (1.0 - chance) * prior",
        ("tests/analysis/assumptions/test_model_error.py",),
    ),
    Mutation(
        "cut-learns",
        "the cut answer weighs the numbers by the evidence",
        "attribution/inference/posterior_draws.py",
        "draws, probability = self._cut",
        "draws, probability = self.draws, self.faction_draws",
        ("tests/analysis/assumptions/test_learning.py",),
    ),
    Mutation(
        "evidence-at-least",
        "that some items are said is taken for that no others are",
        f"{ASSUMED}/prior_predictive.py",
        "        found[silent] -= found[heard]\n",
        "",
        PREDICTIVE,
    ),
    Mutation(
        "evidence-by-one-faction",
        "evidence is drawn from the first faction whoever acted",
        f"{ASSUMED}/prior_predictive.py",
        "faction = _picked(draws.acting()[row].T, rng)",
        "faction = 0 * _picked(draws.acting()[row].T, rng)",
        PREDICTIVE,
    ),
    Mutation(
        "usual-for-unusual",
        "evidence that is more probable than the observed one counts as more unusual",
        f"{ASSUMED}/prior_predictive.py",
        "below = simulated < observed - _SAME",
        "below = simulated > observed + _SAME",
        PREDICTIVE,
    ),
    Mutation(
        "copies-count-as-read",
        "a copy, an excerpt or a relay counts as an original that was read",
        "attribution/analysis/confidence.py",
        'citation.read == "original"',
        "citation.read",
        ("tests/analysis/test_confidence.py",),
    ),
    Mutation(
        "own-witness",
        "a case is a witness to the record of its own recipe",
        "attribution/analysis/comparison/record.py",
        "        if name != posterior.case.id\n",
        "",
        ("tests/analysis/test_confidence.py",),
    ),
    Mutation(
        "rest-of-one",
        "the state left out has weight 1, not what the bests leave",
        f"{_NETWORK}/compile_tables.py",
        "rest = TWO_STATE if len(fact.states) == 2 else 1.0 - best",
        "rest = TWO_STATE if len(fact.states) == 2 else 1.0",
    ),
    Mutation(
        "confirmed-twice",
        "a digit 1 keeps its worth beside the origin that confirms it",
        f"{_NETWORK}/compile_origins.py",
        'return Grade(grade.letter, "2")',
        'return Grade(grade.letter, "1")',
    ),
    Mutation(
        "wide-quantiles",
        "low and high are taken for the 2.5 and 97.5 % quantiles",
        f"{_NETWORK}/curves.py",
        "_Z95 = 1.6448536269514722",
        "_Z95 = 1.959963984540054",
        ("tests/network/test_curves.py",),
    ),
    Mutation(
        "gradient-of-free-rows",
        "the gradient forgets that a row sums to one",
        f"{_NETWORK}/tape_kernel.py",
        "            g[b] -= push",
        "            g[b] -= 0.0 * push",
        GRADIENT,
    ),
    Mutation(
        "weights-squared",
        "the instant engine weighs points by the square of the evidence's probability",
        "attribution/inference/importance.py",
        "smoothed(normalise(log_joint)[1].reshape(z.shape[:2]))",
        "smoothed(2 * normalise(log_joint)[1].reshape(z.shape[:2]))",
        ("tests/test_calibration.py", "tests/network/test_plug_in.py"),
    ),
    Mutation(
        "unweighted-errors",
        "the error of weighted points takes them for independent draws",
        "attribution/inference/draws.py",
        'deviation = np.einsum("sd,sdk->sk", weights, columns - mean) * scrambles',
        'deviation = np.einsum("sd,sdk->sk", weights, columns - mean)',
        ("tests/inference/test_engines.py",),
    ),
    Mutation(
        "tomorrow-known",
        "a case as of a day knows what was published later",
        "attribution/domain/case.py",
        "if item.published <= last and",
        "if item.published >= item.published and",
        ("tests/domain/test_case.py", "tests/domain/test_moments.py"),
    ),
    Mutation(
        "shapley-by-size",
        "all subsets count alike in a Shapley value",
        "attribution/analysis/shapley.py",
        "factorial(size) * factorial(count - size - 1) / factorial(count) for size",
        "1.0 / 2 ** (count - 1) for size",
        ("tests/analysis/test_shapley.py",),
    ),
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
        "text-of-another",
        "the text of a file is used for a value that has changed since",
        "attribution/domain/document.py",
        "return self.written is not None and self.written.content == self.content",
        "return self.written is not None",
        ("tests/inference/test_saved.py", "tests/reading/test_documents.py"),
    ),
    Mutation(
        "negation-lost",
        "a proposition that says not is written as one that says yes",
        "attribution/domain/evidence.py",
        'return {"not": named} if self.negated else named',
        "return named",
        ("tests/reading/test_documents.py",),
    ),
    Mutation(
        "outcome-in-the-hash",
        "the hash of what a fit reads depends on what was settled later",
        "attribution/domain/case.py",
        "return digest(canonical(replace(self, outcomes=()).to_dict()))",
        "return digest(canonical(self.to_dict()))",
        ("tests/domain/test_outcomes.py",),
    ),
    Mutation(
        "bits-unnoticed",
        "arrays of a saved run are not compared with their digests",
        "attribution/inference/saved.py",
        "    if changed:",
        "    if not stated:",
        SAVED,
    ),
    Mutation(
        "texts-unnoticed",
        "settings and names of a saved run have no digest",
        "attribution/inference/saved.py",
        "for name, text in attributes.items() if name in _TEXTS}",
        "for name, text in attributes.items() if name == 'case_id'}",
        SAVED,
    ),
    Mutation(
        "forged-weights",
        "draws with forged digests need not have the densities of the model",
        "attribution/inference/saved.py",
        "    if not good:",
        "    if not len(draws.flat):",
        SAVED,
    ),
    Mutation(
        "shared-kernels",
        "a folder that others may write into is trusted with compiled code",
        "attribution/_compile.py",
        "and not status.st_mode & 0o022",
        "and status.st_mode",
        COMPILED,
    ),
    Mutation(
        "swapped-kernels",
        "a trusted folder may lie where others can put another in its place",
        "attribution/_compile.py",
        "            if not _trusted(place.resolve()):",
        "            if not place.exists():",
        COMPILED,
    ),
    Mutation(
        "terminal-obeys",
        "control sequences reach the terminal",
        "attribution/inert.py",
        '_BLANK = {"Cc", "Zl", "Zp"}',
        '_BLANK = {"Zl", "Zp"}',
        INERT,
    ),
    Mutation(
        "letters-turned-round",
        "marks that turn letters round reach the terminal",
        "attribution/inert.py",
        '_UNSEEN = {"Cf", "Cs", "Cn"}',
        '_UNSEEN = {"Cs", "Cn"}',
        INERT,
    ),
    Mutation(
        "stream-as-it-comes",
        "what a command prints goes to the terminal as it is",
        "attribution/cli/output.py",
        "        self.bare.write(inert(text))",
        "        self.bare.write(text)",
        INERT,
    ),
    Mutation(
        "formula-in-a-cell",
        "a text that begins as a formula goes into a spreadsheet as it is",
        "attribution/inert.py",
        '        return f"\'{text}"',
        "        return text",
        INERT,
    ),
    Mutation(
        "packed-without-end",
        "a packed table may unpack to anything",
        f"{_ARCHIVE}/reading/encodings.py",
        "        if self._unpacked > self._most:",
        "        if self._unpacked < 0:",
        TABLES,
    ),
    Mutation(
        "columns-without-end",
        "a table may have any number of columns",
        f"{_ARCHIVE}/reading/tables.py",
        "    if len(header) > _MOST_COLUMNS:",
        "    if len(header) < 0:",
        TABLES,
    ),
    Mutation(
        "series-reads-anywhere",
        "a series may name a file outside its folder",
        "attribution/campaign/reading.py",
        '    if inside.is_absolute() or ".." in inside.parts or "\\\\" in field.text():',
        "    if not inside.parts:",
        ("tests/campaign/test_reading.py",),
    ),
    Mutation(
        "forms-apart",
        "some forms of a report stay when one cannot be written",
        "attribution/atomic.py",
        "                    if len(filled) > 1:",
        "                    if not filled:",
        ("tests/test_atomic.py",),
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
        "elicited-counts-uniform",
        "so many of so many is read under a flat prior",
        "attribution/domain/numbers.py",
        "betaincinv(yes + _JEFFREYS, of - yes + _JEFFREYS, level)",
        "betaincinv(yes + 1.0, of - yes + 1.0, level)",
        ("tests/domain/test_numbers.py",),
    ),
    Mutation(
        "elicited-no-narrower",
        "an unknown answer makes a proposal no wider",
        "attribution/cli/checklist.py",
        '_RANGE * _WIDER ** sum(answer == "unknown" for answer in answers.values())',
        "_RANGE",
        ELICITED,
    ),
    Mutation(
        "elicited-least-first",
        "the numbers on which the answer depends least are asked first",
        "attribution/analysis/assumptions/walk.py",
        "key=lambda step: -step.influence",
        "key=lambda step: step.influence",
        ELICITED,
    ),
    Mutation(
        "settled-whatever-moved",
        "a report is not written again though its probabilities moved",
        "attribution/reporting/settled.py",
        'first["provenance"] == second["provenance"] and _agree(first, second)',
        'first["provenance"] == second["provenance"]',
        ("tests/reporting/test_settled.py",),
    ),
    Mutation(
        "document-hides-the-chance",
        "the Word document shows the prior where the answer belongs",
        "attribution/reporting/docx.py",
        "(bar.label, percent(bar.prior), percent(bar.probability), bar.ranges)",
        "(bar.label, percent(bar.prior), percent(bar.prior), bar.ranges)",
        DOCUMENT,
    ),
    Mutation(
        "document-obeys",
        "marks that turn letters round stand in the Word document",
        "attribution/reporting/docx.py",
        '" ".join(legible(text).split())',
        '" ".join(text.split())',
        DOCUMENT,
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """Which test saw a mistake; empty where none did."""

    mutation: Mutation
    caught_by: str


def mutated(mutation: Mutation, root: Path = ROOT) -> str:
    """The text of the file with the mistake in it."""
    text = (root / mutation.file).read_text()
    found = text.count(mutation.old)
    if found != 1:
        raise ValueError(f"{mutation.name}: its passage occurs {found} times in {mutation.file}")
    return text.replace(mutation.old, mutation.new)


def watching(mutation: Mutation, root: Path = ROOT) -> list[str]:
    """Those of its tests that are there."""
    return [test for test in mutation.tests if (root / test).exists()]


def run(mutation: Mutation, copy: Path) -> Result:
    """Make the mistake in the copy, run the tests, and take it back."""
    path = copy / mutation.file
    right = path.read_text()
    path.write_text(mutated(mutation, copy))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *watching(mutation, copy)]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        shown = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
    finally:
        path.write_text(right)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", shown.stdout, re.MULTILINE)
    return Result(mutation, failed.group(1).split("[")[0] if failed and shown.returncode == 1 else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[mutation.name for mutation in MUTATIONS])
    chosen = [mutation for mutation in MUTATIONS if mutation.name in parser.parse_args().only]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        for name in _COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        for mutation in chosen:
            results.append(run(mutation, copy))
            print(f"{mutation.name:24} {results[-1].caught_by or 'SURVIVED'}", flush=True)
    survivors = [result for result in results if not result.caught_by]
    print(f"\n{len(results) - len(survivors)} of {len(results)} mistakes caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
