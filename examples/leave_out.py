"""What does the answer about Tower 22 rest on? A minute's question, answered in a second."""

import attribution as at


def main() -> None:
    case = at.read_case("tower-22")
    for name in ("baseline", "sceptical"):
        posterior = at.fit(case, at.read_model(f"tower-22/{name}"), engine="importance")
        print(posterior)
        print(at.leave_out(posterior, by="institution"), end="\n\n")


if __name__ == "__main__":
    main()
