"""`attribution archive`: past events in, what they say out; what can be typed, the commands, and their tables."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.inputs import add_format, add_seed, add_workers, output_path, refuse_to_overwrite
from attribution.cli.output import Table, concerns_table, counting, first, show, stepping, working
from attribution.domain.verbal import counted
from attribution.errors import EventError, UsageError
from attribution.parallel import processes
from attribution.reporting import ARCHIVE_SUFFIXES

if TYPE_CHECKING:
    from attribution.archive.evaluation.backtest import Backtest
    from attribution.archive.model.fitted import Fitted
    from attribution.archive.model.posterior import CoefficientPosterior
    from attribution.archive.reading.read import Archive
    from attribution.archive.summary.describe import Description, DistinctiveValue
    from attribution.archive.summary.grid import Estimate
    from attribution.domain.concern import Concern


_SIMPLE = "simple"  # of the baselines
_MOST_FACTIONS = 25  # by name on a screen; other programs get all
_MOST_COEFFICIENTS = 12  # of a backtest, on a screen


type _Command = Callable[[str, str], argparse.ArgumentParser]


def add_archive[P: argparse.ArgumentParser](commands: argparse._SubParsersAction[P]) -> None:
    """The command `archive` with its own commands."""
    archive = commands.add_parser("archive", help="learn from past events: who attacks where, with what, how often")
    kinds = archive.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=type(archive))

    def command(name: str, help: str) -> argparse.ArgumentParser:
        parser = kinds.add_parser(name, help=help)
        parser.set_defaults(target=("archive", name))
        return parser

    _add_mapping(command)
    _add_check(command)
    _add_describe(command)
    _add_backtest(command)
    _add_fit(command)
    _add_predict(command)
    _add_prior(command)


def mapping(arguments: argparse.Namespace) -> int:
    """Write a shipped mapping out, to be changed."""
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.atomic import write_text

    text = read_mapping(arguments.name).text
    if arguments.output is None:
        print(text, end="")
        return 0
    refuse_to_overwrite(arguments.output)  # somebody's own may stand there
    write_text(arguments.output, text)
    print(f"written: {arguments.output}\nuse it: attribution archive check EVENTS --mapping {arguments.output}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Read a table of events and print what is in it; exit code 1 where a doubt forbids to learn from it."""
    from attribution.archive.events import LIMITS

    archive = _archive_of(arguments)
    factions = _factions(archive, _MOST_FACTIONS if arguments.format == "text" else None)
    show([_summary(archive), concerns_table(archive.concerns), factions, _columns(archive)], arguments.format)
    if arguments.format == "text":
        print("\n" + "\n".join(LIMITS))
    return 1 if any(concern.severity == "blocking" for concern in archive.concerns) else 0


def describe(arguments: argparse.Namespace) -> int:
    """Print how long the past counts, how far it reaches, and what each candidate is known for, with intervals."""
    from attribution.archive.reading.read import check_learnable
    from attribution.archive.summary.describe import describe as work_out
    from attribution.archive.summary.overview import overview
    from attribution.reporting.archive import write_description

    archive = _archive_of(arguments)
    check_learnable(archive)
    with working(f"describing {archive.file}"):
        found = work_out(archive.events, least=arguments.least, seed=arguments.seed)
    concerns = (*archive.concerns, *found.concerns)
    for output in arguments.output or ():
        write_description(
            found, overview(archive.events), concerns, output,
            title=archive.mapping.title, source=archive.file, sha256=archive.sha256,
        )  # fmt: skip
        print(f"written: {output}", file=sys.stderr)
    known, apart = _known("known for", found.known_for()), _known("apart in a place", found.apart_in_places())
    tables = [_scales(found), known, apart, _pooling(found)]
    show([each for each in tables if each.rows or arguments.format != "text"], arguments.format)
    if arguments.format == "text":
        print("\n" + "\n".join([str(found), *_doubts(archive, *found.concerns), *found.limits]))
    return 1 if any(concern.severity == "blocking" for concern in concerns) else 0


