"""A prior learned from past events, beside the one that an analyst wrote."""

import attribution as at


def main() -> None:
    case = at.read_case("tower-22")
    for name in ("baseline", "archive-prior"):
        posterior = at.fit(case, at.read_model(f"tower-22/{name}"), engine="importance")
        frame = posterior.probabilities()[["prior", "probability"]].round(3)
        print(f"{posterior.model.title}:\n{frame.sort_values('probability', ascending=False).head(4)}\n")


if __name__ == "__main__":
    main()
