"""The data of a step, and what the places of the step held in the other steps that were seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import OPERATIONS, Node, ancestors
from backproof.step import TrainingStep
from backproof.step.change import made_between
from backproof.step.update import time_of

UNCOMPUTED = (  # raised where a step cannot be computed at other parameters or data than its own
    *(ValueError, TypeError, IndexError, KeyError, ArithmeticError, NotImplementedError),
)
SHAPED = frozenset({"identity", "reshape", "transpose", "astype"})


@dataclass(frozen=True, eq=False, repr=False)
class Seen:
    """A judged step, with the values of its places in the other steps of the same code."""

    judgement: Judgement

    @property
    def step(self) -> TrainingStep:
        """The step."""
        return self.judgement.step

    @cached_property
    def originals(self) -> Mapping[Node, Node]:
        """The node of the trace behind each node of the step."""
        return {copy: node for node, copy in self.step.copies.items()}

    @cached_property
    def series(self) -> list[Mapping[Node, Any]]:
        """For each step that ran the same code, in order, what is other there than it is in this one."""
        step, trace = self.step, self.step.trace
        own = made_between(trace, step.window.start, step.window.end)
        found: list[Mapping[Node, Any]] = []
        for window in self.judgement.windows:
            if window.start == step.window.start:
                found.append({})
                continue
            values = _paired(own, made_between(trace, window.start, window.end))
            if values is not None:
                other = {n: v for n, v in values.items() if not np.array_equal(n.value, v)}
                found.append(self._with_what_was_handed_in(other))
        return found or [{}]

    def _with_what_was_handed_in(self, values: dict[Node, Any]) -> dict[Node, Any]:
        """The same with data that were only named or arranged before the step began, as an argument is."""
        for node, value in list(values.items()):
            while node.operation in SHAPED and node.operands:
                node, value = node.operands[0], _as_before(node, value)
                values.setdefault(node, value)
        return values

    def values(self, node: Node) -> list[Any]:
        """The values of a node of the trace, one a step."""
        return [table.get(node, node.value) for table in self.series]

    @cached_property
    def given(self) -> tuple[Node, ...]:
        """The nodes of the step that it computes with and that no update changes, the forward pass first."""
        step = self.step
        own = set(step.leaves)
        changed = {step.copies.get(c.before) for c in (*step.window.parameters, *step.window.others)}
        read = ancestors([step.loss, *step.descents, *step.truths])
        return tuple(
            n
            for n in read
            if not n.operands and n not in own and n not in changed and self.originals.get(n) is not None
        )

    @cached_property
    def bases(self) -> Mapping[Node, Node]:
        """For the data among these: the node of the trace that holds them, before they are only arranged."""
        forward = set(ancestors([self.step.loss]))
        named = defaultdict[str, list[Node]](list)
        found: dict[Node, Node] = {}
        for copy in self.given:
            base = self._base(copy)
            if np.asarray(base.value).dtype.kind not in "fiub":
                continue
            if np.size(base.value) > 1 and base.operation != "constant":
                found[copy] = base
            elif np.size(base.value) == 1 and copy in forward:
                if copy.name is not None:
                    named[copy.name].append(copy)
                elif self._varies(base):
                    found[copy] = base
        for copies in named.values():
            values = [v for copy in copies for v in self.values(self.originals[copy])]
            if len(set(map(_number, values))) > 1:
                found.update((copy, self._base(copy)) for copy in copies)
        known = {self._mark(base) for base in found.values() if np.size(base.value) == 1}
        for copy in self.given:
            if copy not in found and np.size(copy.value) == 1:
                base = self._base(copy)
                if self._mark(base) in known and self._varies(base):
                    found[copy] = base
        return found

    def _base(self, copy: Node) -> Node:
        return _arranged(self.originals[copy])

    def _varies(self, node: Node) -> bool:
        return len(set(self._mark(node))) > 1

    def _mark(self, node: Node) -> tuple[Any, ...]:
        """What tells a whole number of a list from another, which has no identity of its own."""
        return tuple(map(_number, self.values(node)))

    def twins(self, node: Node) -> tuple[Node, ...]:
        """The nodes that hold the same datum: whole numbers that are read again and again."""
        if np.size(node.value) > 1 or node.operation != "constant":
            return (node,)
        mark = self._mark(node)
        same = {b for b in self.bases.values() if np.size(b.value) == 1 and b.operation == "constant"}
        return (node, *(b for b in same if b is not node and self._mark(b) == mark))

    def drawn(self, node: Node) -> set[Node]:
        """What is drawn in the step itself for a value."""
        trace, start = self.step.trace, self.step.window.start
        return {
            n
            for n in ancestors([node], stop=lambda n: time_of(n) < start)
            if n in trace.random and time_of(n) >= start
        }

    @cached_property
    def _line(self) -> list[Node]:
        return ancestors([self.originals[copy] for copy in self.given])

    def replaced(self, table: Mapping[Node, Any]) -> dict[Node, Any]:
        """The values for the step where nodes of the trace have others: theirs, and what is made of them."""
        values = dict(table)
        with np.errstate(all="ignore"):
            for node in self._line:
                if node not in values and any(o in values for o in node.operands):
                    operands = [values.get(o, o.value) for o in node.operands]
                    if node.operation == "astype" and np.dtype(node.attributes["dtype"]).kind == "f":
                        values[node] = operands[0]  # all is compared in double precision
                        continue
                    values[node] = OPERATIONS[node.operation].value(*operands, **node.attributes)
        found = {}
        for copy in self.given:
            original = self.originals[copy]
            if original in values:
                found[copy] = values[original]
        return found


def reached(order: Sequence[Node], roots: set[Node]) -> set[Node]:
    """Those of some nodes, operands first, that are computed from ``roots``, with these."""
    found = {n for n in order if n in roots}
    for node in order:
        if any(o in found for o in node.operands):
            found.add(node)
    return found


def _arranged(node: Node) -> Node:
    """What a value was before it was named or arranged."""
    while node.operation in SHAPED and node.operands:
        node = node.operands[0]
    return node


def _number(value: Any) -> float:
    return float(np.ravel(value)[0])


def _as_before(node: Node, value: Any) -> Any:
    """What a value was before it was named or arranged."""
    shape = np.shape(node.operands[0].value)
    if node.operation == "transpose":
        axes = node.attributes.get("axes")
        return np.transpose(value, None if axes is None else np.argsort(axes))
    return np.reshape(value, shape)[()] if np.shape(value) != shape else value


def _paired(made: Sequence[Node], others: Sequence[Node]) -> dict[Node, Any] | None:
    """The values of another step by the nodes of this one; None where it ran other code.

    What only one of them computes, and uses for nothing else, as what is shown every hundredth time, is no
    other code.
    """
    if len(made) != len(others):
        made, others = _common(made, others), _common(others, made)
    if len(made) != len(others):
        return None
    values = dict[Node, Any]()
    for a, b in zip(made, others, strict=True):
        if a.operation != b.operation or len(a.operands) != len(b.operands) or _site(a) != _site(b):
            return None
        for x, y in zip((a, *a.operands), (b, *b.operands), strict=True):
            if np.shape(x.value) != np.shape(y.value):
                return None
            values[x] = y.value
    return values


def _common(made: Sequence[Node], others: Sequence[Node]) -> list[Node]:
    """The nodes of a step without those that another one does not come by; none where they are used.

    A constant is made once, and not in every step.
    """
    places = {_site(node) for node in others}
    kept = [node for node in made if _site(node) in places and node.operation != "constant"]
    left = {node for node in made if node.operation != "constant"} - set(kept)
    return [] if any(operand in left for node in kept for operand in node.operands) else kept


def _site(node: Node) -> int:
    return -1 if node.origin is None else int(node.origin.site)