def backtest(arguments: argparse.Namespace) -> int:
    """Forecast the past forward in time; exit code 1 where a doubt forbids to rely on it."""
    from attribution.archive.evaluation.backtest import STOPPED
    from attribution.archive.evaluation.backtest import backtest as work_out
    from attribution.archive.events import LIMITS
    from attribution.reporting.archive import write_backtest

    since, baselines = _date(arguments.since), _baselines(arguments.baselines)
    archive = _archive_of(arguments)
    masked = arguments.protocol == "masked"
    doing = "attributing hidden events" if masked else "forecasting the past, month by month"
    with stepping(first(doing, "two_sided_kernel")) as step, processes(arguments.workers) as executor:
        found = work_out(
            archive.events,
            since=since,
            protocol=arguments.protocol,
            by=arguments.by,
            share=arguments.share,
            baselines=baselines,
            least=arguments.least,
            random_seed=arguments.seed,
            nuts=arguments.nuts,
            progress=lambda name, done, total: step(f"{name}, {done:,} of {total:,}"),
            executor=executor,
        )
    for output in arguments.output or ():
        write_backtest(found, output, title=archive.mapping.title, source=archive.file, sha256=archive.sha256)
        print(f"written: {output}", file=sys.stderr)
    show(_tables(found, _MOST_COEFFICIENTS if arguments.format == "text" else None), arguments.format)
    if arguments.format == "text":
        doubts = _doubts(archive, *found.concerns)
        if arguments.baselines == _SIMPLE:
            doubts.append("These baselines are simple ones; tuned classifiers are harder to beat: --baselines all")
        print("\n" + "\n".join([str(found), str(found.coefficients), *doubts, *LIMITS]))
    if any(concern.topic == STOPPED for concern in found.concerns):
        return 130
    return 1 if any(concern.severity == "blocking" for concern in (*archive.concerns, *found.concerns)) else 0


def fit(arguments: argparse.Namespace) -> int:
    """Learn from an archive, print what its features count, keep it where asked; exit code 1 where chains failed."""
    archive = _archive_of(arguments)
    fitted = _fitted(archive, arguments, nuts=arguments.nuts)
    found = fitted.coefficients
    show([_coefficients_table(f"coefficients ({len(fitted.classes)} candidates)", found)], "text")
    print("\n" + "\n".join([str(found), *(str(concern) for concern in found.concerns)]))
    _tell(archive)
    if arguments.output:
        fitted.save(arguments.output)
        print(f"written: {arguments.output}")
    return 1 if found.concerns else 0


def predict(arguments: argparse.Namespace) -> int:
    """Write posteriors of all events of unknown hand."""
    from attribution.archive.model.fitted import load_fitted
    from attribution.archive.predictions import write_predictions
    from attribution.archive.selection import SWEPT
    from attribution.archive.summary.overview import Gathering
    from attribution.reporting.archive import write_predictions_page

    kept = load_fitted(Path(arguments.archive_model)) if arguments.archive_model else None
    archive = _archive_of(arguments)
    _stop_at_leaks(archive)
    if kept is not None and arguments.past_only and not kept.past_only:
        raise UsageError(
            "the kept model looks at both sides of an event.",
            at=("past-only",),
            allowed="a model fitted with --past-only",
        )
    fitted = kept or _fitted(archive, arguments)
    path = arguments.output
    with counting("predicting") as progress:
        seen = Gathering(archive.events)
        gather = partial(seen.add, classes=fitted.classes) if arguments.page else None
        written = write_predictions(archive, fitted, path, progress, top=arguments.top, gathered=gather)
    rows = tuple((one.faction, *(f"{n:.0f}" for n in (one.events, one.readily, one.seldom))) for one in written.totals)
    show([Table("events given to each", ("candidate", "events", "if labelled readily", "if seldom"), rows)], "text")
    print(f"readily, seldom: were the odds that an attack of its gets a label {SWEPT:g} times as high, or as low")
    _tell(archive)
    stopped = "stopped before the end; " if written.stopped else ""
    print(f"{stopped}{written.events:,} events of unknown hand: {path}")
    print(f"what the file holds: {path.with_suffix('.about.txt')}")
    if arguments.page:
        write_predictions_page(
            written, seen.found(), arguments.page,
            title=archive.mapping.title, source=archive.file, sha256=archive.sha256,
        )  # fmt: skip
        print(f"written: {arguments.page}")
    return 130 if written.stopped else 0


