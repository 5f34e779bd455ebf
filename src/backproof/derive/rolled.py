"""A backward pass that goes back through a loop of the forward pass as a loop.

What stands behind the loop is derived first; then one round, given the derivative by what it hands on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.plan import Derivation
from backproof.derive.repeated import Repeated
from backproof.derive.roundwise import Spelling
from backproof.graph import Node, apply, leaf
from backproof.graph.node import rebuilt
from backproof.notation.tidy import tidy


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rolled:
    """A backward pass with a loop.

    ``after`` derives what stands behind the loop, None where the loop ends with the loss; ``body`` one round.
    ``sums`` are the names of derivatives that every round adds to, by parameter; ``parts`` those of which a
    round makes one, by what stands for the parameter in a round. ``states`` are the values that a round hands
    to the next, with the name of the derivative that comes back. ``gradients`` are the results by
    parameter; ``handed_over`` the names by which the part behind gives its derivatives to the loop,
    ``last_texts`` what it calls the values of the last round, and ``dropped`` names that rounds write out.
    """

    forward: Forward
    loop: Repeated
    spelling: Spelling
    after: Derivation | None
    body: Derivation
    sums: Mapping[Node, str]
    parts: Mapping[Node, str]
    states: Mapping[Node, str]
    gradients: Mapping[Node, str]
    handed_over: Mapping[Node, str]
    last_texts: Mapping[Node, str]
    dropped: frozenset[str]

    def added(self) -> Iterator[tuple[str, Node]]:
        """What every round adds to a value of the program, as the loss: its name, and the summand."""
        named = {n: leaf(n.value, name) for n, name in self.spelling.names.items()}
        for node in self.loop.carried:
            if node not in self.states:
                before = {b for b, source in self.loop.before.items() if source is node}
                (summand,) = [o for o in node.operands if o not in before][:1] or [node]
                part_of = rebuilt(summand, named)
                signed = apply("negative", part_of) if node.operation == "subtract" else part_of
                yield self.spelling.stem(node), tidy(signed)

    def values(self, table: Mapping[Node, Any]) -> dict[str, Any]:
        """What the statements read besides the names of the forward pass, from the values of the graph."""
        found: dict[str, Any] = dict(self.spelling.header()[1])
        for node, name in self.last_texts.items():
            if name.isidentifier():
                found[name] = np.array(table[self.loop.matched[node][-1]])[()]
        return found | self.spelling.values(table)
