"""The keys of every block of the file formats, with what they mean: one table for the reader and the schemas."""

from __future__ import annotations

from typing import get_args

from attribution.domain.case import Settled
from attribution.domain.evidence import Reading, SourceKind
from attribution.domain.grades import LETTERS

RECIPE_FORMAT = "attribution-recipe/1"
HISTORY_FORMAT = "attribution-prior/1"

SOURCE_KINDS = get_args(SourceKind)
READINGS = get_args(Reading)
WAYS_OF_SETTLING = get_args(Settled)
RELIABILITIES = LETTERS
ITEM_KINDS = ("report", "act", "absence", "direct")
TRAIT_KINDS = ("capability", "behaviour")

# key -> (shape, meaning); the shapes are those of schema.py
type Keys = dict[str, tuple[str, str]]

# what a required key may look like, for whoever left it out
EXAMPLES: dict[str, str] = {
    "id": "some-name",
    "title": "A title in words",
    "question": "Who led the attack, that is, planned and ordered it?",
    "incident": "{date: 2024-01-28, place: Somewhere}",
    "date": "2024-01-28",
    "place": "Somewhere",
    "factions": "{faction-one: {}, other: {title: Anyone else}}",
    "sources": "{ministry: {name: A ministry, kind: government, reliability: B}}",
    "evidence": "[]  # and the items below it, each after a dash",
    "name": "A ministry",
    "kind": "government",
    "reliability": "B  # from A, completely reliable, to F, cannot be judged",
    "states": "[yes, no]",
    "published": "2024-01-28  # the day from which the public could know",
    "source": "ministry  # the name of one of `sources:`",
    "says": "{weapon: drone}  # a fact and its state",
    "detection": "[0.4, 0.7, 0.9]  # the chance that the search would have found it, had it been there",
    "likelihood_ratio": "{perpetrator: {some-faction: [1, 1.8, 4]}}",
    "url": '"https://..."',
    "of": "some-item  # which it may repeat",
    "probability": "[0.02, 0.1, 0.3]",
    "grade": "B2",
    "settled": "court",
    "case": "some-case  # its id",
    "grading": "standard",
    "perpetrator": "{share: {some-faction: 0.5, else: 0.5}, other: [0.01, 0.05, 0.2], surprise: [0.001, 0.01, 0.05]}",
    "other": "[0.01, 0.03, 0.10]  # that it was somebody not named",
    "surprise": "[0.001, 0.01, 0.05]  # that such a somebody acts like one of those named",
    "facts": "[one-fact, another-fact]",
    "strength": "0.5",
    "toward": "some-faction  # whom it was made to look like",
    "value": "[0.2, 0.4, 0.6]",
    "because": "Why, in one sentence.",
}

CASE: Keys = {
    "format": ("format", "version of this format"),
    "id": ("id", "name of the case"),
    "title": ("text", "title of the case"),
    "question": ("text", "the question that is asked: who did what exactly?"),
    "incident": ("incident", "what happened, when and where"),
    "factions": ("nodes", "the tree of candidates; its leaves are the hypotheses, one of them `other`"),
    "sources": ("sources", "who says things"),
    "facts": ("facts", "questions about the incident besides who did it"),
    "origins": ("origins", "origins shared by several items, with their grade"),
    "evidence": ("evidence", "the items, one by one"),
    "outcome": ("outcomes", "what was settled later; never read by a fit"),
    "limits": ("texts", "what the reader must know about what is missing"),
}
CASE_REQUIRED = ("format", "id", "title", "question", "incident", "factions", "sources", "evidence")