def prior(arguments: argparse.Namespace) -> int:
    """Write what past events say about the incident of a case, from events that were over before its day."""
    from attribution.archive.case_prior import case_prior, limits, prior_text
    from attribution.archive.reading.read import check_learnable
    from attribution.atomic import check_writable, write_text
    from attribution.reading import read_case

    case = read_case(arguments.case)
    if not arguments.output:
        check_writable(Path(f"models/{case.id}/priors/prior"), "a prior")
    archive = _archive_of(arguments, case.id)
    check_learnable(archive)
    _stop_at_leaks(archive)
    link = archive.mapping.link_to(case.id)
    with working(first(f"learning what {archive.file} says about {case.id}", "features_kernel")):
        found = case_prior(archive.events, case, link, seed=arguments.seed)
    name = Path(archive.file).stem
    path = arguments.output or Path(f"models/{case.id}/priors/{name}.yaml")
    command = f"attribution archive prior {case.id} {name} --mapping {archive.mapping.name} --seed {arguments.seed}"
    write_text(path, prior_text(found, archive, case, link, command))
    rows = tuple((one.node, one.label or "-", one.share, *one.weight) for one in found.weights)
    show([Table("what past events say", ("node", "in the table", "share", "low", "best", "high"), rows)], "text")
    print("\n".join(["", *limits(found, int(found.used.labelled.sum())), f"written: {path}"]))
    return 0


def _add_mapping(command: _Command) -> None:
    mapping = command("mapping", "print a shipped mapping, or write it to a file of your own to be changed")
    mapping.add_argument("name", metavar="MAP", help="a shipped name, such as acled")
    mapping.add_argument("-o", "--output", metavar="MAP.yaml", type=output_path("a mapping", ".yaml"))


def _add_check(command: _Command) -> None:
    check = command("check", "read a table of events, say what is in it and what is doubtful")
    _add_events(check)
    add_format(check)


def _add_describe(command: _Command) -> None:
    describe = command("describe", "how long the past counts, how far it reaches, what each faction is known for")
    _add_events(describe)
    _add_learning(describe)
    _add_outputs(describe, "a description")


def _add_backtest(command: _Command) -> None:
    backtest = command("backtest", "forecast past events forward in time, and score the forecasts")
    _add_events(backtest)
    backtest.add_argument(
        "--from", dest="since", metavar="DATE", help="first day forecast; default: after 70 %% of events"
    )
    backtest.add_argument(
        "--protocol", choices=("rolling", "static", "masked"), default="rolling",
        help="labels of months past count (rolling) or none after the first forecast (static), the other beside it; or "
        "hide labels and attribute from both sides (masked); default: rolling",
    )  # fmt: skip
    backtest.add_argument("--share", type=float, default=0.2, metavar="S", help="masked: share hidden; default 0.2")
    backtest.add_argument(
        "--by", choices=("event", "place-month", "faction"), default="place-month",
        help="masked: hide single events, whole months of a place (default: unknown events come in runs), or factions",
    )  # fmt: skip
    backtest.add_argument(
        "--baselines", default=_SIMPLE, metavar="NAMES",
        help="all, simple (no scikit-learn; the default), none, or names with commas",
    )  # fmt: skip
    backtest.add_argument(
        "--least", type=int, default=20, metavar="N", help="training events a candidate needs; default 20"
    )
    add_workers(backtest, "model and the baselines")
    add_seed(backtest)
    backtest.add_argument(
        "--nuts",
        action="store_true",
        help="intervals of the coefficients by NUTS (a minute), not a normal distribution",
    )
    _add_outputs(backtest, "a backtest")


def _add_fit(command: _Command) -> None:
    fit = command("fit", "learn what place, time and features say about who it was, and keep it")
    _add_events(fit)
    fit.add_argument(
        "-o", "--output", metavar="MODEL.json", type=output_path("a model", ".json"), help="keep what was learned"
    )
    fit.add_argument(
        "--nuts", action="store_true", help="draw the coefficients by NUTS (a minute), not from a normal distribution"
    )
    _add_learning(fit)
    _add_past_only(fit)


