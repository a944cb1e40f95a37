"""The tree of candidate perpetrators: leaves are the factions, inner nodes are groups, banners, sponsors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from attribution.domain.document import Document, stated, yes_no
from attribution.domain.identifiers import OTHER, check_id, check_unlike
from attribution.errors import CaseError, Path


@dataclass(frozen=True, slots=True)
class Node:
    """A faction (no members) or a group of factions (members).

    A `banner` is a name used in claims, never itself a perpetrator. A faction that is `joint_of` others stands for what
    these did together: what is said of one of them holds for it too.
    """

    id: str
    title: str = ""
    banner: bool = False
    sponsor: bool = False
    note: str = ""
    members: tuple[Node, ...] = ()
    joint_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_id(self.id, "faction")

    def document(self) -> Document:
        return stated(
            {
                "title": self.title,
                "banner": yes_no(self.banner or None),
                "sponsor": yes_no(self.sponsor or None),
                "joint_of": list(self.joint_of),
                "note": self.note,
                "members": {member.id: member.document() for member in self.members},
            }
        )

    @property
    def label(self) -> str:
        """The title, or the id made readable."""
        return self.title or self.id.replace("-", " ").capitalize()

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[Node, tuple[str, ...]]]:
        """Every node below and including this one, with the ids from the top down to it."""
        here = (*path, self.id)
        yield self, here
        for member in self.members:
            yield from member.walk(here)


@dataclass(frozen=True, slots=True)
class FactionTree:
    """Mutually exclusive, exhaustive factions in a tree; the top-level leaf `other` keeps the set open.

    Raises
    ------
    CaseError
        A name that appears twice, no `other` at the top, fewer than two factions, or a `joint_of` that does not name
        two or more single factions.
    """

    roots: tuple[Node, ...]
    _paths: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _nodes: dict[str, Node] = field(init=False, repr=False, compare=False)
    _under: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    leaves: tuple[str, ...] = field(init=False, repr=False, compare=False)  # ids of the factions, in the file's order

    def __post_init__(self) -> None:
        paths: dict[str, tuple[str, ...]] = {}
        nodes: dict[str, Node] = {}
        for root in self.roots:
            for node, path in root.walk():
                if node.id in nodes:
                    raise CaseError.duplicate("faction", node.id, at=_document_path(path))
                nodes[node.id], paths[node.id] = node, path
        check_unlike(nodes, "faction", at=("factions",))
        object.__setattr__(self, "_paths", paths)
        object.__setattr__(self, "_nodes", nodes)
        object.__setattr__(self, "leaves", tuple(id for id, node in nodes.items() if not node.members))
        under: dict[str, list[str]] = {id: [] for id in nodes}
        for leaf in self.leaves:
            for above in paths[leaf]:
                under[above].append(leaf)
        object.__setattr__(self, "_under", {id: frozenset(below) for id, below in under.items()})
        if OTHER not in nodes or nodes[OTHER].members or len(paths[OTHER]) != 1:
            raise CaseError(
                "factions has no top-level leaf `other`.",
                at=("factions",),
                allowed="a tree in which the leaf `other` stands for everybody not named",
                hint="add `other: {title: Anyone else}` beside the named groups",
            )
        if len(self.leaves) < 2:
            raise CaseError(
                "factions names nobody besides `other`.",
                at=("factions",),
                allowed="two or more factions",
                hint="attribution compares candidates: name at least one",
            )
        for node in nodes.values():
            if node.joint_of:
                self._check_joint(node)

    def _check_joint(self, node: Node) -> None:
        at = (*_document_path(self._paths[node.id]), "joint_of")
        single = tuple(leaf for leaf in self.leaves if leaf != OTHER and not self._nodes[leaf].joint_of)
        if node.members or node.id == OTHER:
            raise CaseError(
                f'"{node.id}" is joint and {"has members" if node.members else "is the open faction"}.',
                at=at,
                allowed="`joint_of` for a faction of its own, which stands for what others did together",
                hint="give the joint operation a leaf: joint-cell: {joint_of: [...]}",
            )
        for party in node.joint_of:
            if party not in single:
                raise CaseError.unknown("factions that can act together", party, single, at=at)
        if len(set(node.joint_of)) < len(node.joint_of) or len(node.joint_of) < 2:
            raise CaseError(
                f'"{node.id}" is joint of {", ".join(node.joint_of)}.',
                at=at,
                allowed="two or more factions, each once",
                hint="what one faction did by itself is that faction",
            )

    def __hash__(self) -> int:
        return hash(self.roots)

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of the inner nodes, in the order of the file."""
        return tuple(id for id, node in self._nodes.items() if node.members)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._nodes)

    def __contains__(self, id: object) -> bool:
        return id in self._nodes

    def __getitem__(self, id: str) -> Node:
        return self._nodes[id]

    def label(self, id: str) -> str:
        return self._nodes[id].label

    def under(self, id: str) -> frozenset[str]:
        """The leaves at or below a node."""
        return self._under.get(id, frozenset())

    def named(self, id: str) -> frozenset[str]:
        """The leaves of which it is true that this node did it: those under it, and what these did with others."""
        under = self.under(id)
        return under | {leaf for leaf in self.leaves if under & set(self._nodes[leaf].joint_of)}

    def upward(self, leaf: str) -> tuple[str, ...]:
        """A leaf and the groups above it, the most specific first."""
        return self._paths[leaf][::-1]

    def depth(self, id: str) -> int:
        return len(self._paths[id]) - 1


def _document_path(path: tuple[str, ...]) -> Path:
    """Where a node stands in a case file: members nest."""
    steps: list[str] = ["factions", path[0]]
    for name in path[1:]:
        steps += ["members", name]
    return tuple(steps)
