"""What can be typed after `attribution archive`."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_archive[P: argparse.ArgumentParser](commands: argparse._SubParsersAction[P], formats: tuple[str, ...]) -> None:
    """The command `archive` with its own commands."""
    archive = commands.add_parser("archive", help="learn from past events: who attacks where, with what, how often")
    kinds = archive.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(archive))

    def command(name: str, help: str) -> argparse.ArgumentParser:
        parser = kinds.add_parser(name, help=help)
        parser.set_defaults(target=("archive_learn" if name in ("fit", "predict") else "archive", name))
        return parser

    _add_check(command, formats)
    _add_describe(command, formats)
    _add_backtest(command, formats)
    _add_fit(command)
    _add_predict(command)
    _add_prior(command)


type _Command = Callable[[str, str], argparse.ArgumentParser]


def _add_check(command: _Command, formats: tuple[str, ...]) -> None:
    check = command("check", "read a table of events, say what is in it and what is doubtful")
    add_events(check)
    check.add_argument("--format", choices=formats, default="text", help="default: text")


def _add_describe(command: _Command, formats: tuple[str, ...]) -> None:
    from attribution.cli.archive_describe import add_describe

    describe = command("describe", "how long the past counts, how far it reaches, what each faction is known for")
    describe.set_defaults(target=("archive_describe", "describe"))
    add_events(describe)
    add_describe(describe, formats)


def _add_backtest(command: _Command, formats: tuple[str, ...]) -> None:
    from attribution.cli.archive_backtest import add_backtest

    backtest = command("backtest", "forecast past events forward in time, and score the forecasts")
    backtest.set_defaults(target=("archive_backtest", "backtest"))
    add_events(backtest)
    add_backtest(backtest, formats)


def _add_fit(command: _Command) -> None:
    fit = command("fit", "learn what place, time and features say about who it was, and keep it")
    add_events(fit)
    fit.add_argument("-o", "--output", metavar="MODEL.json", help="keep what was learned")
    fit.add_argument(
        "--nuts", action="store_true", help="draw the discounts by NUTS (a minute), not from a normal distribution"
    )
    _add_learning(fit)


def _add_predict(command: _Command) -> None:
    predict = command("predict", "who may have carried out the events of which nobody, or only an umbrella, is known")
    add_events(predict)
    predict.add_argument("--archive-model", metavar="MODEL.json", help="from `archive fit`; default: fit now")
    predict.add_argument(
        "-o", "--output", metavar="FILE", default="predictions.csv", help=".csv or .parquet (default: predictions.csv)"
    )
    _add_learning(predict)


def _add_learning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--least", type=int, default=20, metavar="N", help="events a candidate needs (default: 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")


def _add_prior(command: _Command) -> None:
    prior = command("prior", "write what past events say about a case, as a prior that a model can name")
    prior.add_argument("case", metavar="CASE", help="a shipped name such as tower-22, or a path")
    add_events(prior)
    prior.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    prior.add_argument("-o", "--output", metavar="FILE.yaml", help="default: models/CASE/priors/EVENTS.yaml")


def add_events(parser: argparse.ArgumentParser) -> None:
    """The table, and how it is to be read."""
    parser.add_argument("events", metavar="EVENTS", help="a shipped name, or a .csv, .csv.gz, .tsv, .parquet or .xlsx")
    parser.add_argument(
        "--mapping",
        metavar="MAP",
        help="a shipped name (gtd, ucdp-ged, acled, rand), or a path ending in .yaml; default: the name of the table",
    )
