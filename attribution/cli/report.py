"""`attribution fit | report | reports | casebook`: posteriors, and the pages about them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.atomic import check_writable
from attribution.cli.inputs import command_of, posterior_of, rivals_of
from attribution.cli.output import Table, show, working
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.model import Model
from attribution.errors import UsageError
from attribution.parallel import another, each, processes
from attribution.reporting import REPORT_SUFFIXES

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior
    from attribution.inference.posterior_draws import Standing
    from attribution.inference.settings import Engine
    from attribution.reporting.write import Prepared

_SAME = "unchanged within Monte Carlo error"
_COLUMNS = ("prior", "probability", "mcse", "low", "high", "words")


def fit(arguments: argparse.Namespace) -> int:
    """Fit, print the posterior, save it where asked; exit code 1 where the fit cannot be trusted."""
    from attribution.inference.concerns import impossible_evidence

    posterior = posterior_of(arguments)
    if arguments.output:
        posterior.save(arguments.output)
    doubts = _doubts(posterior)
    tables = _tables(posterior) if arguments.format == "text" else _marked(posterior, doubts)
    show([*tables, *(_beside(posterior, arguments) if arguments.rival else [])], arguments.format)
    if arguments.format == "text":
        print(f"\n{posterior!r}")
    for doubt in doubts:
        print(f"not to be trusted: {doubt.what}\n  remedy: {doubt.remedy}", file=sys.stderr)
    for warning in impossible_evidence(posterior):
        print(f"warning: {warning}", file=sys.stderr)
    if arguments.output:
        print(f"saved: {arguments.output}", file=sys.stderr)
    return 1 if doubts else 0


def report(arguments: argparse.Namespace) -> int:
    """Write the report and print its bottom line; exit code 1 where its checks do not pass."""
    if not arguments.output:
        check_writable(Path("reports") / "report", "a report")
    form = _one_form(arguments.output, arguments.format)
    posterior = posterior_of(arguments)
    flags = {True: ["--sensitivity"], False: ["--no-sensitivity"], None: []}[arguments.sensitivity]
    with working("rival models"):
        rivals = rivals_of(posterior, arguments)
    prepared = prepared_report(
        posterior, arguments.sensitivity, rivals, command=command_of(posterior, arguments, *flags)
    )
    base = Path("reports") / posterior.case.id / posterior.model.id
    suffixes = [form] if form else REPORT_SUFFIXES
    paths = [arguments.output] if arguments.output else [base.with_suffix(suffix) for suffix in suffixes]
    if arguments.output or form:
        prepared.write(*paths)
        same = False
    else:
        same = not _renewed(base, prepared.texts())
    print(prepared.bottom_line)
    for path in paths:
        print(f"{_SAME if same else 'written'}: {path}")
    if prepared.gate.passed:
        return 0
    print("checks not passed:", *(f"  - {reason}" for reason in prepared.gate.reasons), sep="\n", file=sys.stderr)
    if posterior.settings.engine != "nuts":
        print("--engine nuts, the default, compares both engines and adds the sensitivity analysis", file=sys.stderr)
    return 1


def _renewed(base: Path, texts: Mapping[str, str]) -> bool:
    """Write the forms of a report, by suffix, unless those that are there say the same; whether they were written."""
    from attribution.atomic import write_texts
    from attribution.reporting.settled import settled

    paths = {suffix: base.with_suffix(suffix) for suffix in texts}
    there = {suffix: path.read_text("utf-8", "replace") for suffix, path in paths.items() if path.is_file()}
    if settled(there, texts):
        return False
    write_texts({paths[suffix]: text for suffix, text in texts.items()})
    return True


def _one_form(output: Path | None, form: str | None) -> str:
    """The suffix of the one form that was asked for, refused before any work where it cannot be; or nothing."""
    suffix = output.suffix if output else f".{form}" if form else ""
    if form and suffix != f".{form}":
        raise UsageError(f'--format {form} cannot be written to "{output}".', allowed=f"a file ending in .{form}")
    if suffix == ".docx":
        from attribution.reporting.docx import require_docx

        require_docx()
    return suffix


def reports(arguments: argparse.Namespace) -> int:
    """Write the report of every shipped case under every model for it that says something new, and their index."""
    from attribution.atomic import write_text
    from attribution.reading import shipped_cases
    from attribution.reporting.index import index

    known = shipped_cases()
    for name in arguments.cases:
        if name not in known:
            raise UsageError.unknown("shipped cases", name, known)
    folder, pairs = arguments.output, list(_pairs(arguments.cases))

    def keep(position: int, finished: _Report) -> None:
        case, model = pairs[position]
        if not _renewed(folder / case.id / model.id, finished.texts):
            print(f"{case.id}/{model.id}: {_SAME}", file=sys.stderr)
        print(f"{case.id}/{model.id}: {finished.summary}")

    work = partial(_report, engine=arguments.engine, random_seed=arguments.seed, sensitivity=arguments.sensitivity)
    with processes(arguments.workers) as executor:
        each(work, pairs, executor=executor, done=keep)
    write_text(folder / "README.md", index(folder))
    print(f"written: {folder / 'README.md'}", file=sys.stderr)
    return 0


@dataclass(frozen=True, slots=True)
class _Report:
    """A report as it travels: the text of each form by suffix, and a line about it."""

    texts: dict[str, str]
    summary: str


def _report(pair: tuple[Case, Model], *, engine: Engine, random_seed: int, sensitivity: bool | None) -> _Report:
    """In a worker: the texts of one report. They are written where they are gathered."""
    from attribution.inference.fit import fit as fit_model

    case, model = pair
    with working(f"{case.id}/{model.id}"):
        posterior = fit_model(case, model, engine=engine, random_seed=random_seed, progressbar=False)
        prepared = prepared_report(posterior, sensitivity, rivals_of(posterior))
        texts = prepared.texts()
    return _Report(texts, f"{prepared.gate.stamp}. {prepared.bottom_line}")


def casebook(arguments: argparse.Namespace) -> int:
    """Fit all cases under all their models as of chosen days, and write the index; exit code 1 where a fit failed."""
    from attribution.analysis.comparison.casebook import casebook as work_out
    from attribution.reporting.casebook import write_casebook

    pairs = list(_pairs(arguments.cases))
    with (
        working(f"fitting {len(pairs)} models of {len({case.id for case, _ in pairs})} cases"),
        processes(arguments.workers) as executor,
    ):
        book = work_out(pairs, engine=arguments.engine, random_seed=arguments.seed, executor=executor)
    written = write_casebook(book, arguments.output)
    print(book)
    for path in written:
        print(f"written: {path}")
    doubts = book.unreliable()
    print(*doubts, sep="\n", end="\n" if doubts else "")
    return 1 if doubts else 0


def prepared_report(
    posterior: Posterior, sensitivity: bool | None, rivals: tuple[Posterior, ...], *, command: str = ""
) -> Prepared:
    """What the report of a posterior says, beside other models of its case.

    `sensitivity` asks for the sensitivity analysis or does without; where None, it is worked out only where the report
    could pass its checks with it. `command` is what its reader would type; by default what its content tells.
    """
    from attribution.reporting.write import prepare

    wanted = posterior.settings.engine == "nuts" if sensitivity is None else sensitivity
    if not wanted:
        return prepare(posterior, rivals=rivals, command=command)
    from attribution.analysis.sensitivity import sensitivity as work_out

    with working("sensitivity"), another("attribution.analysis.sensitivity") as executor:
        found = work_out(posterior, rivals, executor=executor)
        return prepare(posterior, rivals=rivals, sensitivity=found, command=command)


def _tables(posterior: Posterior) -> list[Table]:
    scenarios = posterior.scenario_ranking() if posterior.case.roles else ()
    return [
        _table("factions", "faction", posterior.ranking),
        *([_table("scenarios", "scenario", scenarios)] if scenarios else []),
        _table("groups", "group", posterior.group_standings),
        _table("facts", "fact", posterior.state_standings),
    ]


def _doubts(posterior: Posterior) -> tuple[Concern, ...]:
    """What stops the fit from being trusted."""
    if posterior.trustworthy:
        return ()
    return tuple(one for one in posterior.concerns() if one.topic == "fit" and one.severity == "blocking")


def _marked(posterior: Posterior, doubts: tuple[Concern, ...]) -> list[Table]:
    """The tables for other programs, which read no paragraph: every row says whether the fit is to be trusted."""
    verdict = "not to be trusted" if doubts else "sound"
    tables = [
        Table(table.title, (*table.columns, "fit"), tuple((*row, verdict) for row in table.rows))
        for table in _tables(posterior)
    ]
    reasons = tuple((doubt.what, doubt.means, doubt.remedy) for doubt in doubts)
    return [*tables, Table("not to be trusted", ("what", "means", "remedy"), reasons)] if doubts else tables


def _beside(posterior: Posterior, arguments: argparse.Namespace) -> list[Table]:
    """Probabilities under each model, side by side."""
    every = (posterior, *rivals_of(posterior, arguments))
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (standing.id, *(one.standings[position].probability for one in every))
        for position, standing in enumerate(posterior.standings)
    )
    return [Table("models", ("faction", *(one.model.id for one in every)), rows)]


def _table(title: str, first: str, standings: tuple[Standing, ...]) -> Table:
    rows = tuple((standing.id, *(getattr(standing, column) for column in _COLUMNS)) for standing in standings)
    return Table(title, (first, *_COLUMNS), rows)


def _pairs(names: list[str]) -> Iterator[tuple[Case, Model]]:
    """Every shipped model of every case, checked against it; of all shipped cases where none is named."""
    from attribution.reading import read_case, read_model, read_pair_errors, shipped_cases, shipped_models

    for name in names or shipped_cases():
        case = read_case(name)
        for model in shipped_models(case.id):
            assumed = read_model(f"{case.id}/{model}")
            read_pair_errors(case, assumed)
            yield case, assumed
