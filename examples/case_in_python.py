"""A case in forty lines of Python, without YAML: a claim, a denial, and a drone part that came from somewhere."""

import attribution as at

CASE = {
    "format": "attribution-case/1", "id": "depot", "title": "The fire at the depot", "question": "Who set it?",
    "incident": {"date": "2024-05-02", "place": "A depot"},
    "factions": {"north": {"title": "The north"}, "south": {"title": "The south"}, "other": {"title": "Anyone else"}},
    "sources": {
        "police": {"name": "The police", "kind": "government", "reliability": "B", "interest": "none"},
        "north": {"name": "The north", "kind": "armed-group", "reliability": "C", "interest": "north"},
    },
    "facts": {
        "weapon": {"question": "What was it?", "states": ["drone", "arson"]},
        "claimed": {"question": "Did the north claim it?", "states": ["yes", "no"]},
    },
    "evidence": [
        {"id": "parts", "kind": "report", "title": "Parts of a drone", "says": {"weapon": "drone"}, "source": "police",
         "grade": "B2", "published": "2024-05-03"},
        {"id": "claim", "kind": "act", "title": "The north claims it", "says": {"claimed": "yes"}, "source": "north",
         "grade": "A1", "published": "2024-05-02"},
    ],
}  # fmt: skip
MODEL = {
    "format": "attribution-model/1", "id": "baseline", "case": "depot", "title": "Baseline", "grading": "standard",
    "perpetrator": {"share": {"north": 0.5, "south": 0.5}, "other": [0.05, 0.1, 0.3], "surprise": [0.001, 0.01, 0.05]},
    "facts": {
        "weapon": {"drone": {"north": [0.4, 0.7, 0.9], "else": [0.05, 0.2, 0.4]}, "because": "Who has drones."},
        "claimed": {"yes": {"north": [0.3, 0.5, 0.7], "else": [0.05, 0.15, 0.3]}, "because": "It often claims."},
    },
}  # fmt: skip


def main() -> None:
    posterior = at.fit(at.Case.from_dict(CASE), at.Model.from_dict(MODEL), engine="importance")
    print(posterior.probabilities()[["probability", "words"]].round(2))


if __name__ == "__main__":
    main()
