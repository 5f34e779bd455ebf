"""What is known of the values of one step: what they have to be, and which of them are right as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from backproof.check.trial import Bench, Edge
from backproof.graph import Node, leaf
from backproof.mend.inwards.evaluation import Change, Evaluation, Frames, Values, is_same
from backproof.mend.inwards.truths import Truths

NEAREST = 8  # other values that a correction of a statement might read


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a value has to be for the statement that gives ``by``; None for the step itself."""

    values: Values
    by: Node | None


@dataclass(eq=False, repr=False)
class Knowledge:
    """Gathers, as the statements are explained one after the other, what each tells of what it reads.

    ``sure`` are the values that right gradients are made of, ``kept`` those that explained statements read as
    they are, ``given`` what the rounds of a sum read in the place of the sum before.
    """

    bench: Bench
    truths: Truths
    frames: Frames
    wishes: dict[Node, list[Wish]] = field(default_factory=lambda: defaultdict(list))
    sure: set[Node] = field(default_factory=set)
    kept: set[Node] = field(default_factory=set)
    given: dict[Node, list[Change]] = field(default_factory=dict)
    faulty: set[Node] = field(default_factory=set)  # what statements give that are wrong in themselves
    evaluations: dict[Node, Evaluation] = field(default_factory=dict)

    def evaluation(self, node: Node) -> Evaluation:
        """The evaluation of the statement that gave a value."""
        if node not in self.evaluations:
            self.evaluations[node] = Evaluation(self.frames, node)
        return self.evaluations[node]

    def is_met(self, node: Node, wanted: Values) -> bool:
        """Is a value what it has to be?"""
        return all(is_same(table[node], each) for table, each in zip(self.bench.base, wanted, strict=True))

    def unmet(self, node: Node) -> list[Wish]:
        """The wishes for a value that it does not meet."""
        return [wish for wish in self.wishes.get(node, ()) if not self.is_met(node, wish.values)]

    def keep(self, here: Evaluation, but: Collection[Node]) -> None:
        """Remember what a statement that is explained reads as it is."""
        self.kept.update(u for u in here.inputs if u not in but)

    def known(self, node: Node, depth: int = 0) -> Node | None:
        """What a value has to be, as far as that is known already, where it is something else.

        It is where it is wanted; and, through ``depth`` statements, where those give it from what is known.
        """
        if wrong := self.unmet(node):
            return self.leaf(wrong[0].values)
        if node in self.sure or node in self.faulty or not depth:
            return None
        here = self.evaluation(node)
        changes = [
            change
            for u in here.inputs
            if (true := self.known(u, depth - 1)) is not None
            for change in here.reading(u, true)
        ]
        values = [here.value(changes, point) for point in range(len(self.bench.points))] if changes else []
        return self.leaf(values) if values and all(v is not None for v in values) else None

    def beside(self, here: Evaluation) -> list[Change]:
        """What is known of other values that could be read where a statement stands, the nearest ones."""
        bench, own, last = self.bench, here.result.origin, self.bench.order[here.result]
        near = [
            node
            for node in self.wishes
            if bench.order[node] < last
            and node.origin.frame == own.frame
            and node not in here.inputs
            and node not in here.inside
        ]
        found = list[Change]()
        for node in sorted(near, key=lambda node: -bench.order[node])[:NEAREST]:
            true, users = self.known(node), bench.consumers.get(node, ())
            if true is not None and users:
                found.append((Edge(users[0], users[0].operands.index(node), True), true))
        return found

    def values(self, node: Node) -> Values:
        """A value of the step, or a leaf, at every point."""
        return tuple(table[node] for table in self.bench.base)

    def leaf(self, values: Sequence[Any]) -> Node:
        """A leaf that has values at the points."""
        made = leaf(values[0])
        for table, value in zip(self.bench.base, values, strict=True):
            table[made] = value
        return made
