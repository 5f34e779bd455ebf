"""The layers of a step: where an activation is applied to something computed with parameters."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, evaluate
from backproof.graph.operations.elementwise import RECORDS
from backproof.step import Parameter, TrainingStep

ELEMENTWISE = frozenset(record.name for record in RECORDS) | {"identity", "astype"}
GRID = np.concatenate([-np.geomspace(700, 1e-2, 400), np.geomspace(1e-2, 700, 400)])
FLAT = 0.01  # of the steepest slope: a unit beyond passes less than a hundredth of its gradient
SHIFT = 1e-4  # of the central differences: 1e-8 beside slopes that are judged to one per cent


@dataclass(frozen=True, eq=False, repr=False)
class Activation:
    """A function of one value, element by element: ``before`` goes in, ``after`` comes out."""

    before: Node
    after: Node

    def at(self, values: Any) -> Any:
        """Apply the function to other values."""
        return evaluate([self.after], {self.before: values})[self.after]

    def slopes(self, values: Any) -> Any:
        """The size of the local derivative, element by element."""
        z = np.asarray(values, dtype=np.float64)
        with np.errstate(all="ignore"):
            return np.abs(np.asarray(self.at(z + SHIFT)) - np.asarray(self.at(z - SHIFT))) / (2 * SHIFT)

    @cached_property
    def steepest(self) -> float:
        """The greatest slope that it has anywhere."""
        slopes = self._slopes
        return float(np.max(slopes)) if np.all(np.isfinite(slopes)) else np.inf

    @cached_property
    def _slopes(self) -> Any:
        return np.broadcast_to(self.slopes(GRID), GRID.shape)

    @cached_property
    def _values(self) -> Any:
        return np.broadcast_to(np.asarray(self.at(GRID), dtype=float), GRID.shape)

    @cached_property
    def _monotone(self) -> bool:
        with np.errstate(all="ignore"):
            change = np.diff(self._values)
        return bool(np.all(np.isfinite(change)) and (np.all(change >= -1e-9) or np.all(change <= 1e-9)))

    def _flat(self, end: int) -> bool:
        return bool(self._slopes[end] <= 1e-5 * self.steepest)

    @cached_property
    def saturates(self) -> bool:
        """Does it run between two limits, as sigmoid and tanh do?"""
        return bool(0 < self.steepest < np.inf and self._monotone and self._flat(0) and self._flat(-1))

    @cached_property
    def rectifies(self) -> bool:
        """Is it exactly flat on one side and straight on the other, as ReLU is?"""
        slopes = self._slopes
        if not (0 < self.steepest < np.inf and self._monotone):
            return False
        left, right = slopes[: len(GRID) // 2 - 10], slopes[len(GRID) // 2 + 10 :]
        return any(not np.any(a) and np.min(b) > 0 for a, b in ((left, right), (right, left)))

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value that it can give; infinite where it grows without end."""
        if not self._monotone or not 0 < self.steepest < np.inf:
            return -np.inf, np.inf
        ends = [(float(self._values[k]), self._flat(k)) for k in (0, -1)]
        (low, low_flat), (high, high_flat) = sorted(ends)
        low, high = (0.0 if abs(end) < 1e-9 * self.steepest else end for end in (low, high))
        return (low if low_flat else -np.inf), (high if high_flat else np.inf)


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """Activations at one place of the program: one of a whole layer, or one for each unit or sample.

    ``parameters`` enter it directly, not by way of another layer: the weights first. ``hidden`` says that
    weights follow.
    """

    activations: tuple[Activation, ...]
    parameters: tuple[Parameter, ...]
    hidden: bool

    @property
    def function(self) -> Activation:
        """Any of the activations: they are the same function."""
        return self.activations[0]


def layers(step: TrainingStep) -> tuple[Layer, ...]:
    """The layers in the order of the forward pass."""
    order = ancestors([step.loss])
    leaves = {leaf: p for p in step.parameters for leaf in p.leaves}
    roots = _roots(order, set(leaves))
    consumers: dict[Node, list[Node]] = {}
    for node in order:
        for operand in node.operands:
            consumers.setdefault(operand, []).append(node)
    found = []
    for node, root in roots.items():
        if node is root or not any(roots.get(c) is not root for c in consumers.get(node, ())):
            continue
        between = _between(root, node)
        if any(n.operation not in LINEAR for n in between if n is not root and roots.get(n) is root):
            found.append(Activation(root, node))
    ends = {a.after for a in found}
    later = _followed(order, leaves, ends)
    groups: dict[Any, list[Activation]] = {}
    for activation in found:
        if activation.after.origin is None or activation.before.origin is None:
            continue  # part of a loss that was inferred, not of the program
        weights = _entering(activation.before, ends, leaves) if np.size(activation.before.value) > 1 else ()
        groups.setdefault((weights, *_where(step, activation)), []).append(activation)
    result = []
    for members in groups.values():
        own = _entering(members[0].before, ends, leaves)
        if own:
            result.append(Layer(tuple(members), own, members[0].after in later))
    return tuple(result)


