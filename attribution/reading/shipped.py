"""Where files are: those that ship with the package, and those a user names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from attribution.domain.case import Case
from attribution.domain.document import opens
from attribution.domain.grades import Grading
from attribution.domain.model import Model
from attribution.domain.pairing import check_pair
from attribution.domain.recipe import Recipe
from attribution.errors import InputError, UsageError
from attribution.reading.case_file import parse_case
from attribution.reading.fields import Field, located
from attribution.reading.model_file import model_of, parse_grading
from attribution.reading.model_parts import (
    Part,
    Parts,
    based,
    joined,
    model_root,
    needs_recipe,
    parse_recipe,
    taken_apart,
)
from attribution.reading.yaml_nodes import nodes_of, parse, read_text

_FOLDERS = {"grading": "grading", "recipe": "recipes"}


def bundled(folder: str) -> Path:
    """`models` or `data`: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "_bundled" / folder
    return inside if inside.is_dir() else package.parent / folder


def shipped_cases() -> tuple[str, ...]:
    """Names of the cases that ship."""
    return tuple(sorted(path.parent.name for path in (bundled("data") / "cases").glob("*/case.yaml")))


def shipped_models(case: str) -> tuple[str, ...]:
    """Names of the models that ship for a case, `baseline` first."""
    names = [path.stem for path in (bundled("models") / case).glob("*.yaml")]
    return tuple(sorted(names, key=lambda name: (name != "baseline", name)))


def shipped_gradings() -> dict[str, Grading]:
    """The gradings that ship, by name."""
    files = sorted((bundled("models") / "grading").glob("*.yaml"))
    return {file.stem: parse_grading(read_text(file), _shown(file), file.stem) for file in files}


def shipped_recipes() -> dict[str, Recipe]:
    """The recipes that ship, by name, `standard` first."""
    files = sorted(
        (bundled("models") / "recipes").glob("*.yaml"), key=lambda file: (file.stem != "standard", file.stem)
    )
    return {file.stem: parse_recipe(read_text(file), _shown(file), file.stem) for file in files}


def read_case(name: str | os.PathLike[str]) -> Case:
    """Read a case: the evidence about one incident.

    Parameters
    ----------
    name : str or path
        A shipped name such as ``"tower-22"``, or a path: anything with a ``/`` or ending in ``.yaml``, or in ``.xlsx``
        for a workbook.

    Returns
    -------
    Case
        What the file says, checked; its `text` is the file's, so that a saved run stands alone.

    Raises
    ------
    UsageError
        No such shipped case.
    FormatError, CaseError
        The file cannot be used; file and line are named.

    See Also
    --------
    read_model : The assumptions about a case.

    Examples
    --------
    >>> import attribution as at
    >>> case = at.read_case("tower-22")
    >>> case.incident.country, len(case.factions.leaves)
    ('Jordan', 9)
    """
    text = os.fspath(name)
    if text.endswith(".xlsx"):
        from attribution.reading.workbook import read_workbook

        return read_workbook(text)
    if "/" in text or os.sep in text or text.endswith(".yaml"):
        return parse_case(read_text(Path(text)), text)
    if text not in shipped_cases():
        error = UsageError.unknown("shipped cases", text, shipped_cases(), at=("case",))
        error.hint = error.hint or f"a file of your own is named by its path: ./{text[:60]}.yaml"
        raise error
    path = bundled("data") / "cases" / text / "case.yaml"
    return parse_case(read_text(path), _shown(path))


def read_model(name: str | os.PathLike[str]) -> Model:
    """Read a model: one analyst's assumptions about one case.

    Parameters
    ----------
    name : str or path
        A shipped name such as ``"tower-22/baseline"``, or a path that ends in ``.yaml``. The grading, the recipe, the
        model it extends and the prior from history that it names are found beside it, or among those that ship.

    Returns
    -------
    Model
        What the file and those it names say, checked. Whether it fits a case is checked by `fit`.

    Raises
    ------
    UsageError
        No such shipped model.
    FormatError, ModelError
        The file cannot be used; file and line are named.

    See Also
    --------
    read_case : The evidence.

    Examples
    --------
    >>> import attribution as at
    >>> model = at.read_model("tower-22/baseline")
    >>> model.case, model.grading.id
    ('tower-22', 'standard')
    """
    text = os.fspath(name)
    if text.endswith(".yaml"):
        return _model(Path(text), text)
    case, _, model = text.partition("/")
    known = [f"{case}/{model}" for case in shipped_cases() for model in shipped_models(case)]
    if text not in known:
        error = UsageError.unknown("shipped models", text, known, at=("model",))
        error.hint = error.hint or "a file of your own is named by its path, which ends in .yaml"
        raise error
    path = bundled("models") / case / f"{model}.yaml"
    return _model(path, _shown(path))


