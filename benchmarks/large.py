"""Files of a made-up case of any size, as an analyst would write them: for benchmarks and tests of capacity.

python -m benchmarks.large FOLDER FACTIONS FACTS ITEMS
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

GRADES = ("B2", "C3", "D4", "F6")


def write_pair(folder: Path, factions: int, facts: int, items: int, seed: int = 1) -> tuple[Path, Path]:
    """A case and a model for it: three of four facts hang on the one before, one item in four speaks of two facts."""
    r = Random(seed)
    name = f"large-{factions}-{facts}-{items}"
    folder.mkdir(parents=True, exist_ok=True)
    case, model = folder / f"{name}.yaml", folder / f"{name}-baseline.yaml"
    case.write_text(_case(r, name, factions, facts, items))
    model.write_text(_model(r, name, factions, facts))
    return case, model


def _case(r: Random, name: str, factions: int, facts: int, items: int) -> str:
    lines = [
        "format: attribution-case/1", f"id: {name}", "title: A made-up case", 'question: "Who did it?"',
        "incident: {date: 2024-01-28, place: Nowhere, country: Nowhere}", "factions:",
        *(f"  f{number}: {{}}" for number in range(factions - 1)), "  other: {title: Anyone else}", "sources:",
        *(f"  s{k}: {{name: Source {k}, kind: media, reliability: B, interest: none}}" for k in range(20)),
        "facts:",
    ]  # fmt: skip
    for fact in range(facts):
        given = f", given: [k{fact - 1}]" if fact % 4 else ""
        lines.append(f'  k{fact}: {{question: "Was it so ({fact})?", states: [yes, no]{given}}}')
    lines.append("evidence:")
    for item in range(items):
        first = r.randrange(facts)
        about = {first, first - 1} if first % 4 and r.random() < 0.25 else {first}
        said = ", ".join(f"k{fact}: {r.choice(('yes', 'no'))}" for fact in sorted(about))
        lines.append(
            f"  - {{id: r{item}, kind: report, says: {{{said}}}, source: s{r.randrange(20)}, "
            f"grade: {r.choice(GRADES)}, published: 2024-02-{1 + item % 28:02d}, title: Item {item}, "
            f'citation: {{title: Item {item}, url: "https://example.org/{item}"}}}}'
        )
    return "\n".join(lines) + "\n"


def _model(r: Random, name: str, factions: int, facts: int) -> str:
    leaves = [f"f{number}" for number in range(factions - 1)]
    lines = [
        "format: attribution-model/1", f"case: {name}", "title: Made up", "grading: standard", "perpetrator:",
        f"  share: {{{', '.join(f'{leaf}: {1 / len(leaves):.6f}' for leaf in leaves)}}}",
        "  other: [0.01, 0.03, 0.1]", "  surprise: [0.001, 0.01, 0.05]", "  because: Made up.", "facts:",
    ]  # fmt: skip
    for fact in range(facts):
        named = r.sample(leaves, min(len(leaves), 20))
        cells = ", ".join(f"{leaf}: [0.1, {r.uniform(0.2, 0.7):.3f}, 0.8]" for leaf in named)
        row = f"{{{cells}, else: [0.05, {r.uniform(0.1, 0.5):.3f}, 0.7], because: Made up for k{fact}.}}"
        if fact % 4:
            lines += [
                f"  k{fact}:",
                "    yes:",
                f"      - {{when: {{k{fact - 1}: yes}}, else: [0.2, 0.5, 0.9], because: Made up for k{fact}.}}",
                f"      - {row}",
            ]
        else:
            lines += [f"  k{fact}:", f"    yes: {row}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(*write_pair(Path(sys.argv[1]), *(int(each) for each in sys.argv[2:5])))
