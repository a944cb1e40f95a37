"""What could have been said on a day: the case as the public knew it then, and how the answer moved."""

import attribution as at


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    for day in ("2024-01-28", "2024-01-30", "2024-02-07"):
        posterior = at.fit(case, model, engine="importance", as_of=day)
        first = posterior.ranking[0]
        known = len(case.as_of(day).evidence)
        print(f"{day}: {known:2} items, {first.label} {first.probability:.0%} ({first.words})")
    whole = at.fit(case, model, engine="importance")
    print()
    print(at.timeline(whole))
    print(f"\nToday: {whole.ranking[0].label}, {whole.ranking[0].probability:.0%}.")


if __name__ == "__main__":
    main()
