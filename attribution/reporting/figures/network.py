"""The reasoning as a network: what each origin says of which facts, and what these say of the perpetrator."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from attribution.analysis.shapley import Decomposition, shapley
from attribution.domain.case import Case
from attribution.domain.evidence import Direct
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.model import Model
from attribution.domain.verbal import decibans
from attribution.errors import UsageError
from attribution.inert import legible
from attribution.inference.posterior import Posterior
from attribution.reporting.text import brief

type Kind = Literal["origin", "fact", "perpetrator"]
type Tie = Literal["says", "bears", "given", "story"]

_ROW, _TOP = 30.0, 40.0
_ORIGIN, _FACT, _END, _WIDTH = 330.0, 500.0, 900.0, 1040.0  # right edge of the origins, middle of the facts, ...
_FACT_WIDTH = 230.0
_LONGEST, _LINE = 46, 31  # letters of a title, and of a line of a fact
_THICKEST, _PER_DECIBAN = 16.0, 1.6
_MERMAID = str.maketrans({"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;"})


@dataclass(frozen=True, slots=True)
class Node:
    """An origin of evidence, a fact, or the perpetrator."""

    id: str
    kind: Kind
    label: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of the network.

    An origin *says* something of a fact, a fact *bears* on who it was or is *given* another; facts of one *story* hang
    together. `weight` are the decibans that travel along it, for the leader where positive, for the runner-up where
    negative; None where nothing was weighed.
    """

    start: str
    end: str
    tie: Tie
    weight: float | None


