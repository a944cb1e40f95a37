"""Recipes: what a model instantiates is what it would have written out, and every mistake has its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from attribution.domain.tables import Reason, Table
from attribution.errors import InputError
from attribution.reading import (
    parse_case,
    parse_model,
    parse_recipe,
    read_model,
    read_pair_errors,
    schema,
    shipped_recipes,
)
from attribution.reading.model_parts import Part
from attribution.reading.shipped import bundled
from tests.builders import posterior_of
from tests.reading.test_files import as_an_editor_sees

GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()

CASE = """\
format: attribution-case/1
id: fair
title: A case
question: Who did it?
incident: {date: 2024-01-01, place: Somewhere}
factions: {a: {}, b: {}, c: {}, other: {}}
sources: {media: {name: M, kind: media, reliability: B}}
facts:
  weapon: {states: [drone, rocket, bomb]}
  named-it: {states: [yes, no], given: [weapon]}
evidence:
  - {id: claim, kind: act, says: {named-it: yes}, source: media, grade: A1, published: 2024-01-02}
  - {id: debris, kind: report, says: {weapon: rocket}, source: media, grade: B3, published: 2024-01-03}
"""
RECIPE = """\
format: attribution-recipe/1
title: For tests
tables:
  claim-by-facade:
    about: A facade claims.
    roles: [owner, kin]
    states: [claims, silent]
    parents: {scene: [fits, differs]}
    rows:
      claims:
        - {when: {scene: differs}, owner: 0.2, kin: 0.15, else: 0.1}
        - {owner: [0.3, 0.5, 0.7], kin: {value: 0.4, because: Kin lend the name.}, else: [0.02, 0.1, 0.3]}
    because: Facades are lent.
  what-was-seen:
    about: The weapon.
    roles: [able]
    states: [drone, rocket, bomb]
    rows: {drone: {able: 0.6, else: 0.2}, rocket: {able: 0.2, else: 0.3}}
    because: Who has what.
numbers:
  series: {value: [0.3, 0.5, 0.7], because: A series.}
  rare: {value: {yes: 1, of: 20}, because: Never seen.}
  open: {value: 0.05, because: Somebody else.}
  strong: {ratio: [2, 4, 8], because: It speaks.}
"""
MODEL = """\
format: attribution-model/1
case: fair
title: By recipe
grading: standard
recipe: made-up
perpetrator:
  share: {a: {recipe: series, because: Nine attacks.}, else: {recipe: rare}}
  other: {recipe: open}
  surprise: {recipe: open}
facts:
  weapon: {recipe: what-was-seen, bind: {able: [a, b]}}
  named-it:
    recipe: claim-by-facade
    bind: {owner: a, kin: [b, c]}
    states: {claims: yes, silent: no}
    given: {scene: {fact: weapon, states: {fits: [drone, rocket], differs: bomb}}}
    because: It is a facade.
deception:
  forged: {claim: {recipe: open, toward: a}}
"""
WRITTEN_OUT = """\
format: attribution-model/1
case: fair
title: By recipe
grading: standard
perpetrator:
  share: {a: [0.3, 0.5, 0.7], else: {yes: 1, of: 20}}
  other: 0.05
  surprise: 0.05
facts:
  weapon: {drone: {a: 0.6, b: 0.6, else: 0.2}, rocket: {a: 0.2, b: 0.2, else: 0.3}}
  named-it:
    yes:
      - {when: {weapon: bomb}, a: 0.2, b: 0.15, c: 0.15, else: 0.1}
      - {a: [0.3, 0.5, 0.7], b: 0.4, c: 0.4, else: [0.02, 0.1, 0.3]}
deception:
  forged: {claim: {probability: 0.05, toward: a}}
