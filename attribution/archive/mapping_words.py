"""The keys of a mapping file with what they mean: one table for the reader and the schema."""

from __future__ import annotations

from typing import get_args

from attribution.archive.mapping import ClaimWord, Encoding, Order
from attribution.reading.vocabulary import Keys

MAPPING_FORMAT = "attribution-mapping/1"
ORDERS = get_args(Order)
ENCODINGS = get_args(Encoding)
CLAIM_WORDS = get_args(ClaimWord)

MAPPING: Keys = {
    "format": ("format", "version of this format"),
    "title": ("text", "name of the table"),
    "source": ("text", "where the table comes from, its licence, how to cite it"),
    "encoding": ("encoding", "auto, utf-8, latin-1 or mac-roman (default: auto, and it says what it found)"),
    "separator": ("text", "what stands between the fields of a CSV (default: a comma)"),
    "missing": ("texts", "words that mean that nothing is known, in every column"),
    "id": ("text", "column with the id of the event (default: the line)"),
    "date": ("dates", "when it happened"),
    "place": ("places", "where it happened"),
    "perpetrator": ("perpetrators", "who it was"),
    "claim": ("claims", "who claimed it"),
    "umbrellas": ("umbrellas", "names that hide one of several factions"),
    "aliases": ("aliases", "faction to its other names and spellings"),
    "lineage": ("lineage", "faction or group to the one it came from or belongs to"),
    "features": ("features", "what else was recorded: name to column, or to {column, bins}"),
    "where": ("conditions", "only rows with these words: column to word, words, or {not: words}"),
    "exclude": ("exclusions", "events left out, with the reason"),
    "cases": ("case-links", "cases whose prior may be learned from this table"),
}
MAPPING_REQUIRED = ("format", "title", "date", "perpetrator")
DATES: Keys = {
    "column": ("text", "column with the day, or with the first day that is possible"),
    "until": ("text", "column with the last day that is possible"),
    "year": ("text", "column with the year"),
    "month": ("text", "column with the month, 0 unknown"),
    "day": ("text", "column with the day of the month, 0 unknown"),
    "order": ("order", "how 02/03/2004 is meant"),
    "precision": ("precision", "how coarse the date is"),
}
PRECISION: Keys = {
    "column": ("text", "column that says how coarse the date is"),
    "days": ("windows", "its word to the days after the date that are possible, or to [before, after]"),
}
PLACES: Keys = {
    "levels": ("columns", "name of the level to its column, from coarse to fine"),
    "latitude": ("text", "column with degrees north"),
    "longitude": ("text", "column with degrees east"),
}
PERPETRATORS: Keys = {
    "columns": ("texts", "column with the perpetrator; several columns mean: one of these"),
    "separator": ("text", "what stands between several names in one cell: one of these"),
    "unknown": ("texts", "names of nobody, * for anything"),
    "residual": ("texts", "names of a known perpetrator that is none of the named, * for anything"),
    "certainty": ("certainty", "how sure a label is"),
}
CERTAINTY: Keys = {
    "columns": ("texts", "columns that say how sure the label is; the least sure counts"),
    "values": ("probabilities", "their words to the probability that the label is right"),
    "else": ("number", "that probability for all other words (default: 1)"),
    "because": ("text", "why"),
}
CLAIMS: Keys = {
    "column": ("text", "column with the name of who claimed it, or with whether it was claimed"),
    "values": ("claim-words", "its words to claimed, none or not-recorded; all others are names"),
    "labels": ("number", "certainty with which a claiming umbrella makes an unknown perpetrator one of its members"),
    "because": ("text", "why"),
}
UMBRELLA: Keys = {"members": ("texts", "the factions it may be"), "because": ("text", "why")}
FEATURE: Keys = {
    "column": ("text", "the column"),
    "bins": ("numbers", "where a number is cut, increasing"),
    "values": ("words", "some of its words to what they are read as"),
}
CASE_LINK: Keys = {
    "factions": ("faction-links", "node of the case to the faction of the table that it is"),
    "incident": ("columns", "level or feature to its word for the incident: only what is no item of evidence there"),
    "because": ("text", "why this and no more"),
}
FACTION_LINK: Keys = {"label": ("text", "name in the table"), "because": ("text", "why it is the same")}
EXCLUSION: Keys = {
    "ids": ("texts", "ids of the events"),
    "case": ("id", "left out for the prior of this case only"),
    "because": ("text", "why"),
}
