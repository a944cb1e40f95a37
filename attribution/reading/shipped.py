"""Where files are: those that ship with the package, and those a user names."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.pairing import check_pair
from attribution.errors import UsageError
from attribution.reading.case_file import parse_case
from attribution.reading.fields import Field, located
from attribution.reading.model_file import parse_model
from attribution.reading.model_parts import Part, based, model_root
from attribution.reading.yaml_nodes import parse, read_text

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


def read_case(name: str | os.PathLike[str]) -> Case:
    """Read a case: the evidence about one incident.

    Parameters
    ----------
    name : str or path
        A shipped name such as ``"tower-22"``, or a path: anything with a ``/`` or ending in ``.yaml``.

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


def _model(path: Path, shown: str) -> Model:
    text = read_text(path)
    base = _base(path, text, shown)
    root = based(text, shown, base)
    named = root.entries()
    if "grading" not in named:
        raise root.fail("the model has no `grading`.", "grading: standard")
    grading = _named(named["grading"], path, "grading")
    return parse_model(
        text,
        shown,
        grading_text=grading.text,
        grading_id=grading.id,
        grading_file=grading.file,
        id=path.stem,
        base=base,
        recipe=_named(named["recipe"], path, "recipe") if "recipe" in named else None,
        history=_history(named["perpetrator"], path) if "perpetrator" in named else None,
    )


def _history(field: Field, path: Path) -> Part | None:
    """The prior from past events that a model names: a file in the folder `priors` beside it."""
    named = field.entries().get("archive") if field.is_mapping() else None
    if named is None:
        return None
    beside = {file.stem: file for file in (path.parent / "priors").glob("*.yaml")}
    home = beside[named.word("priors beside the model", sorted(beside))]
    return Part(home.stem, read_text(home), _shown(home))


def _base(path: Path, text: str, shown: str) -> Part | None:
    """The model beside this one that it extends."""
    named = Field(parse(text, shown), (), shown).entries().get("extends")
    if named is None:
        return None
    beside = {file.stem: file for file in path.parent.glob("*.yaml") if file.stem != path.stem}
    home = beside[named.word("models beside this one", sorted(beside))]
    return Part(home.stem, read_text(home), _shown(home))


def _named(field: Field, path: Path, kind: str) -> Part:
    """A grading or a recipe: a shipped one by its name, or a file in the folder of the model."""
    name = field.text()
    if name.endswith(".yaml"):
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\\" in name:
            raise field.fail(
                f'the {kind} "{name[:80]}" lies outside the folder of the model.',
                "a shipped name, or a file in the folder of the model",
            )
        home = path.parent / name
    else:
        home = bundled("models") / _FOLDERS[kind] / f"{name}.yaml"
        field.word(f"shipped {kind}s", sorted(file.stem for file in home.parent.glob("*.yaml")))
    return Part(home.stem, read_text(home), _shown(home))


def read_pair_errors(case: Case, model: Model, file: str = "") -> None:
    """Check that a case and a model fit; errors name the line of the model file.

    Raises
    ------
    PairError
        With file and line where the model was read from a file.
    """
    if not model.text:
        check_pair(case, model)
        return
    root = model_root(model.text, file or f"{model.case}/{model.id}.yaml")
    with located(root):
        check_pair(case, model)


def _shown(path: Path) -> str:
    """A path as a reader knows it: from where he stands, if he stands above it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
