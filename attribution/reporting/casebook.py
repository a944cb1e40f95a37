"""A casebook: what it says in words and tables, and its three forms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from attribution.analysis.comparison.casebook import LATEST, SHARED, Casebook, Glance, Settlement, Study, Tally
from attribution.analysis.finding import as_json
from attribution.atomic import write_texts
from attribution.domain.moments import Moment
from attribution.domain.verbal import counted, percent, signed
from attribution.errors import listed
from attribution.inference.settings import versions
from attribution.reading.json_schema import Schema, result_schema, schema_of
from attribution.reading.shipped import bundled
from attribution.reporting.figures.casebook import movement
from attribution.reporting.html import page
from attribution.reporting.text import markdown_table, plain

CAVEATS = (
    "A handful of cases shows how a method behaves. It allows no claim of calibration, and none is made.",
    "How these cases ended is common knowledge, and was known to whoever wrote the numbers. What is generic was "
    "written first and only instantiated for a case, so this is partial pre-registration, no more.",
    "Scored is only what was settled, by the posteriors that knew nothing as late as the settlement. What is settled "
    "in part, or not at all, is shown and not scored.",
    "The moments are when the public could know, in local time; what is dated by a day counts from its end.",
)
POST_HOC = (
    "The figures of the first run stand. Those beside them are post hoc: what forgeries, copies and sizes mean was "
    "decided anew, and evidence was entered, after the first run was seen. No number of a recipe was changed."
)
NAIVE = "if every item were independent"
CASEBOOK_FORMAT = "attribution-casebook/1"
STYLES = ("report.css", "figures.css", "casebook.css", "print.css")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its name, what stands under the name, and cells."""

    label: str
    under: str
    cells: tuple[str, ...]
    strong: int = -1


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What a study said when the shipped cases were first run, on `day`, before anything was changed in its light.

    `leader` and `probability` are the latest; `settled` are the probabilities of what was settled later, at `as_of`.
    """

    case: str
    model: str
    leader: str
    probability: float
    settled: tuple[float, ...]
    as_of: str
    day: str


@dataclass(frozen=True, slots=True)
class StudyWords:
    """One case under one model."""

    study: Study
    told: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CaseWords:
    """One case: what was settled, and what each model said on the way."""

    id: str
    title: str
    when: str
    settled: tuple[str, ...]
    studies: tuple[StudyWords, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """The whole casebook."""

    headline: str
    cases: tuple[CaseWords, ...]
    score_columns: tuple[str, ...]
    scores: tuple[Line, ...]
    tally_columns: tuple[str, ...]
    tallies: tuple[Line, ...]
    first_columns: tuple[str, ...]
    first: tuple[Line, ...]
    doubts: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]


def first_run(book: Casebook) -> tuple[FirstRun, ...]:
    """The first run of those studies of a book that ship and were in it."""
    kept = json.loads((bundled("data") / "casebook-first-run.json").read_text(encoding="utf-8"))
    known = {(study.case, study.model) for study in book.studies}
    found = (FirstRun(**{**one, "settled": tuple(one["settled"]), "day": kept["day"]}) for one in kept["studies"])
    return tuple(one for one in found if (one.case, one.model) in known)


def pages(book: Casebook) -> Pages:
    """Everything a casebook says."""
    labels = [label for label in SHARED if any(_at(study, label) for study in book.studies if study.settlements)]
    return Pages(
        headline=_headline(book),
        cases=tuple(_case(book, case) for case in dict.fromkeys(study.case for study in book.studies)),
        score_columns=("before any evidence", *labels),
        scores=tuple(_score_lines(book, labels)),
        tally_columns=("outcomes", "log score (bits)", "gain on the prior (bits)", "Brier", "ranked first"),
        tallies=tuple(
            Line(
                f"{tally.model}, {tally.label}",
                "",
                (
                    str(tally.outcomes),
                    signed(tally.log_score, 2),
                    signed(tally.gain, 2),
                    f"{tally.brier:.3f}",
                    f"{tally.first} of {tally.outcomes}",
                ),
            )
            for tally in book.tallies
        ),
        first_columns=("first run", "settled set, first run", "now (post hoc)", "settled set, now (post hoc)"),
        first=tuple(_first_line(book, one) for one in first_run(book)),
        doubts=book.unreliable(),
        provenance=_provenance(book),
    )


def settled_words(found: Settlement) -> str:
    """An outcome as a sentence."""
    how = {
        "court": "by a court",
        "official": "by an official finding",
        "consensus": "by consensus",
        "partial": "in part",
    }
    verdict = "excluded" if found.excluded else "true"
    scored = "" if found.scored else "; not scored"
    told = f"{' or '.join(found.named)}: {verdict}, settled {how[found.settled]}"
    note = f" {found.note}" if found.note else ""
    return f"{told} ({found.source}, {found.grade}, {Moment.parse(found.date).in_words()}{scored}).{note}"


def write_casebook(book: Casebook, folder: Path) -> tuple[Path, ...]:
    """Write ``index.html``, ``index.json`` and ``index.md``, all of them or none."""
    found = pages(book)
    forms = {
        "index.html": casebook_html(found),
        "index.json": casebook_json(book),
        "index.md": casebook_markdown(found),
    }
    texts = {folder / name: text for name, text in forms.items()}
    write_texts(texts)
    return tuple(texts)


def casebook_json(book: Casebook) -> str:
    """Probabilities are fractions, log scores bits."""
    tallies = [as_json(tally) for tally in book.tallies]
    first = [as_json(one) for one in first_run(book)]
    told = {
        "format": CASEBOOK_FORMAT,
        "caveats": list(CAVEATS),
        **as_json(book),
        "tallies": tallies,
        "first_run": first,
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def casebook_schema() -> Schema:
    """The schema (draft 2020-12) of a casebook."""
    own = {"caveats": schema_of(list[str]), "tallies": schema_of(list[Tally]), "first_run": schema_of(list[FirstRun])}
    return result_schema(CASEBOOK_FORMAT, "probabilities are fractions, log scores bits", Casebook, own)


def casebook_html(found: Pages) -> str:
    """One page that opens from disk and asks nothing of anybody."""
    drawn = {
        (words.study.case, words.study.model): movement(words.study) for case in found.cases for words in case.studies
    }
    return page(
        "casebook.html.j2",
        STYLES,
        {
            "found": found,
            "caveats": CAVEATS,
            "post_hoc": POST_HOC,
            "drawn": drawn,
        },
    )


def casebook_markdown(found: Pages) -> str:
    """The same as tables."""
    parts = ["# Casebook", plain(found.headline), "\n".join(f"- {plain(caveat)}" for caveat in CAVEATS)]
    parts += ["## Against what was settled", _lines_table("case, model", found.score_columns, found.scores)]
    parts += ["## Mean scores", _lines_table("model, as of", found.tally_columns, found.tallies)]
    if found.first:
        parts += ["## Post hoc, beside the first run", plain(POST_HOC)]
        parts.append(_lines_table("case, model", found.first_columns, found.first))
    for case in found.cases:
        parts += [f"## {plain(case.title)}", plain(case.when)]
        parts.append("\n".join(f"- {plain(one)}" for one in case.settled) or "Nothing is settled: not scored.")
        for words in case.studies:
            parts += [f"### {plain(words.study.model_title)}", plain(words.study.summary), plain(words.told)]
            parts.append(_lines_table("as of", words.columns, words.lines))
    parts += ["## Doubts", "\n".join(f"- {plain(doubt)}" for doubt in found.doubts)] if found.doubts else []
    parts += ["## Provenance", "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in found.provenance)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(book: Casebook) -> str:
    cases = {study.case for study in book.studies}
    scored = {(study.case, one.outcome) for study in book.studies for glance in study.glances for one in glance.scores}
    return (
        f"{counted(len(cases), 'case')}, {counted(len(book.studies), 'model')}. "
        f"{counted(len(scored), 'outcome')} settled well enough to be scored: too few to call anything here calibrated."
    )


def _case(book: Casebook, case: str) -> CaseWords:
    studies = [study for study in book.studies if study.case == case]
    first = studies[0]
    return CaseWords(
        id=case,
        title=first.title,
        when=Moment.parse(first.incident).in_words(),
        settled=tuple(settled_words(one) for one in first.settlements),
        studies=tuple(_study(study) for study in studies),
    )


def _study(study: Study) -> StudyWords:
    scored = any(glance.scores for glance in study.glances)
    columns = ("items", *study.labels, *(("settled set", "log score (bits)") if scored else ()))
    blank = ("", "") if scored else ()
    lines = [Line("before any evidence", "", ("0", *_percents(study.prior), *blank), _top(study.prior))]
    lines += [_glance_line(glance, scored) for glance in study.glances]
    lines.append(Line(NAIVE, LATEST, ("", *_percents(study.witnesses), *blank), _top(study.witnesses)))
    return StudyWords(study, _told(study), columns, tuple(lines))


def _glance_line(glance: Glance, scored: bool) -> Line:
    cells: tuple[str, ...] = (str(glance.items), *_percents(glance.probabilities))
    if scored:
        cells += (
            ", ".join(percent(one.probability) for one in glance.scores),
            ", ".join(signed(one.log_score, 2) for one in glance.scores),
        )
    when = Moment.parse(glance.as_of) if glance.as_of else None
    under = when.in_words() if when and when.in_words() != glance.label else ""
    return Line(glance.label, under, cells, _top(glance.probabilities))


def _percents(values: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(percent(value) for value in values)


def _top(values: tuple[float, ...]) -> int:
    """The column of the most probable faction, after that of the number of items."""
    return 1 + values.index(max(values))


def _told(study: Study) -> str:
    labels = dict(zip(study.factions, study.labels, strict=True))
    last = study.latest
    position = study.factions.index(last.leader)
    passed = [f"{_when(turn.moment)} to {labels[turn.leader]}" for turn in study.timeline.changes]
    moved = f"The lead passed {'; '.join(passed)}." if passed else "The lead never changed."
    if len(last.level) > 1:
        chances = " and ".join(
            f"{labels[one]} ({percent(last.probabilities[study.factions.index(one)])})" for one in last.level
        )
        return f"{chances} are level within Monte Carlo error. {moved} {_counted(study, labels)}"
    return (
        f"{labels[last.leader]} leads with {percent(last.probabilities[position])} "
        f"(before any evidence {percent(study.prior[position])}). {moved} {_counted(study, labels)}"
    )


def _when(moment: str) -> str:
    found = Moment.parse(moment)
    return f"{'at' if found.time else 'on'} {found.in_words()}"


def _counted(study: Study, labels: dict[str, str]) -> str:
    """What the mistake of counting every item would have done."""
    last, counted = study.latest.probabilities, study.witnesses
    moves = [now - then for now, then in zip(counted, last, strict=True)]
    most = max(range(len(moves)), key=lambda position: abs(moves[position]))
    if abs(moves[most]) < 0.005:
        return "Counting every item as independent would move nothing by half a percentage point."
    return (
        f"Counting every item as independent would put {labels[study.factions[most]]} at {percent(counted[most])} "
        f"instead of {percent(last[most])}."
    )


def _at(study: Study, label: str) -> Glance | None:
    return next((glance for glance in study.glances if glance.label == label), None)


def _score_lines(book: Casebook, labels: list[str]) -> list[Line]:
    found = []
    for study in book.studies:
        for position, settled in enumerate(study.settlements):
            if not settled.scored:
                continue
            cells = [_score_cell(_at(study, label), position) for label in labels]
            before = [one.prior for glance in study.glances for one in glance.scores if one.outcome == position][:1]
            verdict = f"{' or '.join(settled.named)}: {'excluded' if settled.excluded else 'true'}"
            found.append(Line(f"{study.title}, {study.model}", verdict, (*_percents(tuple(before)), *cells)))
    return found


def _first_line(book: Casebook, first: FirstRun) -> Line:
    study = next(one for one in book.studies if (one.case, one.model) == (first.case, first.model))
    labels, last = dict(zip(study.factions, study.labels, strict=True)), study.latest
    glance = _at(study, first.as_of) if first.as_of else None
    now = (f"{labels[last.leader]}, {percent(max(last.probabilities))}",)
    settled = ", ".join(percent(one.probability) for one in glance.scores) if glance else ""
    then = f"{labels.get(first.leader, first.leader)}, {percent(first.probability)}"
    return Line(
        f"{study.title}, {study.model}",
        f"first run on {Moment.parse(first.day).in_words()}",
        (then, ", ".join(percent(one) for one in first.settled), *now, settled),
    )


def _score_cell(glance: Glance | None, outcome: int) -> str:
    if glance is None:
        return ""
    told = [f"{percent(one.probability)}, rank {one.rank}" for one in glance.scores if one.outcome == outcome]
    return told[0] if told else "settled by then"


def _provenance(book: Casebook) -> tuple[tuple[str, str], ...]:
    studies = [
        (
            f"{study.case}, {study.model}",
            f"evidence {study.evidence_hash[:16]}, assumptions {study.assumptions_hash[:16]}",
        )
        for study in book.studies
    ]
    return (
        ("engine", book.engine),
        ("seed", str(book.random_seed)),
        ("versions", listed(f"{name} {version}" for name, version in versions(book.engine).items())),
        ("command", f"attribution casebook --engine {book.engine} --seed {book.random_seed}"),
        *studies,
    )


def _lines_table(first: str, columns: tuple[str, ...], lines: tuple[Line, ...]) -> str:
    rows = (
        [plain(f"{line.label} ({line.under})" if line.under else line.label), *(plain(cell) for cell in line.cells)]
        for line in lines
    )
    return markdown_table((first, *(plain(column) for column in columns)), rows) if lines else "None."
