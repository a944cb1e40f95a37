"""Same evidence, another assumption: what if nobody had a head start?"""

from dataclasses import replace

import attribution as at
from attribution.domain.model import Share
from attribution.domain.numbers import Number


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    level = replace(model.perpetrator, proportional_to=(), shares=(Share("else", Number.exactly(1.0)),))
    for title, assumed in (("tempo and reach", model), ("equal by size", replace(model, perpetrator=level))):
        first = at.fit(case, assumed, engine="importance").ranking[0]
        print(f"{title}: {first.label}, {first.probability:.0%} ({first.words})")


if __name__ == "__main__":
    main()