def _add_predict(command: _Command) -> None:
    predict = command("predict", "who may have carried out the events of which nobody, or only an umbrella, is known")
    _add_events(predict)
    predict.add_argument("--archive-model", metavar="MODEL.json", help="from `archive fit`; default: fit now")
    predict.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=output_path("predictions", ".csv", ".parquet"),
        default="predictions.csv",
        help=".csv or .parquet (default: predictions.csv)",
    )
    predict.add_argument(
        "--page",
        metavar="PAGE.html",
        type=output_path("a page", ".html"),
        help="totals, a map and a timeline beside it",
    )
    predict.add_argument(
        "--top",
        type=_at_least_one,
        metavar="N",
        help="only the N likeliest candidates of each event, by name; default: all",
    )
    _add_learning(predict)
    _add_past_only(predict)


def _add_prior(command: _Command) -> None:
    prior = command("prior", "write what past events say about a case, as a prior that a model can name")
    prior.add_argument("case", metavar="CASE", help="a shipped name such as tower-22, or a path")
    _add_events(prior)
    add_seed(prior)
    prior.add_argument(
        "-o",
        "--output",
        metavar="FILE.yaml",
        type=output_path("a prior", ".yaml"),
        help="default: models/CASE/priors/EVENTS.yaml",
    )


def _add_events(parser: argparse.ArgumentParser) -> None:
    """The table, and how it is to be read."""
    parser.add_argument(
        "events", metavar="EVENTS", help="a shipped name, or a .csv, .csv.gz, .zip, .tsv, .parquet, .xlsx or .geojson"
    )
    parser.add_argument(
        "--mapping",
        metavar="MAP",
        help="a shipped name (gtd, ucdp-ged, acled, rand), or a path ending in .yaml; default: the name of the table",
    )
    parser.add_argument("--until", metavar="DATE", help="leave out events that may have happened after this day")


def _add_learning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--least", type=int, default=20, metavar="N", help="events a candidate needs (default: 20)")
    add_seed(parser)


def _add_past_only(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--past-only", action="store_true", help="use only what was over before an event; default: both sides of it"
    )


def _add_outputs(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=output_path(what, *ARCHIVE_SUFFIXES),
        action="append",
        metavar="FILE",
        help=".html or .json; may be given twice",
    )
    add_format(parser)


def _archive_of(arguments: argparse.Namespace, case: str = "") -> Archive:
    """The events that were named, read under the mapping that was named."""
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.archive.reading.read import events_path, mapping_name, read_events

    path = events_path(arguments.events)
    mapping = read_mapping(arguments.mapping or mapping_name(path))
    with counting(f"reading {path.name}") as progress:
        return read_events(path, mapping, case=case, until=_date(arguments.until, "until"), progress=progress)


def _stop_at_leaks(archive: Archive) -> None:
    """Refuse to learn from features that tell the answer."""
    for concern in archive.concerns:
        if concern.severity == "blocking":
            raise EventError(
                f"{concern.what}.", allowed="features that say nothing about who it was", hint=concern.remedy
            )


def _fitted(archive: Archive, arguments: argparse.Namespace, *, nuts: bool = False) -> Fitted:
    from attribution.archive.model.fitted import fit_archive
    from attribution.archive.reading.read import check_learnable

    check_learnable(archive)
    _stop_at_leaks(archive)
    kernels = "features_kernel" if arguments.past_only else "two_sided_kernel"
    with working(first(f"learning from {archive.file}", kernels)):
        return fit_archive(
            archive, least=arguments.least, seed=arguments.seed, nuts=nuts, past_only=arguments.past_only
        )


def _tell(archive: Archive) -> None:
    from attribution.archive.events import LIMITS

    print("\n" + "\n".join([*_doubts(archive), *LIMITS]))


def _doubts(archive: Archive, *more: Concern) -> list[str]:
    """What to doubt in an answer; notes on the table itself are for `check` to tell, and are counted here."""
    graver = [concern for concern in archive.concerns if concern.severity != "note"]
    notes = len(archive.concerns) - len(graver)
    told = [f"{counted(notes, 'note')} on the table: attribution archive check"] if notes else []
    return [*(str(concern) for concern in (*graver, *more)), *told]


def _at_least_one(typed: str) -> int:
    if not typed.isdigit() or int(typed) < 1:
        raise UsageError(f'"{typed[:40]}" is no number of candidates.', at=("top",), allowed="1 or more")
    return int(typed)


