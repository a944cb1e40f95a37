"""How much forgery the answer stands up to, and what it would be if every origin had been planted."""

import attribution as at


def main() -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    print(at.deception_budget(posterior), end="\n\n")
    settings = [{"planted": at.Planted(share, toward="nujaba")} for share in (0.05, 0.2, 0.5)]
    frame = at.what_if(posterior, settings)
    print("Everything forged toward Nujaba with a probability of 0.05, 0.2 and 0.5:")
    shown = frame.pivot(index="faction", columns="setting", values="probability")
    print(shown.loc[["kataib-hezbollah", "nujaba", "other"]].round(3))
    print(f"\nAs published: {posterior.ranking[0].label}, {posterior.ranking[0].probability:.0%}.")


if __name__ == "__main__":
    main()