@dataclass(frozen=True, slots=True)
class Network:
    """The network of a case under a model: nodes and edges, drawn as SVG, DOT or Mermaid.

    Attributes
    ----------
    nodes : tuple of Node
        Origins first, in the order of the case, then facts, then the perpetrator.
    edges : tuple of Edge
        Who says what of which fact, and what that says of the perpetrator.
    leader, rival : str
        Whom the weights are about; empty where nothing was weighed.

    Examples
    --------
    >>> at.draw(case, model).dot().splitlines()[0]
    'digraph reasoning {'
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    leader: str
    rival: str

    def svg(self) -> str:
        """A picture of its own, for a browser: edges as wide as what they carry."""
        style = (
            "text{font:13px sans-serif;fill:#1d1f21}.edge{fill:none;stroke:#8a8f94}.for{stroke:#1f6f56}"
            ".against{stroke:#a23b3b}.given,.story{stroke-dasharray:4 3}.node{fill:#f5f2ea;stroke:#8a8f94}"
        )
        return (
            str(drawn(self))
            .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
            .replace("</title>", f"</title><style>{style}</style>", 1)
        )

    def dot(self) -> str:
        """The network in the language of Graphviz."""
        names = {node.id: f"n{position}" for position, node in enumerate(self.nodes)}
        shapes = {"origin": "plaintext", "fact": "box", "perpetrator": "doubleoctagon"}
        lines = ["digraph reasoning {", "  rankdir=LR;"]
        lines += [
            f'  {names[node.id]} [label="{_quoted(node.label)}" shape={shapes[node.kind]}];' for node in self.nodes
        ]
        for edge in self.edges:
            told = f' label="{decibans(edge.weight)} dB"' if edge.weight is not None else ""
            looks = " style=dashed" if edge.tie in ("given", "story") else ""
            arrow = " dir=none" if edge.tie == "story" else ""
            lines.append(
                f"  {names[edge.start]} -> {names[edge.end]} [penwidth={_thickness(edge):.1f}{told}{looks}{arrow}];"
            )
        return "\n".join([*lines, "}"]) + "\n"

    def mermaid(self) -> str:
        """The network as a Mermaid flowchart."""
        names = {node.id: f"n{position}" for position, node in enumerate(self.nodes)}
        marks = {"origin": ("[", "]"), "fact": ("(", ")"), "perpetrator": ("{{", "}}")}
        lines = ["flowchart LR"]
        for node in self.nodes:
            left, right = marks[node.kind]
            lines.append(f'  {names[node.id]}{left}"{_entities(node.label)}"{right}')
        for edge in self.edges:
            arrow = {"given": "-.->", "story": "-.-"}.get(edge.tie, "-->")
            told = f'|"{decibans(edge.weight)} dB"|' if edge.weight is not None else ""
            lines.append(f"  {names[edge.start]} {arrow}{told} {names[edge.end]}")
        return "\n".join(lines) + "\n"


def draw(case: Case | Posterior, model: Model | None = None) -> Network:
    """The reasoning of a case under a model, or of a posterior, as a network.

    Parameters
    ----------
    case
        A case with its model, for the structure alone; or a posterior, whose edges carry weights of evidence too.
    model
        The model of the case; none beside a posterior, which has its own.

    Returns
    -------
    Network
        With `svg`, `dot` and `mermaid`.

    Raises
    ------
    UsageError
        A case without a model, or a posterior with one.

    Examples
    --------
    >>> picture = at.draw(posterior)
    >>> picture.leader
    'Kataib Hezbollah'
    """
    if isinstance(case, Posterior):
        if model is not None:
            raise UsageError("a posterior has a model of its own.", at=("model",), allowed="at.draw(posterior)")
        first, second = case.ranking[:2]
        return network(case.known_case, case.model, shapley(case, first.id, second.id))
    if model is None:
        raise UsageError("a case is drawn with its model.", at=("model",), allowed="at.draw(case, model)")
    return network(case.as_of(), model, None)


def network(case: Case, model: Model, weighed: Decomposition | None) -> Network:
    """The network of what counts in a case, with what each origin adds where that was worked out."""
    weights = {bar.id: bar.decibans for bar in weighed.origins} if weighed else {}
    nodes = [Node(f"origin:{one.id}", "origin", one.label) for one in case.origins]
    edges: list[Edge] = []
    reaching: dict[str, float] = defaultdict(float)
    for origin in case.origins:
        facts = list(dict.fromkeys(fact for item in origin.items for fact in _spoken_of(item)))
        share = weights.get(origin.id, 0.0) / max(1, len(facts)) if weighed else None
        for spoken in facts:
            edges.append(Edge(f"origin:{origin.id}", _node(spoken), "says", share))
            reaching[spoken] += share or 0.0
    for fact in case.facts:
        nodes.append(Node(_node(fact.id), "fact", fact.label))
        edges.append(Edge(_node(fact.id), PERPETRATOR, "bears", reaching[fact.id] if weighed else None))
        edges += [Edge(_node(parent), _node(fact.id), "given", None) for parent in fact.given if parent != PERPETRATOR]
    for story in model.stories:
        edges += [Edge(_node(a), _node(b), "story", None) for a, b in zip(story.facts, story.facts[1:], strict=False)]
    nodes.append(Node(PERPETRATOR, "perpetrator", "Who led it?"))
    label = case.factions.label
    return Network(
        tuple(nodes),
        tuple(edges),
        label(weighed.faction) if weighed else "",
        label(weighed.rival) if weighed else "",
    )


def drawn(found: Network) -> Markup:
    """An SVG in three columns: origins, facts near the origins that speak of them, and the perpetrator."""
    origins = [node for node in found.nodes if node.kind == "origin"]
    facts = [node for node in found.nodes if node.kind == "fact"]
    height = _TOP + _ROW * max(len(origins), 1.6 * len(facts), 3) + 10
    places = _places(found, origins, facts, height)
    edges = sorted(found.edges, key=lambda edge: abs(edge.weight or 0.0))
    marks = [_edge(edge, places) for edge in edges]
    marks += [_origin(node, places[node.id]) for node in origins]
    marks += [_fact(node, places[node.id]) for node in facts]
    marks.append(_box("Who led it?", _END, places[PERPETRATOR], 130.0, "Who led it?"))
    whom = f" Weights are for {found.leader} against {found.rival}." if found.leader else ""
    told = f"{len(origins)} origins of evidence speak of {len(facts)} facts, and these of who led it.{whom}"
    return Markup(
        '<svg class="network" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(_WIDTH, height, legible(told), legible(told), Markup("").join(marks))


def _places(found: Network, origins: list[Node], facts: list[Node], height: float) -> dict[str, float]:
    """How far down each node stands; facts in the order of the mean place of those that speak of them."""
    speakers: dict[str, list[str]] = defaultdict(list)
    for edge in found.edges:
        if edge.tie == "says":
            speakers[edge.end].append(edge.start)
    first = {node.id: min((facts.index(f) for f in facts if node.id in speakers[f.id]), default=99) for node in origins}
    ordered = sorted(origins, key=lambda node: first[node.id])
    places = {node.id: _spread(position, len(origins), height) for position, node in enumerate(ordered)}

    def mean(node: Node) -> float:
        below = [places[speaker] for speaker in speakers[node.id]]
        return sum(below) / len(below) if below else height

    for position, node in enumerate(sorted(facts, key=mean)):
        places[node.id] = _spread(position, len(facts), height)
    places[PERPETRATOR] = height / 2
    return places


def _spread(position: int, count: int, height: float) -> float:
    return _TOP + (height - _TOP - 10) * (position + 0.5) / max(count, 1)


def _edge(edge: Edge, places: dict[str, float]) -> Markup:
    x1 = _ORIGIN + 6 if edge.tie == "says" else _FACT + _FACT_WIDTH
    x2 = _END if edge.end == PERPETRATOR else _FACT
    y1, y2 = places[edge.start], places[edge.end]
    if edge.tie in ("given", "story"):
        bend = _FACT + _FACT_WIDTH + 46
        path = f"M{x1:g} {y1:.1f}C{bend:g} {y1:.1f} {bend:g} {y2:.1f} {x1:g} {y2:.1f}"
    else:
        middle = (x1 + x2) / 2
        path = f"M{x1:g} {y1:.1f}C{middle:g} {y1:.1f} {middle:g} {y2:.1f} {x2:g} {y2:.1f}"
    side = "" if edge.weight is None or abs(edge.weight) < 0.05 else " for" if edge.weight > 0 else " against"
    return Markup('<path class="edge {}{}" stroke-width="{:.1f}" d="{}"/>').format(
        edge.tie, side, _thickness(edge), path
    )


def _origin(node: Node, y: float) -> Markup:
    return Markup('<text x="{:g}" y="{:.1f}" text-anchor="end">{}<title>{}</title></text>').format(
        _ORIGIN, y + 4, legible(brief(node.label, _LONGEST)), legible(brief(node.label))
    )


def _fact(node: Node, y: float) -> Markup:
    return _box(node.label, _FACT, y, _FACT_WIDTH, node.label)


def _box(label: str, x: float, y: float, width: float, title: str) -> Markup:
    words, lines = brief(label, 2 * _LINE - 4).split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) >= _LINE and len(lines) < 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    lines[-1] = brief(lines[-1], _LINE + 2)
    texts = Markup("").join(
        Markup('<text x="{:g}" y="{:.1f}" text-anchor="middle">{}</text>').format(
            x + width / 2, y + 4 + 15 * (position - (len(lines) - 1) / 2), legible(line)
        )
        for position, line in enumerate(lines)
    )
    return Markup(
        '<g><title>{}</title><rect class="node" x="{:g}" y="{:.1f}" width="{:g}" height="{:g}" rx="4"/>{}</g>'
    ).format(legible(brief(title)), x, y - 19, width, 38.0, texts)


def _thickness(edge: Edge) -> float:
    return 1.0 if edge.weight is None else min(1.0 + _PER_DECIBAN * abs(edge.weight), _THICKEST)


def _spoken_of(item: object) -> tuple[str, ...]:
    if isinstance(item, Direct):
        return (item.fact,)
    return tuple(dict.fromkeys(said.fact for said in getattr(item, "propositions", ())))


def _node(fact: str) -> str:
    return PERPETRATOR if fact == PERPETRATOR else f"fact:{fact}"


def _quoted(text: str) -> str:
    return legible(" ".join(text.split())).replace("\\", "\\\\").replace('"', '\\"')


def _entities(text: str) -> str:
    """A label as Mermaid takes it, whose entities begin with # instead of &."""
    return legible(" ".join(text.split())).translate(_MERMAID)
