"""Same evidence, other assumptions: a grid, a list of settings, and random draws from the model's own ranges."""

import attribution as at


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    grid = {"perpetrator.other": [0.01, 0.1, 0.3], "traits.tempo.nujaba": [0.2, 0.4, 0.8]}
    frame = at.sweep(case, model, grid)
    leaders = frame[frame["faction"] == "kataib-hezbollah"]
    print("Kataib Hezbollah, by who else it may have been (rows) and how busy Nujaba was (columns):")
    print(leaders.pivot(index="perpetrator.other", columns="traits.tempo.nujaba", values="probability").round(3))

    level = {"perpetrator.proportional_to": None, "perpetrator.share": {"else": 1}}
    first = at.fit(case, model.with_(level), engine="importance").ranking[0]
    print(f"\nIf nobody had a head start: {first.label}, {first.probability:.0%} ({first.words}).")

    own = {"perpetrator.other": None, "traits.tempo.kataib-hezbollah": None, "traits.tempo.nujaba": None}
    drawn = at.sweep(case, model, own, n=64)
    leader = drawn[drawn["faction"] == "kataib-hezbollah"]
    least = leader.loc[leader["probability"].idxmin()]
    print(f"\nOver 64 draws from the model's own ranges: {leader['probability'].min():.0%} at the least, where")
    print(least[list(own)].to_string())


if __name__ == "__main__":
    main()
