"""What several commands take, and from what was typed to a case, a model, a posterior."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.atomic import check_suffix, check_writable
from attribution.cli.output import working
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.errors import InputError, OutputError, Problems, UsageError

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior


FORMATS = ("text", "json", "csv")
_MOST_WORKERS = 256
_LOG2_POINTS = 9  # of each scramble of a rival: errors of a quarter of a point, below the whole points that are printed
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def output_path(what: str, *suffixes: str) -> Callable[[str], Path]:
    """The `type=` of an argument that names a file to be written: refused before any work where it cannot be.

    Raises
    ------
    UsageError
        Another suffix than those given, or a folder.
    """

    def path_of(typed: str) -> Path:
        path = Path(typed)
        check_suffix(path, what, suffixes)
        if path.is_dir():
            raise UsageError(f'{what} cannot be written to "{path}", which is a folder.', allowed="the name of a file")
        check_writable(path, what)
        return path

    return path_of


def output_folder(typed: str) -> Path:
    """The `type=` of an argument that names a folder to be written into."""
    path = Path(typed)
    if path.exists() and not path.is_dir():
        raise UsageError(f'"{path}" is a file.', allowed="a folder, which is made where it does not exist")
    check_writable(path / "report", "nothing")
    return path


def refuse_to_overwrite(*paths: Path) -> None:
    """Stop before anything is written where one of these is there already.

    Raises
    ------
    OutputError
        A file that is there.
    """
    for path in paths:
        if path.exists():
            raise OutputError(
                f"{path} is there already.\n  allowed: a new file\n"
                "  hint: choose another id, or another file or folder with -o"
            )


def shown(path: Path) -> str:
    """A path as the commands take it: with a slash, so that it is no shipped name."""
    text = str(path)
    return text if "/" in text else f"./{text}"


def add_format(parser: argparse.ArgumentParser) -> None:
    """`--format`: for a person, or for other programs."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`: same seed, same numbers."""
    parser.add_argument("--seed", type=_seed, default=1, metavar="N", help="default: 1")


def add_workers(parser: argparse.ArgumentParser, what: str) -> None:
    """`--workers`: how many processes share the work; the results are the same."""
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help=f"processes that share the {what} (default: 1)"
    )


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from 1 to {_MOST_WORKERS}')
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from 0 to 2^63 - 1')
    return int(text)


def parse_set(typed: str) -> tuple[str, list[Any] | None]:
    """``perpetrator.other=0.01,[0.01,0.03,0.1]`` as a path and its values; a path alone has its own range.

    Raises
    ------
    UsageError
        Values that cannot be read.
    """
    import yaml

    path, given, values = typed.partition("=")
    if not given:
        return path, None
    try:
        read = yaml.BaseLoader(f"[{values}]").get_single_data()
    except yaml.YAMLError:
        raise UsageError(
            f'"{typed[:80]}" cannot be read.', allowed="PATH=VALUE,VALUE; a triple in brackets: PATH=[0.01,0.03,0.1]"
        ) from None
    return path, [_value(value) for value in read]