INCIDENT: Keys = {
    "date": ("date", "day or minute of the incident, local time"),
    "place": ("text", "place"),
    "country": ("text", "country"),
    "latitude": ("number", "degrees north"),
    "longitude": ("number", "degrees east"),
    "note": ("text", "anything else"),
}
NODE: Keys = {
    "title": ("text", "name as a reader knows it"),
    "banner": ("flag", "a name used in claims, never itself a perpetrator"),
    "sponsor": ("flag", "a sponsor of the factions below it"),
    "joint_of": ("ids", "factions that acted together: what is said of one of them holds for this leaf too"),
    "note": ("text", "anything else"),
    "members": ("nodes", "the factions of a group"),
}
SOURCE: Keys = {
    "name": ("text", "name of the originator (not of the outlet)"),
    "kind": (
        "source-kind",
        "what it is; vendor: a security firm; malware: a sample that others can look at; telemetry: what sensors saw",
    ),
    "part_of": ("id", "institution it belongs to"),
    "reliability": ("letter", "Admiralty letter A to F"),
    "interest": ("text", "none, unknown, or the faction or group on whose side it is"),
    "would_say_anyway": ("quantity", "chance of saying it without knowing (default one half)"),
    "note": ("text", "anything else"),
}
FACT: Keys = {
    "question": ("text", "the question the fact answers"),
    "states": ("states", "its answers, or the word `factions`"),
    "given": ("ids", "facts that its table may depend on"),
    "role": ("flag", "yes: a role in the incident (launched, supplied, directed, involved), part of the scenarios"),
    "note": ("text", "anything else"),
}
ORIGIN: Keys = {
    "title": ("text", "name"),
    "grade": ("grade", "Admiralty grade of what it says"),
    "source": ("id", "the source that answers for it, where its items name several"),
    "forgeable": ("flag", "no: a public act that cannot have been fabricated"),
    "note": ("text", "anything else"),
}
ITEM: Keys = {
    "id": ("id", "name of the item"),
    "kind": ("item-kind", "report, act, absence or direct"),
    "title": ("text", "one sentence for the reader"),
    "source": ("id", "who says or does it"),
    "via": ("texts", "outlets that carried it"),
    "origin": ("id", "where it really comes from; by default it is an origin of its own"),
    "date": ("date", "when it happened"),
    "published": ("date", "day or minute from which the public could know"),
    "withdrawn": ("date", "when it was taken back"),
    "citation": ("citations", "where it can be read"),
    "note": ("text", "anything else"),
}
STATEMENT: Keys = {
    "says": ("says", "what is asserted or done: fact to state, states, or {not: state}"),
    "grade": ("grade", "Admiralty grade"),
    "would_say_anyway": ("quantity", "chance of saying it without knowing"),
    "copies": ("copies", "item that it may merely repeat"),
    "forgeable": ("flag", "no: a public act that cannot have been fabricated"),
    "regraded": ("regrades", "later grades, dated"),
}
ABSENCE: Keys = {
    "says": ("says", "what would be true if it did not happen"),
    "detection": ("quantity", "chance that the search would have found it"),
    "searched": ("text", "where, in which languages, for whom, until when"),
}
DIRECT: Keys = {
    "likelihood_ratio": ("ratios", "one fact (or perpetrator): state to likelihood ratio"),
    "grade": ("grade", "shown, not applied"),
}
OF_KIND: dict[str, Keys] = {"report": STATEMENT, "act": STATEMENT, "absence": ABSENCE, "direct": DIRECT}
ITEM_REQUIRED = ("id", "kind", "published")
REQUIRED_OF_KIND: dict[str, tuple[str, ...]] = {
    "report": ("source", "says"),
    "act": ("source", "says"),
    "absence": ("says", "detection"),  # who searched is said in `searched:`
    "direct": ("source", "likelihood_ratio"),
}

OUTCOME: Keys = {
    "true": ("outcome-set", "factions, or {fact: states}, of which one turned out to be true"),
    "false": ("outcome-set", "factions, or {fact: states}, that are excluded"),
    "source": ("id", "who settled it"),
    "grade": ("grade", "Admiralty grade of the finding"),
    "date": ("date", "when it was settled"),
    "settled": ("settled", "court, official, consensus, or partial (shown, never scored)"),
    "citation": ("citations", "where it can be read"),
    "note": ("text", "anything else"),
}
OUTCOME_REQUIRED = ("source", "grade", "date", "settled")

