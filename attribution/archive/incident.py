"""The incident of a case, put as one more event after those that were over before its day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attribution.archive.case_link import CaseLink
from attribution.archive.codes import MISSING, Coding, LabelSets
from attribution.archive.events import NOT_RECORDED, UNKNOWN, EventTable
from attribution.domain.case import Incident
from attribution.errors import EventError

_EPOCH = 719_163  # of 1970-01-01, in the days of `date.toordinal`


def before_and_incident(events: EventTable, incident: Incident, link: CaseLink) -> EventTable:
    """The events that were over before the day of the incident, and the incident itself as the last, of unknown hand.

    Raises
    ------
    EventError
        No event was over before that day.
    """
    day = incident.date.day.toordinal() - _EPOCH
    past = np.flatnonzero(events.last_day < day)
    if not len(past):
        raise EventError(
            f"no event was over before {incident.date.day}, the day of the incident.",
            allowed="a table with earlier events",
        )
    return with_event(events.take(past), day, incident, dict(link.incident))


def with_event(events: EventTable, day: int, incident: Incident, words: dict[str, str]) -> EventTable:
    """The table with one more event, described by its day, its place and some words."""
    latitude, longitude = (np.nan if at is None else at for at in (incident.latitude, incident.longitude))
    return replace(
        events,
        id=np.array([*events.id.tolist(), "the incident"], dtype=np.dtypes.StringDType()),
        row=np.append(events.row, -1),
        day=np.append(events.day, day),
        precision=np.append(events.precision, 0),
        label=np.append(events.label, UNKNOWN),
        claim=np.append(events.claim, NOT_RECORDED),
        certainty=np.append(events.certainty, 1.0),
        among=LabelSets(np.append(events.among.start, events.among.start[-1]), events.among.member),
        place=_places(events.place, words),
        features=tuple(_more(coding, words.get(coding.name, "")) for coding in events.features),
        latitude=np.append(events.latitude, latitude),
        longitude=np.append(events.longitude, longitude),
    )


def _places(levels: tuple[Coding, ...], words: dict[str, str]) -> tuple[Coding, ...]:
    path: list[str] = []
    out = []
    for level in levels:
        word = words.get(level.name, "")
        path.append(word or "?")
        out.append(_more(level, " / ".join(path) if word else ""))
    return tuple(out)


def _more(coding: Coding, word: str) -> Coding:
    """The column with one more code; a word that is not among its names is a new one."""
    if not word:
        return Coding(coding.name, np.append(coding.codes, MISSING), coding.names)
    names = coding.names if word in coding.names else (*coding.names, word)
    return Coding(coding.name, np.append(coding.codes, names.index(word)), names)