def _value(text: Any) -> Any:
    if isinstance(text, list):
        return [_value(each) for each in text]
    return float(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else text


def read_pair(arguments: argparse.Namespace) -> tuple[Case, Model]:
    """The case and the model, checked against each other; errors of both files are told together."""
    from attribution.reading import read_case, read_model, read_pair_errors

    problems = Problems()
    case = problems.attempt(lambda: read_case(arguments.case))
    if case is None:
        named = arguments.model if arguments.model.endswith(".yaml") else str(beside(Path(arguments.case)))
        if Path(named).is_file():
            problems.attempt(lambda: read_model(named))
        problems.settle()
    assert case is not None
    model = read_model(model_of(case, arguments))
    read_pair_errors(case, model)
    return case, model


def fit_few(case: Case, model: Model, log2_points: int) -> Posterior:
    """The posterior by the instant engine from few points of each scramble: a direction, or an answer at a prompt."""
    from attribution.inference.fit import fit_under
    from attribution.inference.settings import Sampling, Settings

    return fit_under(case, model, Settings(engine="importance", sampling=Sampling(log2_points=log2_points)))


def beside(case: Path) -> Path:
    """The model that `new` writes beside a case file."""
    return case.with_name(f"{case.stem}-baseline.yaml")


def model_of(case: Case, arguments: argparse.Namespace) -> str:
    """The model as it was named, else the one that `new` wrote beside the case, else the shipped baseline.

    Raises
    ------
    UsageError
        A case of one's own without a model.
    """
    from attribution.reading import shipped_cases

    if arguments.model:
        return model_name(case.id, arguments.model)
    home = Path(arguments.case)
    if home.suffix not in (".yaml", ".xlsx"):
        return model_name(case.id, "baseline")
    model = beside(home)
    if model.exists():
        return str(model)
    if case.id in shipped_cases():
        return model_name(case.id, "baseline")
    raise UsageError(
        f"there is no model {model}.",
        allowed="a model of the case: --model FILE.yaml",
        hint=f"attribution new {case.id} -o FOLDER writes one to start from",
    )


def model_name(case: str, typed: str) -> str:
    """``baseline`` is the shipped model of the case; ``other/baseline`` and paths stay what they are."""
    return typed if "/" in typed or typed.endswith(".yaml") else f"{case}/{typed}"


def posterior_of(arguments: argparse.Namespace) -> Posterior:
    """A saved run where a ``.nc`` file was named, else a fit."""
    if arguments.case.endswith(".nc"):
        from attribution.inference.posterior import load_posterior

        return load_posterior(arguments.case)
    from attribution.inference.fit import fit

    case, model = read_pair(arguments)
    with working(f"fitting {case.id} under {model.id} ({arguments.engine})"):
        return fit(
            case,
            model,
            engine=arguments.engine,
            random_seed=arguments.seed,
            as_of=arguments.as_of,
            progressbar=False,
        )


def rivals_of(posterior: Posterior, arguments: argparse.Namespace | None = None) -> tuple[Posterior, ...]:
    """Other models of the case, fitted instantly, for the page that compares them: those named, else those at hand.

    Raises
    ------
    UsageError
        Two models of one name.
    """
    from attribution.inference.fit import fit_under
    from attribution.inference.settings import Sampling
    from attribution.reading import read_model, read_pair_errors

    case, few = posterior.case, Sampling(log2_points=_LOG2_POINTS)
    settings = replace(posterior.settings, engine="importance", sampling=few)
    known, rivals = {posterior.model.id}, []
    for name in rival_names(posterior, arguments):
        try:
            model = read_model(name)
            read_pair_errors(case, model)
        except InputError as error:
            if name.endswith(".yaml") and not (arguments and arguments.rival):  # only found, not asked for
                print(f"left out as a rival: {error}", file=sys.stderr)
                continue
            raise
        if model.id in known:
            raise UsageError(
                f'two of the models are called "{model.id}".', allowed="a name each", hint="give one of them an `id:`"
            )
        known.add(model.id)
        rivals.append(fit_under(case, model, settings))
    return tuple(rivals)


def rival_names(posterior: Posterior, arguments: argparse.Namespace | None) -> list[str]:
    """What other models of the case are called: as typed, else files beside the one in question, else shipped ones."""
    from attribution.reading import shipped_cases, shipped_models

    case = posterior.case
    if arguments is not None and arguments.rival:
        return [model_name(case.id, typed) for typed in arguments.rival]
    if arguments is not None and not arguments.case.endswith(".nc"):
        named = model_of(case, arguments)
        if named.endswith(".yaml"):
            return models_beside(case, Path(named))
    if case.id not in shipped_cases():
        return []
    return [f"{case.id}/{name}" for name in shipped_models(case.id) if name != posterior.model.id]


def models_beside(case: Case, model: Path) -> list[str]:
    """The models of the case in the folder of one of them, by their first lines; of the case that they extend, too."""
    heads = {file.stem: _head(file) for file in sorted(model.parent.glob("*.yaml"))}
    found = []
    for stem, head in heads.items():
        extended = heads.get(head.get("extends", ""), {})
        about = head.get("case", extended.get("case"))
        if stem != model.stem and about == case.id and head.get("format", "").startswith("attribution-model/"):
            found.append(str(model.parent / f"{stem}.yaml"))
    return found


def _head(file: Path) -> dict[str, str]:
    """What a file says that it is; nothing where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(re.findall(r"^(format|case|extends):[ ]*[\"']?([^\s\"'#]+)", text, re.MULTILINE))


def command_of(posterior: Posterior, arguments: argparse.Namespace, *flags: str) -> str:
    """The command that gives the same report from the same files; empty for a run, which stands alone."""
    if arguments.case.endswith(".nc"):
        return ""
    names = rival_names(posterior, arguments)
    rivals = [part for name in names for part in ("--rival", name.removeprefix(f"{posterior.case.id}/"))]
    settings = posterior.settings
    shipped = not arguments.rival and not any(name.endswith(".yaml") for name in names)
    parts = [
        "attribution",
        "report",
        arguments.case,
        "--model",
        model_of(posterior.case, arguments).removeprefix(f"{posterior.case.id}/"),
        *(() if shipped else rivals),
        "--engine",
        settings.engine,
        "--seed",
        str(settings.random_seed),
        *(("--as-of", str(settings.as_of)) if settings.as_of else ()),
        *flags,
    ]
    return shlex.join(parts)
