"""Fit a shipped case and read the answer: who, how sure, resting on what, and what is doubtful."""

import attribution as at


def main() -> None:
    case = at.read_case("tower-22")
    model = at.read_model("tower-22/baseline")
    posterior = at.fit(case, model, engine="importance")  # "nuts" is the engine of record, for a report
    print(posterior, end="\n\n")
    print(posterior.probabilities()[["prior", "probability", "low", "high", "words"]].round(3), end="\n\n")
    print(posterior.groups()[["prior", "probability"]].round(3), end="\n\n")
    print(posterior.scenarios(top=3)["probability"].round(3), end="\n\n")
    for concern in posterior.concerns()[:3]:
        print(f"{concern.severity}: {concern.what}")
    first, second = posterior.ranking[:2]
    print(f"\n{first.label} leads {second.label}: {first.probability:.0%} against {second.probability:.0%}.")


if __name__ == "__main__":
    main()
