"""Texts that were written for the author of the files, with titles instead of ids, for a reader of the report."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from attribution.analysis.naming import answer_name, number_name, readable, thing_name
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.model import Model
from attribution.inference.posterior import Posterior

_ID = r"[^\W_]+(?:-[^\W_]+)*"
# In this order: the label of an uncertain number; what is quoted; an answer; an id that looks like no word.
_FOUND = re.compile(
    r"(?P<number>\b(?:trait|table|share|size|history|prior|forged|staged|deceptive|copies|anyway|detection|ratio|"
    rf"reliability|credibility)\[[^\[\]]*\](?:~{_ID})?)"
    rf'|"(?P<fact>{_ID}): (?P<not>not )?(?P<states>{_ID}(?: or {_ID})*)"'
    rf'|"(?P<quoted>{_ID})"'
    rf"|(?<![\w-])(?P<asked>{_ID})=(?P<answer>{_ID}(?:/{_ID})*)"
    rf"|(?<![\w-])(?P<bare>[^\W_]+(?:-[^\W_]+)+)(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of a case and a model are called."""

    case: Case
    model: Model

    @classmethod
    def of(cls, posterior: Posterior) -> Names:
        return cls(posterior.case, posterior.model)

    @property
    def nodes(self) -> dict[str, str]:
        """Names of factions and groups."""
        return {node: self.case.factions.label(node) for node in self.case.factions.ids}

    def told(self, text: str) -> str:
        """A sentence with titles for ids; a single word without quotation marks may be just a word, and stays."""
        return _FOUND.sub(self._replaced, text)

    def place(self, name: str) -> str:
        """Where a diagnostic looked: the name of one quantity."""
        joint = "log joint "
        if name.startswith(joint):
            return f"log joint probability of {thing_name(self.case, name.removeprefix(joint))}"
        return thing_name(self.case, name) if name in self.case.factions else self.told(name)

    def concern(self, concern: Concern) -> Concern:
        """A doubt as a reader of the report has it; doubts about the fit name factions by bare ids."""
        what = concern.what
        if concern.topic == "fit":
            ids = sorted(self.case.factions.ids, key=len, reverse=True)
            pattern = re.compile(rf"(?<![\w=|~-])(?:{'|'.join(map(re.escape, ids))})(?![\w=|~-])")
            what = pattern.sub(lambda found: self.case.factions.label(found[0]), what)
        return replace(concern, what=self.told(what), means=self.told(concern.means), remedy=self.told(concern.remedy))

    def _replaced(self, found: re.Match[str]) -> str:
        if found["number"]:
            return number_name(self.case, found["number"])
        if found["fact"]:
            known = found["fact"] in self.case.facts or found["fact"] == "perpetrator"
            states = found["states"].replace(" or ", "/")
            return answer_name(self.case, found["fact"], states, found["not"] or "") if known else found[0]
        if found["asked"]:
            return (
                answer_name(self.case, found["asked"], found["answer"])
                if found["asked"] in self.case.facts
                else found[0]
            )
        title = self._known(found["quoted"] or found["bare"])
        if found["quoted"] and title:
            return title if title.startswith("“") else f"“{title}”"
        return title or found[0]

    def _known(self, id: str) -> str:
        """The title of an id; nothing where it is none."""
        case, model = self.case, self.model
        if any(id in there for there in (case.factions, case.sources, case.origins, case.evidence, case.facts)):
            return thing_name(case, id)
        words = {
            *(one.id for one in model.traits),
            *(one.id for one in model.stories),
            *(one.id for one in model.clusters),
        }
        return readable(id) if id in words else ""
