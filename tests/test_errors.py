"""Errors show the way out."""

from __future__ import annotations

from attribution.errors import CaseError, listed


def test_an_unknown_name_where_some_are_known() -> None:
    error = CaseError.unknown("sources", "us_dod", ["us-dod", "us-doj"], at=("evidence", 3, "source"))
    assert str(error) == (
        'evidence[3].source is "us_dod", which is not among the sources.\n'
        "  allowed: us-dod, us-doj\n"
        '  hint: did you mean "us-dod"?'
    )


def test_an_unknown_name_where_none_is_known() -> None:
    """Found by spoiling files: an empty list of what is allowed is no way out."""
    error = CaseError.unknown("parents", "make", [], at=("when",))
    assert str(error).splitlines()[1:] == [
        "  allowed: nothing: no parents are declared here",
        "  hint: declare it, or take the line out",
    ]


def test_a_long_list_is_cut() -> None:
    assert listed([str(number) for number in range(15)]).endswith("11 and 3 more")
    assert listed([str(number) for number in range(14)]).endswith("12, 13")  # two more take no more room than the words
