"""What is counted, and how counts age: the part of the pass that lets an event that is over inform later ones."""

from __future__ import annotations

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints
from attribution.archive.kernel_around import Shelves

# activity (memory, class); counts of places (row, memory, class), and their days; of values (row, class), and theirs;
# totals of features (feature, class); shelves of neighbourhoods; newcomers and all; the day, and whose turn it is
# counts of places, values and features have their sum over the classes as one class more
type State = tuple[Floats, Floats, Ints, Floats, Ints, Floats, Shelves, Floats, Ints]


@kernel
def fade(counts: Floats, factor: float) -> None:
    """Age the counts of all classes."""
    for c in range(len(counts)):
        counts[c] *= factor


@kernel
def fade_all(
    e: int,
    last: Ints,
    place: Ints,
    value: Ints,
    decay: Floats,
    shape: Ints,
    state: State,
) -> None:
    """Age whatever an event is going to be counted in, to the day on which it is over."""
    activity, places, place_day, values, value_day, totals, _, groups, clock = state
    acts, span = shape[0], last[e] - clock[0]
    clock[0] = last[e]
    for t in range(acts):
        fade(activity[t], decay[span, t])
    for k in range(len(totals)):
        fade(totals[k], decay[span, shape[2]])
    fade(groups, decay[span, shape[3]])
    for level in range(place.shape[1]):
        row = place[e, level]
        if row >= 0:
            for t in range(places.shape[1]):
                fade(places[row, t], decay[last[e] - place_day[row], acts + t])
            place_day[row] = last[e]
    for k in range(value.shape[1]):
        row = value[e, k]
        if row >= 0:
            fade(values[row], decay[last[e] - value_day[row], shape[2]])
            value_day[row] = last[e]


@kernel
def count_in(
    e: int, c: int, weight: float, place: Ints, value: Ints, activity: Floats, places: Floats, values: Floats,
    totals: Floats,
) -> None:  # fmt: skip
    """Count an event for one class, and in the sums over classes that come last."""
    for t in range(len(activity)):
        activity[t, c] += weight
    for level in range(place.shape[1]):
        row = place[e, level]
        if row >= 0:
            for t in range(places.shape[1]):
                places[row, t, c] += weight
                places[row, t, -1] += weight
    for k in range(value.shape[1]):
        row = value[e, k]
        if row >= 0:
            values[row, c] += weight
            values[row, -1] += weight
            if k < len(totals):
                totals[k, c] += weight
                totals[k, -1] += weight


@kernel
def insert(
    e: int,
    last: Ints,
    member: tuple[Ints, Ints, Floats],
    place: Ints,
    value: Ints,
    near: Ints,
    newcomer: Ints,
    decay: Floats,
    shape: Ints,
    state: State,
) -> None:
    """Let an event that is over count from now on, if anything is known of who it was."""
    start, classes, share = member
    activity, places, _, values, _, totals, shelves, groups, _ = state
    begin, filled, shelf = shelves
    known = 0.0
    for m in range(start[e], start[e + 1]):
        known += share[m]
    if known == 0.0:
        return
    fade_all(e, last, place, value, decay, shape, state)
    groups[0] += newcomer[e]
    groups[1] += known
    for m in range(start[e], start[e + 1]):
        count_in(e, classes[m], share[m], place, value, activity, places, values, totals)
    for level in range(near.shape[1]):
        cell = near[e, level]
        if cell >= 0:
            shelf[begin[cell] + filled[cell]] = e
            filled[cell] += 1
