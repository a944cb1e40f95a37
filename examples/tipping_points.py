"""What would end the lead: the smallest change of one grade, of one number, of one prior share."""

import attribution as at


def main() -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    tips = at.tipping_points(posterior, shown=3)
    print(tips, end="\n\n")
    print(tips.to_frame()[["kind", "id", "now", "then", "size", "to"]].to_string(index=False), end="\n\n")
    print(at.robust_bounds(posterior), end="\n\n")
    print(at.next_evidence(posterior).summary)
    print(f"\nIn the lead now: {posterior.ranking[0].label}.")


if __name__ == "__main__":
    main()
