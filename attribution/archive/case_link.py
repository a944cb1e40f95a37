"""How a case meets a table of past events."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.errors import EventError


@dataclass(frozen=True, slots=True)
class CaseLink:
    """How a case meets the table: what is known of its incident in the table's words, and who its factions are there.

    The incident says only what the evidence of the case does not say again: what is an item there counts there.
    """

    case: str
    factions: tuple[tuple[str, str, str], ...]  # node of the case, faction of the table, why
    incident: tuple[tuple[str, str], ...] = ()  # level or feature to word
    because: str = ""

    def __post_init__(self) -> None:
        labels = [label for _, label, _ in self.factions]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise EventError(
                f'"{twice[0]}" stands for two factions of the case.',
                at=("cases", self.case, "factions"),
                allowed="one node of the case for each faction of the table",
                hint="link the group above them: its weight is then shared by size",
            )

    def check_words(self, known: list[str]) -> None:
        """Refuse a word about the incident that is no level and no feature of the table."""
        for name, _ in self.incident:
            if name not in known:
                at = ("cases", self.case, "incident", name)
                raise EventError.unknown("levels and features", name, known, at=at)
