"""The same evidence under other models, and where the difference between two answers comes from."""

import attribution as at


def main() -> None:
    case = at.read_case("tower-22")
    names = ("baseline", "sceptical")
    first, second = at.fit_many([(case, at.read_model(f"tower-22/{name}")) for name in names], engine="importance")
    if isinstance(first, at.AttributionError) or isinstance(second, at.AttributionError):
        raise SystemExit("a model does not fit the case")
    print(at.compare_models(first, (second,)), end="\n\n")
    print(at.compare_models(first, (second,)).to_frame()[["leader", "prior_db", "evidence_db"]].round(1), end="\n\n")
    print(at.compare(first, second))
    print(f"\nUnder the first: {first.ranking[0].label}.")


if __name__ == "__main__":
    main()
