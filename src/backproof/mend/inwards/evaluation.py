"""One evaluation of one statement: the value that it gives, and what it makes it of."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.trial import Bench, Edge
from backproof.graph import Node, unnamed
from backproof.mend.derived.relation import same

SMALL = 20  # operations of a helper
Change = tuple[Edge, Node]
Values = tuple[Any, ...]  # one for each point of the bench


class Frames:
    """The calls of a step that only help: all that they compute goes to the expression that called them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._nodes = defaultdict[int, list[Node]](list)
        for node in bench.main:
            if node.origin is not None and node.operands:
                self._nodes[node.origin.frame].append(node)
        self._helping: dict[int, bool] = {}

    def helping(self, call: Node) -> int | None:
        """The frame whose value a call gives, where that is nothing but a helper of it."""
        sites = self.bench.step.trace.sites
        if call.operation != "identity" or call.origin is None or call.origin.site < 0:
            return None
        origin = call.operands[0].origin
        if sites[call.origin.site].kind != "Call" or origin is None or origin.frame == call.origin.frame:
            return None
        if origin.frame not in self._helping:
            self._helping[origin.frame] = self._is_helping(origin.frame, call)
        return origin.frame if self._helping[origin.frame] else None

    def _is_helping(self, frame: int, call: Node) -> bool:
        nodes = self._nodes[frame]
        users = {u for node in nodes for u in self.bench.consumers.get(node, ()) if u in self.bench.main}
        return len(nodes) <= SMALL and all(
            u is call or (u.origin is not None and (u.origin.frame == frame or self._is_call_of(u, frame)))
            for u in users
        )

    def _is_call_of(self, node: Node, frame: int) -> bool:
        """Does a node hand something on to a call made in a frame?"""
        return node.operation == "identity" and node.operands[0].origin.frame == frame


class Evaluation:
    """A value of the backward pass, computed from what other statements gave.

    ``line`` are the values of the statement itself, and of the helpers that it calls, in order; ``inputs``
    those of other statements that are no values of the forward pass, nor data.
    """

    def __init__(self, frames: Frames, result: Node) -> None:
        self.bench, self.result = frames.bench, result
        self.statement = statement_of(self.bench, result)
        self.written = result.operands[1] if result.operation == "index_update" else None
        self.helpers = set[int]()
        bench, inside, outside, stack = self.bench, dict[Node, None](), dict[Node, None](), [result]
        while stack:
            node = stack.pop()
            if node in inside or node in outside:
                continue
            if self._is_outside(node):
                outside[node] = None
                continue
            inside[node] = None
            helper = frames.helping(node) if node.operands else None
            self.helpers.update(() if helper is None else (helper,))
            stack += node.operands
        self.line = sorted(inside, key=bench.order.__getitem__)
        self.inside = frozenset(inside)
        self.inputs = [n for n in outside if n in bench.main and n.operands and not is_forward(bench, n)]

    def _is_outside(self, node: Node) -> bool:
        """Is this a value that the statement reads?"""
        if node is self.result or node is self.written:
            return False
        bench = self.bench
        if not node.operands or node not in bench.main or node in bench.forward:
            return True
        if is_forward(bench, node):
            return False  # handed on under another name, perhaps the wrong one
        if node.origin is None or node.origin.site < 0 or node.origin.frame in self.helpers:
            return False
        return node.origin.site == self.result.origin.site or statement_of(bench, node) != self.statement

    def reading(self, node: Node, instead: Node) -> list[Change]:
        """The changes by which the statement reads another value in the place of an input."""
        return [
            (Edge(consumer, position, True), instead)
            for consumer in self.line
            for position, operand in enumerate(consumer.operands)
            if operand is node
        ]

    def gives(self, wanted: Values, changes: Sequence[Change]) -> bool:
        """Does the statement give what is wanted, at every point, with some changes inside it?"""
        with np.errstate(all="ignore"):
            return all(
                (value := self.value(changes, point)) is not None and is_same(value, each)
                for point, each in enumerate(wanted)
            )

    def value(self, changes: Sequence[Change], point: int) -> Any:
        """What the statement gives with some changes inside it; None where it cannot be computed."""
        instead = {edge.operand: node for edge, node in changes if edge.whole}
        own = [(edge, instead.get(node, node)) for edge, node in changes if edge.operand is not self.result]
        overlay = self.bench.run(own, point, self.line)
        if overlay is None:
            return None
        outer = next((node for edge, node in changes if edge.operand is self.result), None)
        if outer is None:
            return overlay[self.result]
        try:
            return self.bench.value(
                instead.get(outer, outer), overlay, self.bench.base[point], instead, self.result
            )
        except (ValueError, TypeError, IndexError, KeyError, ArithmeticError):
            return None


def is_same(value: Any, wanted: Any) -> bool:
    """Is a value what is wanted, but for rounding?"""
    if isinstance(value, float) and isinstance(wanted, float):
        return math.isfinite(value) and same(value, wanted)
    value = np.asarray(value)
    return (
        value.dtype.kind in "biuf"
        and value.shape == np.shape(wanted)
        and bool(np.all(np.isfinite(value)))
        and same(np.asarray(value, dtype=float), wanted)
    )


def is_forward(bench: Bench, node: Node) -> bool:
    """Is a value one of the forward pass, under whatever name?"""
    return unnamed(node) in bench.forward


def statement_of(bench: Bench, node: Node) -> int:
    """The number of the statement that gave a value."""
    site = bench.step.trace.sites[node.origin.site]
    return int(site.number if site.statement is None else site.statement)