def _between(root: Node, node: Node) -> list[Node]:
    return ancestors([node], stop=lambda n: n is root)


LINEAR = frozenset({"identity", "astype", "add", "subtract", "multiply", "divide", "negative"})


def _roots(order: list[Node], leaves: set[Node]) -> dict[Node, Node]:
    """For each node that parameters reach: the value that it is a function of, element by element."""
    roots: dict[Node, Node] = {}
    for node in order:
        moving = [o for o in node.operands if o in roots]
        if node in leaves:
            roots[node] = node
        elif moving:
            root = roots[moving[0]]
            alone = root not in leaves and all(roots[o] is root for o in moving)
            others = all(_is_number(o) for o in node.operands if o not in roots)
            plain = alone and others and node.operation in ELEMENTWISE
            roots[node] = root if plain and np.shape(node.value) == np.shape(root.value) else node
    return roots


def _is_number(node: Node) -> bool:
    """Is this a number of the function itself, such as the 1 of a sigmoid, and no datum?"""
    return np.size(node.value) == 1 and node.operation == "constant" and node.name is None


def _entering(node: Node, ends: set[Node], leaves: Mapping[Node, Parameter]) -> tuple[Parameter, ...]:
    """The parameters that a value is computed with since the activations before it.

    Those with the most axes come first (a weight before a bias, be it a column), then those that are nearest.
    """
    found: dict[Parameter, int] = {}
    queue, done = deque([node]), {node}
    while queue:
        node = queue.popleft()
        if node in leaves:
            found.setdefault(leaves[node], len(found))
        elif node not in ends:
            new = [o for o in node.operands if o not in done]
            done.update(new)
            queue.extend(new)
    return tuple(sorted(found, key=lambda p: (-sum(n > 1 for n in p.shape), found[p])))


def _followed(order: list[Node], leaves: Mapping[Node, Parameter], ends: set[Node]) -> set[Node]:
    """Those of ``ends`` that meet other weights on their way to the loss."""
    numbers = {node: k for k, node in enumerate(n for n in order if n in ends)}
    behind: dict[Node, int] = {}  # the ends that a node is computed from: one bit each
    found = 0
    for node in order:
        own = 1 << numbers[node] if node in ends else 0
        behind[node] = own
        for operand in node.operands:
            behind[node] |= behind[operand] if not own else 0
        product = node.operation in ("matmul", "dot", "einsum") and len(node.operands) > 1
        if product or any(_reads(operand, leaves) for operand in node.operands if len(node.operands) > 1):
            for operand in node.operands:
                found |= behind[operand]
    return {node for node, k in numbers.items() if found >> k & 1}


def _reads(node: Node, leaves: Mapping[Node, Parameter]) -> bool:
    """Is this a parameter, or one that was only rearranged?"""
    while node not in leaves and len(node.operands) == 1:
        node = node.operands[0]
    return node in leaves


def _where(step: TrainingStep, activation: Activation) -> Any:
    """The place of the program that an activation is applied at: its expression, and the calls around it."""
    origin: Any = activation.after.origin
    frames, sites, frame = step.trace.frames, [origin.site], origin.frame
    while frame:
        sites.append(frames[frame].call)
        frame = frames[frame].parent or 0
    size = np.shape(activation.after.value)
    return (*sites, size)


def root_of(step: TrainingStep, node: Node) -> Activation | None:
    """The activation that a value is the output of, if it is that of one."""
    order = ancestors([node])
    leaves = set(step.leaves)
    roots = _roots(order, leaves)
    while node.operation in ("reshape", "transpose", "index") and len(node.operands) == 1:
        node = node.operands[0]
    root = roots.get(node)
    if root is None or root is node or root.origin is None or node.origin is None:
        return None
    return Activation(root, node)
