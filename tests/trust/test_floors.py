"""Every dependency has a floor, and the versions that the tests ran with are not below it."""

from __future__ import annotations

from packaging.version import Version

from tests.trust.floors import ROOT, floors
from tests.trust.smoke import COMMANDS


def test_the_pins_are_not_below_the_floors() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {name.lower(): version for name, _, version in (line.partition("==") for line in lines)}
    low = {pin: pins[pin.partition("==")[0].lower()] for pin in floors()}
    assert {pin: used for pin, used in low.items() if Version(used) < Version(pin.partition("==")[2])} == {}


def test_the_smoke_is_ten_commands_of_both_engines_and_the_archive() -> None:
    assert len(COMMANDS) == 10
    engines = [" ".join(command.words) for command in COMMANDS if command.words[0] == "fit"]
    assert sorted("importance" in words for words in engines) == [False, True]
    assert any(command.words[0] == "archive" for command in COMMANDS)
