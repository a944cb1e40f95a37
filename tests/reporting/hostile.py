"""A case and a model that try everything a text can try, as large as they may be."""

from __future__ import annotations

import json
from functools import cache

from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.reading import parse_case, parse_model
from attribution.reading.shipped import bundled

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&`|]]>*_[x](javascript:alert(3)) {{7*7}} {% raw %} $x^2$ "
    "\u202egnp.exe\u202c \u200bzero\u2060width\ufeff </style></title></svg> \u2028 <!-- --> \\ # ~ &lt; ]]&gt;"
)
ARABIC = "حركة أنصار الله الأوفياء"
FACTIONS, ITEMS, FACTS = 40, 200, 40


@cache
def hostile_pair() -> tuple[Case, Model]:
    """40 factions, 200 items on 40 facts, every text evil, the title 10,000 characters long."""
    case = {
        "format": "attribution-case/1",
        "id": "hostile",
        "title": (EVIL + " ") * (10_000 // (len(EVIL) + 1) + 1),
        "question": f"{ARABIC} {EVIL}?",
        "incident": {"date": "2024-01-01", "place": EVIL, "country": EVIL, "note": EVIL},
        "factions": _factions(),
        "sources": {f"s{n}": _source(n) for n in range(20)},
        "facts": {f"f{n}": {"question": f"{n} {EVIL}", "states": ["yes", "no"], "note": EVIL} for n in range(FACTS)},
        "origins": {"shared": {"title": EVIL, "grade": "B2", "source": "s0", "note": EVIL}},
        "evidence": [_item(n) for n in range(ITEMS)],
        "limits": [EVIL],
    }
    case["title"] = str(case["title"])[:10_000]
    model = {
        "format": "attribution-model/1",
        "case": "hostile",
        "title": EVIL,
        "summary": EVIL,
        "grading": "standard",
        "perpetrator": {
            "share": {f"g{n}": f"{1 / 5:g}" for n in range(4)},
            "other": ["0.01", "0.03", "0.1"],
            "surprise": ["0.001", "0.01", "0.05"],
            "because": EVIL,
        },
        "facts": {f"f{n}": _table(n) for n in range(FACTS)},
    }
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    return parse_case(_yaml(case)), parse_model(_yaml(model), grading_text=grading)


def _yaml(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


def _factions() -> dict[str, object]:
    groups: dict[str, object] = {
        f"g{g}": {
            "title": EVIL if g else ARABIC,
            "members": {f"h{n}": {"title": _title(n)} for n in range(g, FACTIONS - 1, 4)},
        }
        for g in range(4)
    }
    return {**groups, "other": {"title": EVIL}}


def _title(n: int) -> str:
    return f"{n} {EVIL}" if n % 3 else f"Faction {n}"


def _source(n: int) -> dict[str, str]:
    return {"name": f"{n} {EVIL}", "kind": "media", "reliability": "B", "interest": "unknown", "note": EVIL}


def _item(n: int) -> dict[str, object]:
    found: dict[str, object] = {
        "id": f"e{n}",
        "kind": ("report", "act")[n % 2],
        "title": f"{n} {EVIL}",
        "says": {f"f{n % FACTS}": "yes" if n % 3 or n % FACTS == 0 else "no"},
        "source": f"s{n % 20}",
        "via": [EVIL],
        "published": f"2024-{1 + n % 12:02d}-{1 + n % 28:02d}",
        "citation": {"url": f"https://example.org/?q={n}&<script>'`", "title": EVIL, "publisher": EVIL, "note": EVIL},
        "note": EVIL,
    }
    if n % FACTS == 0:
        found |= {"origin": "shared", "source": "s0"}
    else:
        found["grade"] = ("A1", "B2", "C3", "D4")[n % 4]
    return found


def _table(n: int) -> dict[str, object]:
    number = [f"{low:g}" for low in (0.2, 0.3 + 0.01 * n, 0.9)]
    return {"because": EVIL, "yes": {f"h{n % (FACTIONS - 1)}": number, "else": ["0.1", "0.3", "0.6"]}}
