"""Same evidence, another assumption: what if nobody had a head start?"""

import attribution as at


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    level = model.with_({"perpetrator.proportional_to": None, "perpetrator.share": {"else": 1}})
    for title, assumed in (("tempo and reach", model), ("equal by size", level)):
        first = at.fit(case, assumed, engine="importance").ranking[0]
        print(f"{title}: {first.label}, {first.probability:.0%} ({first.words})")


if __name__ == "__main__":
    main()