"""


def recipe(text: str = RECIPE) -> Part:
    return Part("made-up", text, "made-up.yaml")


def without_reasons(table: Table) -> Table:
    rows = (
        replace(
            given,
            rows=tuple(
                replace(row, because=None, entries=tuple(replace(entry, because=None) for entry in row.entries))
                for row in given.rows
            ),
        )
        for given in table.states
    )
    return replace(table, because=None, states=tuple(rows))


def test_what_a_model_instantiates_is_what_it_would_have_written_out() -> None:
    model = parse_model(MODEL, grading_text=GRADING, recipe=recipe())
    plain = parse_model(WRITTEN_OUT, grading_text=GRADING)
    case = parse_case(CASE)
    read_pair_errors(case, model)
    for table in plain.tables:
        assert without_reasons(model.tables[table.fact]) == table
    assert posterior_of(case, model) == posterior_of(case, plain)
    assert model.recipe == "made-up"


def test_reasons_are_the_case_s_then_the_recipe_s_and_name_the_entry() -> None:
    model = parse_model(MODEL, grading_text=GRADING, recipe=recipe())
    assert model.tables["named-it"].because == Reason(
        "It is a facade. Facades are lent. (Recipe made-up: claim-by-facade.)"
    )
    assert model.tables["weapon"].because == Reason("Who has what. (Recipe made-up: what-was-seen.)")
    assert model.tables["named-it"].states[0].rows[1].entries[1].because == Reason("Kin lend the name.")
    first, second = model.perpetrator.shares
    assert first.because == Reason("Nine attacks. A series. (Recipe made-up: series.)")
    assert second.number.stated == "recipe made-up, rare (1 of 20)"
    assert model.perpetrator.because is not None
    assert model.perpetrator.because.text.count("Somebody else. (Recipe made-up: open.)") == 2
    assert model.deception.forged[0].because == Reason("Somebody else. (Recipe made-up: open.)")


def test_nobody_and_nothing_may_be_bound() -> None:
    text = MODEL.replace("kin: [b, c]}", "kin: []}").replace(
        "{scene: {fact: weapon, states: {fits: [drone, rocket], differs: bomb}}}", "{scene: []}"
    )
    (given,) = parse_model(text, grading_text=GRADING, recipe=recipe()).tables["named-it"].states
    assert [entry.node for entry in given.rows[0].entries] == ["a", "else"]
    assert len(given.rows) == 1


def test_ratios_and_traits_come_from_a_recipe_too() -> None:
    text = MODEL.replace(
        "weapon: {recipe: what-was-seen, bind: {able: [a, b]}}",
        "weapon: {drone: {else: {recipe: rare}}, rocket: {else: {recipe: rare, because: Own.}}}",
    ).replace("perpetrator:\n  share: {a: {recipe: series, because: Nine attacks.}, else: {recipe: rare}}",
              "traits: {standing: {kind: behaviour, a: {recipe: series}, else: {recipe: rare}}}\n"
              "perpetrator:\n  proportional_to: [standing]")  # fmt: skip
    model = parse_model(text, grading_text=GRADING, recipe=recipe())
    read_pair_errors(parse_case(CASE), model)
    assert model.traits["standing"].entries[0].because == Reason("A series. (Recipe made-up: series.)")
    assert model.tables["weapon"].states[1].rows[0].entries[0].because == Reason(
        "Own. Never seen. (Recipe made-up: rare.)"
    )


def test_a_model_s_text_stands_alone() -> None:
    base = Part("baseline", MODEL, "baseline.yaml")
    text = "format: attribution-model/1\ntitle: Other\nextends: baseline\n"
    model = parse_model(text, grading_text=GRADING, base=base, recipe=recipe())
    assert parse_model(model.text, grading_text=GRADING) == model
    assert parse_model(model.text, grading_text=GRADING).text == model.text


def test_a_model_that_extends_another_takes_what_it_has_not() -> None:
    base = Part("baseline", MODEL.replace("title: By recipe", "title: By recipe\nsummary: Mine."), "baseline.yaml")
    own = "perpetrator: {share: {else: 1}, other: 0.1, surprise: 0, because: Equal.}"
    text = f"format: attribution-model/1\ntitle: Other\nextends: baseline\n{own}\n"
    model = parse_model(text, grading_text=GRADING, base=base, recipe=recipe())
    original = parse_model(MODEL, grading_text=GRADING, recipe=recipe())
    assert (model.title, model.summary) == ("Other", "")
    assert model.tables == original.tables
    assert model.deception == original.deception
    assert [share.node for share in model.perpetrator.shares] == ["else"]


def test_the_other_recipe_is_one_line() -> None:
    base = Part("baseline", MODEL, "baseline.yaml")
    text = "format: attribution-model/1\ntitle: Other\nextends: baseline\nrecipe: doubting\n"
    doubting = Part("doubting", RECIPE.replace("owner: [0.3, 0.5, 0.7]", "owner: [0.1, 0.2, 0.5]"), "doubting.yaml")
    model = parse_model(text, grading_text=GRADING, base=base, recipe=doubting)
    cell = model.tables["named-it"].states[0].rows[1].entries[0].cell
    assert str(cell) == "[0.1, 0.2, 0.5]"
    assert model.tables["named-it"].because is not None
    assert "Recipe doubting" in model.tables["named-it"].because.text


MISTAKES = [
    ("recipe: claim-by-facade", "recipe: claim-by-facad", '"claim-by-facad"', "claim-by-facade", "claim-by-facade"),
    ("{recipe: rare}}", "{recipe: rar}}", '"rar"', "rare", '"rare"'),
    ("recipe: rare}}", "recipe: strong}}", '"strong" of the recipe is a ratio', "a probability", ""),
    ("bind: {owner: a, kin: [b, c]}", "bind: {ownr: a, kin: [b, c]}", '"ownr"', "kin, owner", "owner"),
    ("bind: {owner: a, kin: [b, c]}", "bind: {owner: a}", '"kin" of the recipe is not bound', "bound once", "kin: ..."),
    ("bind: {owner: a, kin: [b, c]}", "bind: {owner: a, kin: [a, c]}", '"a" is bound twice', "in one place", "role"),
    ("bind: {owner: a, kin: [b, c]}", "bind: {owner: a, kin: [b, d]}", '"d"', "a, b, c", ""),
    ("states: {claims: yes, silent: no}", "states: {claims: yes}", '"silent" of the recipe', "bound once", "a state"),
    ("states: {claims: yes, silent: no}", "states: {claims: yes, silent: yes}", '"yes" is bound twice', "one", ""),
    ("states: {claims: yes, silent: no}", "states: {claims: yess, silent: no}", '"yess"', "no, yes", "yes"),
    ("silent: no}", "silent: [no, yes]}", "states.silent is a list", "one state", "as many states as it has"),
    ("given: {scene:", "given: {scen:", '"scen"', "scene", "scene"),
    ("fits: [drone, rocket]", "fit: [drone, rocket]", '"fit"', "fits", "fits"),
    ("differs: bomb", "differs: bom", '"bom"', "bomb", "bomb"),
    ("differs: bomb", "differs: [bomb, rocket]", '"rocket" is bound twice', "in one place", ""),
    ("{recipe: open, toward: a}", "{recipe: open, probability: 0.1, toward: a}", "both `recipe` and", "one of", ""),
    ("recipe: made-up\n", "", "names an entry of a recipe, but the model has none", "`recipe:`", "recipe: standard"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says", "allowed", "hint"), MISTAKES, ids=[one[1][:40] for one in MISTAKES])
def test_a_mistake_in_an_instance_names_file_and_line(old: str, new: str, says: str, allowed: str, hint: str) -> None:
    assert old in MODEL
    text = MODEL.replace(old, new, 1)
    with pytest.raises(InputError) as raised:
        read_pair_errors(parse_case(CASE), parse_model(text, "m.yaml", grading_text=GRADING, recipe=recipe()), "m.yaml")
    error = raised.value
    assert says in error.what
    assert allowed in error.allowed
    assert hint in error.hint
    assert error.file == "m.yaml"
    if new and not any(part in new for part in ("bom}", "differs: bom", "[b, d]", "yess")):  # found when expanded
        assert new.strip() in text.splitlines()[error.line - 1]


IN_RECIPE = [
    ("owner: 0.2, kin: 0.15", "ownr: 0.2, kin: 0.15", '"ownr"', "owner"),
    ("{scene: differs}", "{scene: differ}", '"differ"', "differs, fits"),
    ("{when: {scene: differs}, owner", "{when: {sene: differs}, owner", '"sene"', "scene"),
    ("kin: 0.15, else: 0.1}", "kin: 0.15}", "no number for `else`", "a recipe cannot know"),
    ("drone: {able: 0.6, else: 0.2}, ", "", "give rocket", "all but one"),
    ("able: 0.6", "able: {trait: x}", "names a trait", "numbers"),
    ("open: {value: 0.05, because: Somebody else.}", "open: {value: 0.05}", "has no `because`", "required"),
    ("open: {value: 0.05,", "open: {value: 0.05, ratio: 2,", "both `value` and `ratio`", "one of them"),
    ("series: {value: [0.3, 0.5, 0.7]", "series: {value: [0.5, 0.3, 0.7]", "does not increase", "low < best < high"),
    ("    because: Who has what.\n", "", "has no `because`", "required"),
    ("roles: [able]", "roles: [else]", "a word of the file format", "other name"),
]


@pytest.mark.parametrize(("old", "new", "says", "allowed"), IN_RECIPE, ids=[one[2] + one[1][:9] for one in IN_RECIPE])
def test_a_mistake_in_a_recipe_names_the_recipe(old: str, new: str, says: str, allowed: str) -> None:
    assert old in RECIPE
    with pytest.raises(InputError) as raised:
        parse_model(MODEL, "m.yaml", grading_text=GRADING, recipe=recipe(RECIPE.replace(old, new, 1)))
    assert says in raised.value.what
    assert allowed in raised.value.allowed
    assert raised.value.file == "made-up.yaml"
    assert raised.value.line > 1


def test_mistakes_below_name_the_file_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text(MODEL.replace("made-up", "made-up.yaml").replace("[a, b]", "[a, x]"))
    (tmp_path / "made-up.yaml").write_text(RECIPE)
    other = tmp_path / "other.yaml"
    other.write_text("format: attribution-model/1\ntitle: Other\nextends: baseline\n")
    model = read_model(other)
    assert model.recipe == "made-up"
    with pytest.raises(InputError, match='"x"') as raised:
        read_pair_errors(parse_case(CASE), model, "other.yaml")
    assert raised.value.file == str(tmp_path / "baseline.yaml")
    assert "weapon:" in MODEL.splitlines()[raised.value.line - 1]
    other.write_text("format: attribution-model/1\ntitle: Other\nextends: baselin\n")
    with pytest.raises(InputError, match="baselin") as raised:
        read_model(other)
    assert raised.value.hint == 'did you mean "baseline"?'
    third = tmp_path / "third.yaml"
    other.write_text("format: attribution-model/1\ntitle: Other\nextends: baseline\n")
    third.write_text("format: attribution-model/1\ntitle: Third\nextends: other\n")
    with pytest.raises(InputError, match="itself extends"):
        read_model(third)
    third.write_text("format: attribution-model/1\nextends: other\n")
    with pytest.raises(InputError, match="has no `title`"):
        read_model(third)


def test_recipes_and_their_models_fit_the_schemas() -> None:
    jsonschema.validate(as_an_editor_sees(RECIPE), schema("recipe"))
    jsonschema.validate(as_an_editor_sees(MODEL), schema("model"))
    short = {"format": "attribution-model/1", "title": "x", "extends": "baseline"}
    jsonschema.validate(short, schema("model"))
    for wrong in ({**short, "extends": ["a"]}, {"format": "attribution-model/1", "title": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema("model"))


@pytest.mark.parametrize("path", sorted((bundled("models") / "recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_read_and_fits_its_schema(path: Path) -> None:
    parse_recipe(path.read_text(), path.name, path.stem)
    jsonschema.validate(as_an_editor_sees(path.read_text()), schema("recipe"))


@pytest.mark.parametrize("pair", [("standard", "sceptical"), ("cyber", "cyber-sceptical")])
def test_a_recipe_and_its_sceptical_one_have_the_same_entries(pair: tuple[str, str]) -> None:
    one, other = (shipped_recipes()[name] for name in pair)
    assert one.tables.ids == other.tables.ids
    assert one.numbers.ids == other.numbers.ids
    for table in one.tables:
        same = other.tables[table.id]
        assert (table.roles, table.states, table.parents) == (same.roles, same.states, same.parents)