def _date(typed: str | None, option: str = "from") -> dt.date | None:
    try:
        return None if typed is None else dt.date.fromisoformat(typed)
    except ValueError as error:
        raise UsageError(
            f'"{typed}" is no date.', at=(option,), allowed="year-month-day, such as 2015-06-30"
        ) from error


def _baselines(typed: str) -> tuple[str, ...]:
    from attribution.archive.evaluation.baselines import NAMES, SHARES

    groups = {"all": NAMES, _SIMPLE: tuple(SHARES), "none": ()}
    if typed in groups:
        return groups[typed]
    names = tuple(name.strip() for name in typed.split(",") if name.strip())
    for name in names:
        if name not in NAMES:
            raise UsageError.unknown("baselines", name, [*NAMES, *groups], at=("baselines",))
    return names


def _coefficients_table(title: str, found: CoefficientPosterior, most: int | None = None) -> Table:
    """What each feature counts: 1 as if it stood alone, 0 nothing; with 90 % intervals. The largest alone, or all."""
    shown = found.by_feature
    if most is not None and most < len(shown):
        title = f"{title}: the {most} largest of {len(shown)}, all of them by --format csv"
        shown = tuple(sorted(shown, key=lambda one: -abs(one.mean))[:most])
    return Table(
        title, ("feature", "mean", "low", "high"), tuple((one.feature, one.mean, one.low, one.high) for one in shown)
    )


def _summary(archive: Archive) -> Table:
    """What matters first, on one screen."""
    import numpy as np

    from attribution.archive.events import NOT_RECORDED, RESIDUAL, UNKNOWN
    from attribution.archive.reading.vocabulary import copies

    events, tally = archive.events, archive.tally
    first, last = (str(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))) for day in (events.day[0], events.day[-1]))
    unknown = (events.label == UNKNOWN) & ~events.among.partial
    located = ~np.isnan(events.latitude)
    claimed = int(np.sum(events.claim >= 0)) if np.any(events.claim != NOT_RECORDED) else None
    left = [
        (f"left out by {why}", f"{count:,}")
        for why, count in (("where", tally.filtered), ("exclude", tally.excluded), ("lack of a date", tally.undated))
        if count
    ]
    noted = sum(concern.severity == "note" for concern in archive.concerns)
    rows: list[tuple[str | float, ...]] = [
        ("table", f"{archive.file}, {archive.written.name}, {tally.rows:,} rows"),
        *left,
        ("events", f"{len(events):,}, from {first} to {last}"),
        ("one known perpetrator", f"{int(events.labelled.sum()):,}, of {len(events.factions):,} factions"),
        ("one of several (umbrella)", f"{int(events.among.partial.sum()):,}"),
        ("unknown", f"{int(unknown.sum()):,} ({unknown.mean():.0%})"),
        ("known to be none of the named", f"{int(np.sum(events.label == RESIDUAL)):,}"),
        ("claimed", "not recorded" if claimed is None else f"{claimed:,}"),
        (
            "dates",
            f"{int(np.sum(events.precision == 0)):,} to the day"
            + (f", others within {int(events.precision.max()) + 1} days" if events.precision.any() else ""),
        ),
        ("places", ", ".join(f"{level.name} {len(level.names):,}" for level in events.place) or "none"),
        ("coordinates", f"{int(located.sum()):,} ({located.mean():.0%})"),
        ("copies", f"{copies(events):,} alike in day, place, columns and perpetrator"),
        (
            "concerns",
            f"{len(archive.concerns) - noted}, and {counted(noted, 'note')}: below",
        ),
    ]
    return Table("events", ("what", "value"), tuple(rows))


def _factions(archive: Archive, most: int | None = None) -> Table:
    """Who is named how often; with `most`, so many by name and the others together."""
    import numpy as np

    events = archive.events
    alone = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    among = np.bincount(events.among.member, minlength=len(events.factions))
    order = np.argsort(-(alone * 1_000_000 + among), kind="stable")
    shown, rest = (order, order[:0]) if most is None else (order[:most], order[most:])
    rows = [(events.factions[code], f"{alone[code]:,}", f"{among[code]:,}") for code in shown.tolist()]
    if len(rest):
        rows.append((f"... and {len(rest):,} others", f"{alone[rest].sum():,}", f"{among[rest].sum():,}"))
    return Table("factions", ("faction", "alone", "one of several"), tuple(rows))


