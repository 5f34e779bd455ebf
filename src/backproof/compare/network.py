"""The forward pass of a step as a function of its parameters and of one sample.

However the program lays its samples out: a batch along some axis, or one at a time, in arrays or numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.compare.seen import Seen
from backproof.graph import Node, adjoints, ancestors, apply, evaluate, leaf
from backproof.step import TrainingStep

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """Where samples go in or come out: ``node`` holds them, one along ``axis`` each; None: one only.

    ``twins`` hold the same, where the program reads a whole number again and again. Samples that act on each
    other, as in a batch norm, are one to the forward pass; ``laid`` is then the axis along which they lie.
    """

    node: Node
    axis: int | None
    twins: tuple[Node, ...] = ()
    laid: int | None = None

    @property
    def count(self) -> int:
        """How many samples it holds that are computed each by itself."""
        return 1 if self.axis is None else int(np.shape(self.node.value)[self.axis])

    @property
    def held(self) -> int:
        """How many samples it holds."""
        axis = self.laid if self.axis is None else self.axis
        return 1 if axis is None else int(np.shape(self.node.value)[axis])

    @property
    def width(self) -> int:
        """How many numbers a sample has."""
        return int(np.size(self.node.value)) // max(self.count, 1)

    def filled(self, sample: Array) -> Any:
        """The value with one sample, shape ``(width,)``, in all places."""
        shape = list(np.shape(self.node.value))
        if self.axis is None:
            return np.reshape(sample, shape)[()]
        rest = shape[: self.axis] + shape[self.axis + 1 :]
        row = np.expand_dims(np.reshape(sample, rest), self.axis)
        return np.broadcast_to(row, shape).copy()

    def rows(self, value: Any) -> Array:
        """The samples of a value, shape ``(held, numbers of a sample)``."""
        array, axis = np.asarray(value, dtype=float), self.laid if self.axis is None else self.axis
        return np.reshape(array if axis is None else np.moveaxis(array, axis, 0), (self.held, -1))

    def first(self, value: Any) -> Array:
        """What is computed by itself, the first of a value, shape ``(width,)``."""
        return np.ravel(np.asarray(value, dtype=float)) if self.axis is None else self.rows(value)[0]


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """Inputs, outputs and targets of a step, and the parameters as one vector of numbers.

    ``noise`` says that what is drawn in each step enters the forward pass, as a dropout mask does. ``partly``
    says that its batch is computed number by number, and this is one sample of it. ``mirrored`` says that the
    outputs are to be the inputs. ``picked`` are the classes that the loss picks outputs of, where it does.
    """

    seen: Seen
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    targets: tuple[Port, ...]
    noise: bool = False
    partly: bool = False
    mirrored: bool = False
    picked: Array | None = None

    @property
    def step(self) -> TrainingStep:
        """The step."""
        return self.seen.step

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The parameters, in the order of the forward pass."""
        own = set(self.step.leaves)
        return tuple(n for n in ancestors([self.step.loss]) if n in own)

    @cached_property
    def foreign(self) -> bool:
        """Is the prediction made of other arrays, too, such as the state that a step was handed?"""
        ports = {p.node: p.node.value for p in (*self.inputs, *self.targets)}
        known = {
            *self.leaves,
            *self.seen.replaced({**ports, **{t: t.value for p in self.inputs for t in p.twins}}),
        }
        return any(
            n.operation == "leaf" and n not in known and (np.size(n.value) > 1 or n not in self.seen.given)
            for n in ancestors([p.node for p in self.outputs])
        )

    @property
    def clear(self) -> bool:
        """Is it seen what a sample is? Of arrays of several axes, of which none holds samples, it is not."""
        ports = (*self.inputs, *self.targets)
        return all(
            p.axis is not None or p.laid is not None or sum(n > 1 for n in np.shape(p.node.value)) < 2
            for p in ports
        )

    @property
    def batch(self) -> int:
        """How many samples a step takes."""
        return max((port.held for port in (*self.inputs, *self.outputs)), default=1)

    @property
    def together(self) -> int:
        """How many samples are one to the forward pass, as they act on each other."""
        return max(port.held // port.count for port in self.outputs)

    @property
    def width_in(self) -> int:
        """How many numbers a sample has."""
        return sum(port.width for port in self.inputs)

    @property
    def width_out(self) -> int:
        """How many numbers are predicted for a sample."""
        return sum(port.width for port in self.outputs)

    @property
    def width_target(self) -> int:
        """How many numbers are to be predicted for a sample."""
        return sum(port.width for port in self.targets)

    @property
    def size(self) -> int:
        """How many numbers the parameters hold."""
        return sum(int(np.size(n.value)) for n in self.leaves)

    def point(self, numbers: Array, sample: Array, target: Array | None = None) -> dict[Node, Any]:
        """The values of the leaves where all samples of the batch are the same one."""
        table: dict[Node, Any] = {}
        for ports, vector in ((self.inputs, sample), (self.targets, target)):
            place = 0
            if vector is None:
                continue
            for port in ports:
                value = port.filled(vector[place : place + port.width])
                table.update(dict.fromkeys((port.node, *port.twins), value))
                place += port.width
        found = {**self.step.state, **self.seen.replaced(table)}
        place = 0
        for node in self.leaves:
            size = int(np.size(node.value))
            found[node] = np.reshape(numbers[place : place + size], np.shape(node.value))[()]
            place += size
        return found

    def predict(self, numbers: Array, sample: Array) -> Array:
        """What is predicted for a sample, shape ``(width_out,)``."""
        table = evaluate([p.node for p in self.outputs], self.point(numbers, sample))
        return np.concatenate([port.first(table[port.node]) for port in self.outputs])

    def slopes(self, numbers: Array, sample: Array, seeds: Array) -> Array:
        """The gradient of ``seeds · prediction`` by all numbers of the parameters."""
        weights, found = self._projection
        point = self.point(numbers, sample)
        place = 0
        for port, weight in zip(self.outputs, weights, strict=True):
            row = seeds[place : place + port.width]
            value = port.filled(row)
            if port.axis is not None:  # the first sample only
                np.moveaxis(value, port.axis, 0)[1:] = 0
            point[weight] = value
            place += port.width
        table = evaluate(found, point)
        return np.concatenate([np.ravel(np.asarray(table[node], dtype=float)) for node in found])

    @cached_property
    def _projection(self) -> tuple[list[Node], list[Node]]:
        weights = [leaf(np.zeros(np.shape(port.node.value))[()]) for port in self.outputs]
        parts = [apply("multiply", port.node, w) for port, w in zip(self.outputs, weights, strict=True)]
        sums = [apply("sum", p, axis=None, keepdims=False) if np.ndim(p.value) else p for p in parts]
        scalar = sums[0]
        for other in sums[1:]:
            scalar = apply("add", scalar, other)
        found = adjoints(scalar, list(self.leaves))
        return weights, [found[n] for n in self.leaves]

    def loss_at(self, numbers: Array, sample: Array, target: Array) -> float:
        """The loss of a batch that is one sample again and again."""
        table = evaluate([self.step.loss], self.point(numbers, sample, target))
        return float(np.ravel(table[self.step.loss])[0])

    def applied(self, numbers: Array, sample: Array, target: Array) -> Array:
        """What the program takes off its parameters there: the learning rate times its gradient."""
        return self._joined(self.step.descents, numbers, sample, target)

    def true(self, numbers: Array, sample: Array, target: Array) -> Array:
        """The true gradient of the loss there."""
        return self._joined(self.step.truths, numbers, sample, target)

    def _joined(self, nodes: Sequence[Node], numbers: Array, sample: Array, target: Array) -> Array:
        table = evaluate(nodes, self.point(numbers, sample, target))
        parts: dict[Node, Any] = {}
        for parameter, node in zip(self.step.parameters, nodes, strict=True):
            value = np.asarray(table[node], dtype=float)
            parts.update(zip(parameter.leaves, value if parameter.listed else [value], strict=True))
        return np.concatenate([np.ravel(parts[n]) for n in self.leaves])

    @cached_property
    def owners(self) -> list[str]:
        """The name of the parameter that each number belongs to."""
        names = {n: p.name for p in self.step.parameters for n in p.leaves}
        return [names[n] for n in self.leaves for _ in range(int(np.size(n.value)))]
