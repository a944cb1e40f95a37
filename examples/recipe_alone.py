"""The malware of the Winter Games of 2018 again, by the cyber recipe alone: the model binds, and holds no number."""

import pandas as pd
from olympic_destroyer import CASE

import attribution as at

HISTORY = {"unit-74455": "recent-series", "unit-26165": "older-series", "lazarus": "older-series"}
# fact: entry of the recipe, its state for yes, its state for no, who plays which role
BOUND = {
    "wiper-alike": ("code-reuse", "shared", "not-shared", {"owner": "lazarus", "kin": []}),
    "header-forged": ("planted-artefact", "planted", "not-planted", {"pointed-to": "lazarus"}),
    "long-password": ("ways-alike", "alike", "not-alike", {"known-for": "lazarus", "kin": []}),
    "chinese-code": ("code-reuse", "shared", "not-shared", {"owner": "chinese-group", "kin": []}),
    "spreads-alike": ("ways-alike", "alike", "not-alike", {"known-for": "unit-74455", "kin": "unit-26165"}),
    "sofacy-ways": ("infrastructure-style", "alike", "not-alike", {"known-for": "russian-state"}),
    "routers": ("access-held-before", "used", "not-used", {"holder": "russian-state"}),
    "login-domain": ("infrastructure-reuse", "same", "not-same", {"owner": "unit-74455", "kin": "unit-26165"}),
    "returned": ("victimology", "fits", "does-not", {"served": "russian-state"}),
    "early-denial": ("weighs-nothing", "so", "not-so", {}),
    "late-denial": ("denial-by-accused-state", "denies", "does-not", {"accused": "russian-state"}),
    "mail-leaked": ("loot-used", "used", "not-used", {"served": "russian-state"}),
    "seoul-named": ("weighs-nothing", "so", "not-so", {}),
}


def a_model(recipe: str) -> at.Model:
    standing = {who: {"recipe": entry} for who, entry in HISTORY.items()} | {"else": {"recipe": "capable"}}
    return at.Model.from_dict(
        {
            "format": "attribution-model/1",
            "id": recipe,
            "case": "olympic-destroyer",
            "title": f"By the recipe {recipe}",
            "grading": "standard",
            "recipe": recipe,
            "traits": {"standing": {"kind": "behaviour", **standing}},
            "perpetrator": {"proportional_to": ["standing"]} | {key: {"recipe": key} for key in ("other", "surprise")},
            "facts": {
                fact: {"recipe": entry, "bind": roles, "states": {yes: "yes", no: "no"}}
                for fact, (entry, yes, no, roles) in BOUND.items()
            },
            "deception": {"staged": {"wiper-alike": {"recipe": "staged-code", "toward": "lazarus"}}},
        }
    )  # fmt: skip


def main() -> None:
    case, answers = at.Case.from_dict(CASE), {}
    for recipe in ("cyber", "cyber-sceptical"):
        for day in ("2018-02-12", "2018-03-08", "2019-10-17", "2020-10-20"):
            posterior = at.fit(case, a_model(recipe), engine="importance", as_of=day)
            answers[recipe, day] = posterior.probabilities()["probability"]
    print(pd.DataFrame(answers).T.round(2).to_string())


if __name__ == "__main__":
    main()
