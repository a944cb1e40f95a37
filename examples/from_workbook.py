"""The same from a workbook: read it, change a grade there or here, fit, and write it back."""

from pathlib import Path

from olympic_destroyer import MODEL

import attribution as at

BOOK = Path(__file__).with_suffix("").with_name("olympic_destroyer.xlsx")


def main() -> None:
    case = at.read_workbook(BOOK)  # sheets: case, factions, sources, facts, evidence, origins
    posterior = at.fit(case, at.Model.from_dict(MODEL), engine="importance")
    print(posterior.probabilities()[["prior", "probability", "words"]].round(3), end="\n\n")
    tables = case.to_frames()
    print(tables["evidence"][["id", "says", "source", "grade", "published"]].head(6).to_string(index=False))
    evidence = tables["evidence"]
    evidence.loc[evidence["id"].isin(["charges", "london"]), "grade"] = "D5"
    doubted = at.Case.from_frames(**tables)
    at.write_workbook(doubted, "doubted.xlsx")
    first = at.fit(doubted, at.Model.from_dict(MODEL), engine="importance").ranking[0]
    print(f"\nWith the charges doubted: {first.label}, {first.probability:.2%} ({first.words}).")


if __name__ == "__main__":
    main()
