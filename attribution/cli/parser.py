"""What can be typed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from attribution.cli.archive import add_archive
from attribution.cli.inputs import FORMATS, add_format, add_seed, add_workers, output_folder, output_path, parse_set
from attribution.cli.tempo import add_tempo
from attribution.errors import CaseError, UsageError, did_you_mean
from attribution.reporting import REPORT_FORMS, REPORT_SUFFIXES

if TYPE_CHECKING:
    from attribution.domain.moments import Moment

_COMMANDS = (
    "new", "recipes", "import", "export", "check", "fit", "report", "reports", "sensitivity", "sweep", "compare",
    "casebook", "schema", "archive", "tempo", "elicit", "docs",
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises our errors, so that there is one way to fail."""

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        if "invalid choice: " in message:
            typed = message.split("invalid choice: ")[1].split("'")[1]
            hint = did_you_mean(typed, (*_COMMANDS, *FORMATS)) or hint
        raise UsageError(message.rstrip(".") + ".", hint=hint)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Arguments with `run`, the function of the chosen command.

    Raises
    ------
    UsageError
        An unknown command or option, or a value that cannot be.
    """
    chosen = _build().parse_args(arguments)
    module, function = chosen.target
    chosen.run = getattr(import_module(f"attribution.cli.{module}"), function)
    return chosen


def _build() -> _Parser:
    from attribution._version import __version__

    parser = _Parser(
        prog="attribution",
        description="Who probably did it, how sure are we, what does it rest on, what would change our mind?",
        epilog="Exit codes: 0 fine, 1 not trustworthy or checks failed, 2 bad input, 3 internal error, 130 interrupt.",
    )
    parser.add_argument("--version", action="version", version=f"attribution {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_new(commands)
    _add_recipes(commands)
    _add_import(commands)
    _add_export(commands)
    _add_check(commands)
    _add_elicit(commands)
    _add_fit(commands)
    _add_report(commands)
    _add_sensitivity(commands)
    _add_sweep(commands)
    _add_reports(commands)
    _add_compare(commands)
    _add_casebook(commands)
    _add_schema(commands)
    add_archive(commands)
    add_tempo(commands)
    _add_docs(commands)
    return parser


type _Commands = argparse._SubParsersAction[_Parser]


def _add_new(commands: _Commands) -> None:
    new = commands.add_parser("new", help="write a commented case and model to start from")
    new.add_argument("id", metavar="CASE-ID", help="small letters, digits, hyphens")
    new.add_argument(
        "-o", "--output", metavar="FOLDER", type=output_folder, default=".", help="where to write (default: here)"
    )
    new.add_argument("--workbook", action="store_true", help="the case as a workbook (.xlsx)")
    new.add_argument(
        "--incident", metavar="KIND", default="", help="cyber, drone, bombing, shooting, other (asked at a terminal)"
    )
    new.add_argument(
        "--recipe", metavar="NAME", default="", help="whose assumptions to start from: attribution recipes lists them"
    )
    new.set_defaults(target=("start", "new"))


def _add_recipes(commands: _Commands) -> None:
    parser = commands.add_parser("recipes", help="what the shipped assumptions mean, entry by entry, with reasons")
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help="one of them, with its numbers")
    parser.add_argument("entry", metavar="ENTRY", nargs="?", default="", help="one of its entries")
    add_format(parser)
    parser.set_defaults(target=("start", "recipes"))


def _add_import(commands: _Commands) -> None:
    parser = commands.add_parser("import", help="write a workbook, or a matrix of competing hypotheses, as YAML")
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a workbook (.xlsx), or hypotheses in columns with CC, C, N, I, II (.csv)",
    )
    parser.add_argument("--date", metavar="DATE", default="", help="day of the incident, which a matrix does not say")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=output_folder, default=Path(), help="where to write (default: here)"
    )
    parser.set_defaults(target=("case", "import_case"))


def _add_export(commands: _Commands) -> None:
    parser = commands.add_parser("export", help="write a case as a workbook, or as a matrix of competing hypotheses")
    _add_case(parser, "CASE")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        type=output_path("a case", ".xlsx", ".csv"),
        help=".xlsx, or .csv for a matrix",
    )
    parser.set_defaults(target=("case", "export_case"))


def _add_check(commands: _Commands) -> None:
    check = commands.add_parser(
        "check", help="say what is missing for an honest answer, what matters most first, and what the numbers imply"
    )
    _add_case(check, "CASE")
    add_format(check)
    check.set_defaults(target=("check", "check"))


def _add_elicit(commands: _Commands) -> None:
    elicit = commands.add_parser(
        "elicit", help="walk through the numbers of a model, those first on which the answer depends most"
    )
    elicit.add_argument("model", metavar="MODEL", help="a model of your own, ending in .yaml; with -o a shipped one")
    elicit.add_argument(
        "case", metavar="CASE", nargs="?", default="", help="default: beside the model, or the shipped one it names"
    )
    elicit.add_argument(
        "--deception", action="store_true", help="instead the deception checklist, which proposes `forged` and `staged`"
    )
    elicit.add_argument(
        "-o", "--output", metavar="FILE.yaml", type=output_path("a model", ".yaml"), help="write onto a new file"
    )
    elicit.set_defaults(target=("elicit", "elicit"))


def _add_fit(commands: _Commands) -> None:
    fit = commands.add_parser("fit", help="compute the posterior and print it")
    _add_case(fit, "CASE")
    _add_rivals(fit)
    _add_engine(fit)
    fit.add_argument("-o", "--output", metavar="RUN.nc", type=output_path("a run", ".nc"), help="save the run")
    add_format(fit)
    fit.set_defaults(target=("report", "fit"))


def _add_report(commands: _Commands) -> None:
    report = commands.add_parser("report", help="write the report as HTML, JSON and Markdown")
    _add_case(report, "CASE|RUN.nc")
    _add_rivals(report)
    _add_engine(report)
    report.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_path("a report", *REPORT_FORMS),
        help="one file, .html, .json, .md or .docx (default: reports/CASE/MODEL.*, without .docx)",
    )
    report.add_argument(
        "--format",
        choices=tuple(suffix[1:] for suffix in REPORT_FORMS),
        help="one form only, under reports/CASE/ unless -o says where",
    )
    _add_whether_sensitivity(report)
    report.set_defaults(target=("report", "report"))


def _add_reports(commands: _Commands) -> None:
    reports = commands.add_parser("reports", help="write the report of every shipped case and model, and their index")
    reports.add_argument("cases", metavar="CASE", nargs="*", help="shipped cases (default: all)")
    _add_engine(reports, as_of=False)
    _add_whether_sensitivity(reports)
    reports.add_argument(
        "-o", "--output", metavar="FOLDER", type=output_folder, default="reports", help="default: reports"
    )
    add_workers(reports, "reports")
    reports.set_defaults(target=("report", "reports"))


def _add_whether_sensitivity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sensitivity",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="work out what would change the answer, which no report passes its checks without (default: with nuts)",
    )


def _add_sensitivity(commands: _Commands) -> None:
    sensitivity = commands.add_parser("sensitivity", help="what the answer rests on, and what would change it")
    _add_case(sensitivity, "CASE|RUN.nc")
    _add_rivals(sensitivity)
    _add_engine(sensitivity)
    sensitivity.add_argument(
        "--by",
        choices=("origin", "source", "institution", "cluster", "item", "fact"),
        default="origin",
        help="what is left out one by one (default: origin)",
    )
    sensitivity.add_argument(
        "--max-removed", type=int, metavar="N", help="look at all sets of at most N of these, not at sets of clusters"
    )
    sensitivity.add_argument("--refit", action="store_true", help="fit again what the stored draws cannot reach")
    sensitivity.add_argument(
        "--as-saved", action="store_true", help="analyse a run although its case or model file changed since"
    )
    sensitivity.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_path("an analysis", ".json", ".csv", ".md"),
        help="write it too: .json, .csv or .md",
    )
    add_format(sensitivity)
    sensitivity.set_defaults(target=("sensitivity", "sensitivity"))


def _add_sweep(commands: _Commands) -> None:
    sweep = commands.add_parser("sweep", help="the answer under many grades, numbers and priors")
    _add_case(sweep, "CASE")
    sweep.add_argument(
        "--set",
        action="append",
        required=True,
        metavar="PATH=VALUES",
        type=parse_set,
        help="perpetrator.other=0.01,0.1 or evidence.halt.grade=A1,B2,off; all combinations are tried",
    )
    sweep.add_argument(
        "--n", type=int, metavar="N", help="so many random settings: PATH=[low,best,high], or PATH for its own range"
    )
    _add_engine(sweep, default="importance")
    add_workers(sweep, "settings")
    sweep.add_argument(
        "-o", "--output", metavar="FILE.csv", type=output_path("a table", ".csv"), help="write all rows too"
    )
    add_format(sweep)
    sweep.set_defaults(target=("sweep", "sweep"))


def _add_compare(commands: _Commands) -> None:
    compare = commands.add_parser(
        "compare", help="split the difference of two answers into evidence, grades, tables and priors"
    )
    side = "RUN.nc, CASE, CASE/MODEL or a path; @DATE after it for what was known then"
    compare.add_argument("first", metavar="A", help=side)
    compare.add_argument("second", metavar="B", help="the same")
    compare.add_argument("--model", metavar="M", default="baseline", help="the model where A or B names none")
    compare.add_argument("--model-b", metavar="M", default="", help="the model where B names none (default: --model)")
    _add_engine(compare, default="importance", as_of=False)
    compare.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_path("a comparison", *REPORT_SUFFIXES),
        help="a page as well: .html, .json or .md",
    )
    add_format(compare)
    compare.set_defaults(target=("sensitivity", "compare"))


def _add_casebook(commands: _Commands) -> None:
    book = commands.add_parser("casebook", help="all cases as of chosen days, against what was settled later")
    book.add_argument("cases", metavar="CASE", nargs="*", help="shipped names (default: all that ship)")
    _add_engine(book, default="importance", as_of=False)
    book.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=output_folder,
        default="reports/casebook",
        help="default: reports/casebook",
    )
    add_workers(book, "models of cases")
    book.set_defaults(target=("report", "casebook"))


def _add_schema(commands: _Commands) -> None:
    schema = commands.add_parser("schema", help="print the JSON Schema of a file format, for editors")
    known = (
        "case",
        "model",
        "grading",
        "mapping",
        "prior",
        "recipe",
        "report",
        "comparison",
        "casebook",
        "tempo",
        "tempo-model",
    )
    schema.add_argument("what", choices=known)
    schema.set_defaults(target=("case", "schema"))


def _add_docs(commands: _Commands) -> None:
    docs = commands.add_parser("docs", help="open the documentation in a browser, without a network")
    docs.add_argument(
        "--open", action=argparse.BooleanOptionalAction, default=True, help="or only say where it is (--no-open)"
    )
    docs.set_defaults(target=("docs", "docs"))


def _add_case(parser: argparse.ArgumentParser, metavar: str) -> None:
    parser.add_argument("case", metavar=metavar, help="a shipped name such as tower-22, or a path")
    parser.add_argument(
        "--model",
        metavar="M",
        default="",
        help="a shipped name, or a path ending in .yaml (default: baseline, or CASE-baseline.yaml beside a file)",
    )


def _add_rivals(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rival",
        action="append",
        default=[],
        metavar="M",
        help="another model of the case to stand beside it, several times (default: models in the folder of the one "
        "in question, or shipped ones)",
    )


def _add_engine(parser: argparse.ArgumentParser, *, default: str = "nuts", as_of: bool = True) -> None:
    parser.add_argument(
        "--engine",
        choices=("nuts", "importance"),
        default=default,
        help=f"nuts: of record, seconds; importance: instant (default: {default})",
    )
    add_seed(parser)
    if as_of:
        parser.add_argument(
            "--as-of", type=_moment, metavar="DATE", help="use only what was published by this day, or minute"
        )


def _moment(text: str) -> Moment:
    from attribution.domain.moments import Moment

    try:
        return Moment.parse(text)
    except CaseError as error:
        raise argparse.ArgumentTypeError(f"{error.what} Allowed: {error.allowed}") from None