def case_ships(case: Case) -> bool:
    """Whether a case that is what was read says the same as the one that ships under its name."""
    path = bundled("data") / "cases" / case.id / "case.yaml"
    return _read_from(case, path) or read_case(case.id).digest == case.digest


def model_ships(model: Model) -> bool:
    """Whether a model that is what was read says the same as the one that ships under its name."""
    name = f"{model.case}/{model.id}"
    return _read_from(model, bundled("models") / f"{name}.yaml") or read_model(name).digest == model.digest


def _read_from(value: Case | Model, path: Path) -> bool:
    """Whether it was read from the very text of a file and nothing else: then it need not be read again."""
    written = value.written
    return written is not None and not written.files and written.text == read_text(path)


def _model(path: Path, shown: str) -> Model:
    return model_at(read_text(path), path, shown)


def model_at(text: str, path: Path, shown: str) -> Model:
    """The model that a text is, if it stands at `path`; `shown` names it in errors."""
    own, brought = taken_apart(text, shown)
    root = Field(parse(own, shown), (), shown)
    parts, grading = _named_by(root, path.parent, path.stem, brought)
    new = (
        None if old else part
        for part, old in zip(
            (parts.base, parts.recipe, parts.history), (brought.base, brought.recipe, brought.history), strict=True
        )
    )
    return model_of(root, parts, grading, path.stem).as_read(joined(text, *new), shown, parts.files)


def _model_from_dict(document: Mapping[str, Any], folder: Path | None = None) -> Model:
    root = Field(nodes_of(document), (), "")
    parts, grading = _named_by(root, folder, "")
    return model_of(root, parts, grading, "model")


opens(Model, _model_from_dict)


def _named_by(own: Field, folder: Path | None, stem: str, brought: Parts | None = None) -> tuple[Parts, Part | None]:
    """The texts that a model names: shipped ones, those that it brought along, and files of its folder."""
    brought = brought or Parts()
    named = own.entries()
    base = brought.base or (_beside(named["extends"], folder, stem) if "extends" in named else None)
    root = based(own, base)
    named = root.entries()
    if "grading" not in named:
        raise root.fail("the model has no `grading`.", "grading: standard")
    recipe = brought.recipe or (_named(named["recipe"], folder, "recipe") if needs_recipe(root) else None)
    history = brought.history or (_history(named["perpetrator"], folder) if "perpetrator" in named else None)
    grading = None if named["grading"].is_mapping() else _named(named["grading"], folder, "grading")
    return Parts(base, recipe, history), grading


def _history(field: Field, folder: Path | None) -> Part | None:
    """The prior from past events that a model names: a file in the folder `priors` beside it."""
    named = field.entries().get("archive") if field.is_mapping() else None
    if named is None or named.is_mapping():
        return None
    beside = {file.stem: file for file in (_folder(named, folder) / "priors").glob("*.yaml")}
    home = beside[named.word("priors beside the model", sorted(beside))]
    return Part(home.stem, read_text(home), _shown(home))


def _beside(named: Field, folder: Path | None, stem: str) -> Part:
    """The model beside this one that it extends."""
    beside = {file.stem: file for file in _folder(named, folder).glob("*.yaml") if file.stem != stem}
    home = beside[named.word("models beside this one", sorted(beside))]
    return Part(home.stem, read_text(home), _shown(home))


def _folder(named: Field, folder: Path | None) -> Path:
    if folder is None:
        raise named.fail(
            f'"{named.text()[:80]}" is a file of a folder, and the document comes from none.',
            "from_dict(document, folder=...), or the block itself instead of its name",
        )
    return folder


def _named(field: Field, folder: Path | None, kind: str) -> Part:
    """A grading or a recipe: a shipped one by its name, or a file in the folder of the model."""
    name = field.text()
    if name.endswith(".yaml"):
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\\" in name:
            raise field.fail(
                f'the {kind} "{name[:80]}" lies outside the folder of the model.',
                "a shipped name, or a file in the folder of the model",
            )
        home = _folder(field, folder) / name
    else:
        shipped = {file.stem: file for file in (bundled("models") / _FOLDERS[kind]).glob("*.yaml")}
        home = shipped[field.word(f"shipped {kind}s", sorted(shipped))]
    return Part(home.stem, read_text(home), _shown(home))


def read_pair_errors(case: Case, model: Model, file: str = "") -> None:
    """Check that a case and a model fit; errors name the file that the model was read from, and the line.

    Raises
    ------
    PairError
        With file and line where the model was read from a file, and is still what that says.
    """
    try:
        check_pair(case, model)
    except InputError:  # only now are lines worth looking for
        if not model.written or not model.unchanged or not (file or model.written.file):
            raise
    else:
        return
    name = file or model.written.file
    own, parts = taken_apart(model.written.text, name, model.written.files)
    with located(model_root(Field(parse(own, name), (), name), parts)):
        check_pair(case, model)


def _shown(path: Path) -> str:
    """A path as a reader knows it: from where he stands, if he stands above it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
