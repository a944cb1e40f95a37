"""`attribution tempo`: a series of attacks in, whether strikes, halts and truces changed it out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.atomic import check_writable
from attribution.cli.inputs import add_format, add_seed, output_path
from attribution.cli.output import Table, show, working
from attribution.errors import InputError, UsageError

if TYPE_CHECKING:
    from attribution.campaign.posterior import TempoPosterior
    from attribution.campaign.predictive import FutureScores
    from attribution.domain.concern import Concern
    from attribution.domain.numbers import Number

SUFFIXES = (".html", ".json", ".md")


def add_tempo[P: argparse.ArgumentParser](commands: argparse._SubParsersAction[P]) -> None:
    """The command `tempo` with its own commands."""
    tempo = commands.add_parser("tempo", help="did strikes, halts and truces change how often attacks came?")
    kinds = tempo.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(tempo))

    def command(name: str, help: str) -> argparse.ArgumentParser:
        parser = kinds.add_parser(name, help=help)
        parser.set_defaults(target=("tempo", name))
        parser.add_argument("series", metavar="FILE", help="a shipped series, or the path of a tempo file")
        parser.add_argument("--observer", metavar="NAME", help="whose counts; default: the first")
        parser.add_argument("--assumptions", default="standard", metavar="NAME", help="default: standard")
        add_seed(parser)
        return parser

    check = command("check", "simulate placebos and known effects on these dates, before any fit")
    check.add_argument("--simulations", type=int, default=20, metavar="N", help="worlds of each truth; default: 20")
    add_format(check)
    fit = command("fit", "effects of the interventions by NUTS, and what cannot be told")
    fit.add_argument(
        "--placebos",
        type=int,
        default=0,
        metavar="N",
        help="halts that never were, put on so many other days; default: 0",
    )
    fit.add_argument(
        "--break-within", nargs=2, metavar=("FIRST", "LAST"), help="when did it break, if once between these days?"
    )
    add_format(fit)
    report = command("report", "the answer as a page, as Markdown or as JSON")
    report.add_argument(
        "-o", "--output", type=output_path("a tempo report", *SUFFIXES), action="append", metavar="FILE",
        help="file ending in .html, .md or .json; may be given again (default: reports/tempo/FILE.html, .md and .json)",
    )  # fmt: skip
    for each in (fit, report):
        each.add_argument(
            "--forecasts", action="store_true", help="score forecasts against a model without interventions (minutes)"
        )
    prior = command("prior", "what a stop says about pressure and about who did it, as a table for a model")
    prior.add_argument("--window", nargs=2, required=True, metavar=("FIRST", "LAST"), help="the days without an attack")
    prior.add_argument(
        "--share", action="append", default=[], metavar="FACTION=LOW,BEST,HIGH",
        help="share of a faction in the campaign; may be given again",
    )  # fmt: skip
    prior.add_argument("--cut", metavar="LOW,BEST,HIGH", default="0.8,0.9,0.97", help="by how much all cut, if pressed")
    prior.add_argument("--halted", metavar="FACTION", action="append", default=[], help="announced a halt, whoever led")
    prior.add_argument("--fact", metavar="NAME", default="attacks-stopped", help="default: attacks-stopped")
    prior.add_argument("--given", metavar="FACT", default="tehran-pressure", help="default: tehran-pressure")
    for each in (fit, report, prior):
        each.add_argument("--draws", type=int, default=800, metavar="N", help="draws of each of 4 chains; default: 800")


def check(arguments: argparse.Namespace) -> int:
    """Print what a design could show; exit code 1 where a doubt blocks."""
    from attribution.campaign.check import check_tempo
    from attribution.campaign.reading import read_tempo

    series = read_tempo(arguments.series)
    with working(f"simulating on the dates of {series.id}"):
        found = check_tempo(
            series, arguments.assumptions, observer=arguments.observer,
            simulations=arguments.simulations, random_seed=arguments.seed,
        )  # fmt: skip
    columns = ("intervention", "true ratio", "5 %", "median", "95 %", "looks like a fall", "looks like a rise")
    rows = tuple(
        (row.intervention, row.truth, row.low, row.median, row.high, row.falls, row.rises) for row in found.rows
    )
    show([Table("what these dates can show", columns, rows), _concerns(found.concerns)], arguments.format)
    if arguments.format == "text":
        print(f"\n{found}")
    return 1 if any(one.severity == "blocking" for one in found.concerns) else 0


def fit(arguments: argparse.Namespace) -> int:
    """Print effects, kinds and joint effects; exit code 1 where a doubt blocks."""
    posterior = _fitted(arguments)
    concerns, forecasts = posterior.concerns(), _forecasts(arguments, posterior)
    show([*_tables(posterior), _concerns(concerns)], arguments.format)
    if arguments.format == "text":
        print(f"\n{posterior}\n{posterior.averted() if posterior.interventions else ''}")
        if arguments.break_within:
            first, last = arguments.break_within
            print(posterior.break_date((first, last)))
        if arguments.placebos:
            print(posterior.placebo(arguments.placebos))
        print(posterior.predictive_check)
        if forecasts:
            print(forecasts)
    return 1 if any(one.severity == "blocking" for one in concerns) else 0


def report(arguments: argparse.Namespace) -> int:
    """Write the page; exit code 1 where a doubt blocks."""
    from attribution.reporting.tempo import write_tempo

    folder = Path("reports/tempo")
    if not arguments.output:
        check_writable(folder / "report", "a tempo report")
    posterior = _fitted(arguments)
    outputs = arguments.output or [folder / f"{posterior.tempo.id}{suffix}" for suffix in SUFFIXES]
    concerns = write_tempo(posterior, outputs, forecasts=_forecasts(arguments, posterior))
    for output in outputs:
        print(f"written: {output}", file=sys.stderr)
    return 1 if any(one.severity == "blocking" for one in concerns) else 0


def prior(arguments: argparse.Namespace) -> int:
    """Print the table of a stop, to be reviewed and pasted into a model."""
    from attribution.campaign.bridge import stopped

    shares = {}
    for text in arguments.share:
        name, equals, numbers = text.partition("=")
        if not equals or not name:
            raise UsageError(f'--share is "{text[:80]}".', allowed="FACTION=LOW,BEST,HIGH")
        shares[name] = _triple(numbers, "--share")
    cut = _triple(arguments.cut, "--cut")
    first, last = arguments.window
    found = stopped(_fitted(arguments), (first, last), shares, pressed_cut=cut, halted=arguments.halted)
    print(found.text(arguments.fact, arguments.given), end="")
    print(found, file=sys.stderr)
    return 0


def _triple(text: str, option: str) -> Number:
    from attribution.domain.numbers import Number

    try:
        low, best, high = (float(part) for part in text.split(","))
        return Number(low, best, high)
    except (ValueError, InputError) as error:
        raise UsageError(
            f'{option} is "{text[:80]}", which is no triple.',
            allowed="LOW,BEST,HIGH between 0 and 1, such as 0.3,0.45,0.65",
        ) from error


def _fitted(arguments: argparse.Namespace) -> TempoPosterior:
    from attribution.campaign.posterior import tempo
    from attribution.campaign.reading import read_tempo

    series = read_tempo(arguments.series)
    with working(f"fitting {series.id}"):
        return tempo(
            series, arguments.assumptions, observer=arguments.observer,
            draws=arguments.draws, random_seed=arguments.seed, progressbar=False,
        )  # fmt: skip


def _forecasts(arguments: argparse.Namespace, posterior: TempoPosterior) -> FutureScores | None:
    if not arguments.forecasts:
        return None
    with working(f"forecasting {posterior.tempo.id}, one interval after the other"):
        return posterior.forecasts()


def _tables(posterior: TempoPosterior) -> list[Table]:
    from attribution.campaign.bridge import halt_clock
    from attribution.campaign.findings import kinds_of

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.3g}"

    effects = tuple(
        (
            one.intervention, one.kind, str(one.date), number(one.low), number(one.ratio), number(one.high),
            number(one.own_low), number(one.own_ratio), number(one.own_high), number(one.own_below),
        )
        for one in posterior.told
        if not one.with_others
    )  # fmt: skip
    pooled = ("intervention", "kind", "date", "low", "ratio", "high", "own low", "own ratio", "own high", "P(fall)")
    joint = tuple(
        (", ".join(one.interventions), number(one.low), number(one.ratio), number(one.high), number(one.first_larger))
        for one in posterior.inseparable
    )
    clock = halt_clock(posterior.tempo, posterior.observer)
    found = [Table("effects: pooled with the kind, and by its own data", pooled, effects)]
    if joint:
        found.append(Table("only together", ("interventions", "low", "ratio", "high", "P(first larger)"), joint))
    kinds = tuple(
        (row.kind, str(row.interventions), number(row.low), number(row.ratio), number(row.high))
        for row in kinds_of(posterior)
    )
    if kinds:
        found.append(Table("kinds", ("kind", "interventions", "low", "typical ratio", "high"), kinds))
    for name, other in posterior.others.items():
        theirs = tuple(
            (one.intervention, number(one.own_low), number(one.own_ratio), number(one.own_high)) for one in other.told
        )
        found.append(Table(f"by the count of {name}, own data", ("intervention", "low", "ratio", "high"), theirs))
    if len(clock):
        rows = tuple(tuple(str(cell) for cell in row) for row in clock.itertuples(index=False))
        found.append(Table("halt clock, by faction", tuple(clock.columns), rows))
    return found


def _concerns(concerns: tuple[Concern, ...]) -> Table:
    rows = tuple((one.severity, one.what, one.means, one.remedy) for one in concerns)
    return Table("concerns", ("severity", "what", "means", "remedy"), rows)