CITATION: Keys = {
    "url": ("url", "http or https address"),
    "title": ("text", "title of the page"),
    "publisher": ("text", "who published it"),
    "published": ("text", "when"),
    "read": ("reading", "original, copy, excerpt or relay"),
    "note": ("text", "anything else"),
}
COPIES: Keys = {
    "of": ("id", "the item repeated"),
    "probability": ("quantity", "chance of mere repetition"),
}
REGRADE: Keys = {"date": ("date", "from when on"), "grade": ("grade", "the new grade")}

MODEL: Keys = {
    "format": ("format", "version of this format"),
    "id": ("id", "name of the model; by default that of its file"),
    "case": ("id", "the case it is about"),
    "title": ("text", "title of the model"),
    "summary": ("text", "its idea in two sentences"),
    "extends": ("id", "a model beside this one, whose blocks hold where this file has none of its own"),
    "recipe": ("text", "generic assumptions that numbers and tables may name: shipped, or a file beside this one"),
    "grading": ("grading", "a shipped grading, a file beside this one, or the grading itself"),
    "traits": ("traits", "capabilities and behaviours of the factions"),
    "perpetrator": ("perpetrator", "who it was before the evidence"),
    "facts": ("tables", "probabilities of the states of every fact; of a role played by a faction, or of `same`"),
    "deception": ("deception", "staged scenes, forged origins, sources that turn things round"),
    "stories": ("stories", "facts that hang together by a common cause"),
    "clusters": ("clusters", "origins dropped together, at most 14"),
}
MODEL_REQUIRED = ("format", "case", "title", "grading", "perpetrator")
PERPETRATOR: Keys = {
    "proportional_to": ("ids", "traits whose product the prior follows"),
    "share": ("shares", "prior totals of nodes"),
    "archive": (
        "archive",
        "a prior learned from past events: a file in `priors` beside the model, or the prior itself",
    ),
    "other": ("quantity", "probability that it was somebody not named (with `archive`, by default what that says)"),
    "surprise": ("quantity", "probability that `other` acts like a named faction"),
    "sizes": ("sizes", "how many organisations a faction stands for, 1 where nothing is said"),
    "because": ("reason", "why"),
}
PERPETRATOR_REQUIRED = ("surprise",)
SIZE: Keys = {"value": ("ratio", "how many organisations"), "because": ("reason", "why")}
HISTORY: Keys = {
    "format": ("format", "version of this format"),
    "id": ("id", "name of the prior; by default that of its file"),
    "case": ("id", "the case it is about"),
    "title": ("text", "title of the prior"),
    "made_by": ("text", "the command that wrote this file"),
    "table": ("history-table", "the events it was learned from"),
    "mapping": ("history-table", "how they were read"),
    "before": ("date", "only events that were over before this day were used"),
    "used": ("history-used", "how many events"),
    "left_out": ("texts", "ids of events left out because they belong to the case, or rest on its claim"),
    "incident": ("history-incident", "what was known of the incident"),
    "factions": ("history-weights", "weights of the nodes of the case's tree; only their ratios count"),
    "other": ("quantity", "probability that it was somebody not named"),
    "limits": ("texts", "what the reader must know"),
}
HISTORY_REQUIRED = ("case", "title", "table", "before", "used", "factions", "other")
HISTORY_TABLE: Keys = {"file": ("text", "its name"), "sha256": ("text", "the hash of its bytes")}
HISTORY_USED: Keys = {
    "events": ("number", "events that were over before that day"),
    "labelled": ("number", "of these with one known perpetrator"),
    "partial": ("number", "of these known as one of several"),
    "first": ("date", "the first day"),
    "last": ("date", "the last day"),
}
HISTORY_WEIGHT: Keys = {
    "weight": ("ratio", "5, 50 and 95 % quantiles of the relative frequency"),
    "share": ("number", "mean probability that the archive gives it"),
    "label": ("text", "faction of the archive that stands for it; none: it has what a group not known there has"),
    "because": ("reason", "why that faction, and what the number rests on"),
}
DECEPTION: Keys = {
    "staged": ("stagings", "facts whose scene was arranged"),
    "forged": ("forgings", "origins or sources that were fabricated"),
    "deceptive": ("deceptions", "sources that turn things round"),
}
STAGED: Keys = {
    "probability": ("quantity", "chance"),
    "recipe": ("id", "a number of the recipe, instead of the probability"),
    "toward": ("id", "to look like whom"),
    "because": ("reason", "why"),
}
DECEPTIVE: Keys = {
    "probability": ("quantity", "chance"),
    "recipe": ("id", "a number of the recipe, instead of the probability"),
    "because": ("reason", "why"),
}
COMPUTED: Keys = {
    "by": ("computing", "what computed the numbers: a tempo model"),
    "series": ("id", "the series of attacks"),
    "observer": ("id", "whose counts"),
    "assumptions": ("text", "the assumptions of the tempo model"),
    "window": ("window", "first and last day that the fact is about"),
    "given": ("ids", "the facts that the rows are conditional on"),
    "sha256": ("text", "the hash of the texts of series and assumptions"),
    "made_by": ("text", "the command that wrote the table"),
}
COMPUTING = ("tempo",)
STORY: Keys = {
    "facts": ("ids", "the facts that are told together, two or more"),
    "strength": ("strength", "chance that one of them speaks for all, a constant"),
    "because": ("reason", "why"),
}
RECIPE: Keys = {
    "format": ("format", "version of this format"),
    "title": ("text", "title"),
    "because": ("reason", "why"),
    "tables": ("recipe-tables", "tables over roles, per kind of evidence"),
    "numbers": ("recipe-numbers", "numbers by name: prior categories, how often a kind of source is forged"),
}
RECIPE_REQUIRED = ("format", "title")
RECIPE_TABLE: Keys = {
    "about": ("text", "what kind of evidence it is about"),
    "roles": ("ids", "who a case binds to its own factions"),
    "states": ("ids", "what a case binds to the states of its fact"),
    "parents": ("recipe-parents", "facts the rows may depend on, each with its states"),
    "rows": ("recipe-rows", "probabilities of all states but one, per role"),
    "because": ("reason", "why"),
}
RECIPE_TABLE_REQUIRED = ("about", "states", "rows", "because")
RECIPE_NUMBER: Keys = {
    "value": ("quantity", "a probability, or a weight between 0 and 1"),
    "ratio": ("ratio", "a likelihood ratio"),
    "because": ("reason", "why"),
}
INSTANCE: Keys = {
    "recipe": ("id", "a table of the recipe"),
    "bind": ("bindings", "role to faction, group, or list of them"),
    "states": ("state-names", "state of the recipe to state of the fact"),
    "given": ("parent-bindings", "parent of the recipe to {fact, states}"),
    "because": ("reason", "why it is this table, in this case"),
}
PARENT: Keys = {
    "fact": ("id", "the fact that plays the parent"),
    "states": ("bindings", "state of the recipe's parent to state or states of the fact"),
}
NAMED: Keys = {
    "recipe": ("id", "a number of the recipe"),
    "because": ("reason", "why it is this number, in this case"),
}
REASON: Keys = {"reason": ("text", "why"), "rests_on": ("ids", "origins it rests on")}
COUNTS: Keys = {"yes": ("number", "how often"), "of": ("number", "out of how many")}
VALUE: Keys = {
    "value": ("quantity", "the number"),
    "vary": ("number", "deviation of members, in probits"),
    "stated": ("text", "how it was stated, where that was not the number itself; shown to the reader"),
    "because": ("reason", "why"),
}
SHARE: Keys = {
    "value": ("quantity", "the total of the node"),
    "recipe": ("id", "a number of the recipe, instead of the value"),
    "within": ("weights", "relative weights of its members"),
    "because": ("reason", "why"),
}
GRADING: Keys = {
    "format": ("format", "version of this format"),
    "id": ("id", "name of the grading; by default that of its file"),
    "title": ("text", "title"),
    "because": ("reason", "why"),
    "letters": ("parts", "the source's part of the reliability, A to F"),
    "digits": ("parts", "the item's part, 1 to 6"),
}
