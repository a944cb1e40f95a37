"""What every output that rests on an archive must say."""

from __future__ import annotations

SELECTED = (
    "Known perpetrators are a selected sample: attacks by groups that claim, that are caught or that are watched are "
    "labelled more often, and what is learned from them need not hold for the rest."
)
CLAIMS = (
    "In coded databases the claim and the label are not independent: coders often take the perpetrator from the claim, "
    "so a claim looks more telling here than it is."
)
CODERS = "Scores are against what coders wrote, not against what happened: an error that coders share is not seen."

LIMITS = (SELECTED, CLAIMS, CODERS)