def _columns(archive: Archive) -> Table:
    events = archive.events
    rows = tuple(
        (kind, coding.name, f"{len(coding.names):,}", f"{(coding.codes < 0).mean():.1%}")
        for kind, codings in (("place", events.place), ("feature", events.features))
        for coding in codings
    )
    return Table("columns", ("kind", "name", "values", "missing"), rows)


def _scales(found: Description) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for one in (found.decay_time, *found.decay_times):
        where, events = one.place or "all", f"{one.scored:,}"
        rows.append(("how long the past counts", where, events, "days", *_estimate(one.days)))
        rows.append(("how strongly shares are shrunk", where, events, "events", *_estimate(one.weight)))
    if found.length_scale is not None:
        events = f"{found.length_scale.scored:,}"
        rows.append(("how far an attack tells", "all", events, "km", *_estimate(found.length_scale.km)))
        rows.append(("how strongly nearness is shrunk", "all", events, "events", *_estimate(found.length_scale.weight)))
    columns = ("what", "where", "from events", "unit", "mean", "median", "low", "high", "presses")
    return Table("decay time and length scale", columns, tuple(rows))


def _known(title: str, known: tuple[DistinctiveValue, ...]) -> Table:
    rows = tuple(
        (
            one.candidate, one.place or "all", one.feature, one.share.value, f"{one.share.events:,}",
            *(f"{share:.1%}" for share in (one.share.mean, one.share.low, one.share.high, one.share.usual)),
        )
        for one in known
    )  # fmt: skip
    columns = ("faction", "where", "feature", "value", "events", "share", "low", "high", "usual")
    return Table(title, columns, rows)


def _pooling(found: Description) -> Table:
    rows = tuple((one.feature, one.level, f"{one.nodes:,}", *_estimate(one.kappa)) for one in found.profiles.pooling)
    columns = ("feature", "level", "nodes", "mean", "median", "low", "high", "presses")
    return Table("events that the level above counts for", columns, rows)


def _estimate(found: Estimate) -> tuple[str, ...]:
    """Mean, median, interval, and at which bound of its prior it presses."""
    from attribution.domain.verbal import short

    numbers = (found.mean, found.median, found.low, found.high)
    return (*(short(number) for number in numbers), found.presses or "-")


def _tables(found: Backtest, coefficients: int | None) -> list[Table]:
    from attribution.archive.evaluation.scores import percent

    columns = (
        "forecaster", "log loss", "lower by", "low", "high", "brier", "ece", "cllr", "least", "top 1", "top 3", "s",
    )  # fmt: skip
    scores: list[tuple[str | float, ...]] = []
    for one in found.forecasters:
        lead, its = one.lead, one.scores
        lower = ("", "", "") if lead is None else tuple(
            "none" if share is None else percent(share)
            for share in (lead.reduction, lead.reduction_low, lead.reduction_high)
        )  # fmt: skip
        values = (its.log_loss, its.brier, its.ece, its.cllr, its.cllr_min, its.top1, its.top3)
        first, *rest = (f"{value:.4f}" for value in values)
        scores.append((one.name, first, *lower, *rest, f"{one.seconds:.1f}"))
    groups: tuple[tuple[str | float, ...], ...] = tuple(
        (
            one.kind, one.name, f"{one.events:,}", f"{one.log_loss:.4f}",
            "" if math.isnan(one.rival_log_loss) else f"{one.rival_log_loss:.4f}", f"{one.top1:.1%}",
        )
        for one in found.groups
    )  # fmt: skip
    ages = tuple(
        (one.name, *("" if loss is None else f"{loss:.4f}" for loss in (one.static, one.rolling, one.daily)))
        for one in found.freshness
    )
    fresh = [Table("log loss by the age of labels", ("forecaster", "static", "rolling", "daily"), ages)] if ages else []
    return [
        Table("scores", columns, tuple(scores)),
        *fresh,
        Table("groups", ("by", "group", "events", "log loss", "best baseline", "top 1"), groups),
        _coefficients_table("coefficients", found.coefficients, coefficients),
    ]
