"""The units of a layer: which axis of an array counts them, or which of many scalars belongs to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.health.layers import Layer
from backproof.health.replay import replay
from backproof.step import Parameter, TrainingStep


def units_of(step: TrainingStep, layer: Layer, tables: Sequence[Mapping[Node, Any]]) -> np.ndarray[Any, Any]:
    """Gather values of what goes into a layer's activations: a row for each unit.

    ``tables`` hold a value for the ``before`` of every activation. Where the units cannot be told apart
    there is one row with all the values.
    """
    members = layer.activations
    if np.size(members[0].before.value) == 1:
        return _of_scalars(step, layer, tables)
    axis = unit_axis(layer)
    values = [np.asarray(table[a.before], dtype=float) for table in tables for a in members]
    if axis is None:
        return np.concatenate([v.ravel() for v in values])[None, :]
    count = values[0].shape[axis]
    return np.concatenate([np.moveaxis(v, axis, 0).reshape(count, -1) for v in values], axis=1)


def _of_scalars(
    step: TrainingStep, layer: Layer, tables: Sequence[Mapping[Node, Any]]
) -> np.ndarray[Any, Any]:
    """One scalar activation a unit and sample: those computed from the same parameters are one unit."""
    leaves = set(step.leaves)
    groups: dict[frozenset[Node], list[float]] = {}
    for activation in layer.activations:
        own = frozenset(_nearest(activation.before, leaves))
        groups.setdefault(own, []).extend(float(np.ravel(table[activation.before])[0]) for table in tables)
    shortest = min(map(len, groups.values()))
    return np.array([values[:shortest] for values in groups.values()])


def _nearest(node: Node, leaves: set[Node]) -> list[Node]:
    """The parameters that a sum of products takes: not those behind another activation."""
    found, stack, done = [], [node], {node}
    through = {"add", "subtract", "multiply", "identity", "dot", "matmul", "sum", "index", "stack", "reshape"}
    while stack:
        node = stack.pop()
        if node in leaves:
            found.append(node)
        elif node.operation in through:
            new = [o for o in node.operands if o not in done]
            done.update(new)
            stack.extend(new)
    return found


def unit_axis(layer: Layer) -> int | None:
    """The axis of the layer's arrays that counts its units, found by moving the weights of one unit.

    That changes one slice of what goes into the activation, and only that one.
    """
    before = layer.function.before
    for parameter in layer.parameters:
        if parameter.listed or not parameter.shape:
            continue
        axis = _isolated(before, parameter)
        if axis is not None:
            return axis
    return None


def _isolated(before: Node, parameter: Parameter) -> int | None:
    leaf = parameter.leaves[0]
    again = replay([before], [leaf])
    value = np.asarray(leaf.value, dtype=np.float64)
    shape = np.shape(before.value)
    old = np.asarray(again.at({leaf: value})[before], dtype=float)
    generator = np.random.default_rng(1)
    for along in range(value.ndim):
        moved = value.copy()
        part: list[Any] = [slice(None)] * value.ndim
        part[along] = 0
        moved[tuple(part)] += generator.uniform(0.5, 1.5, moved[tuple(part)].shape)
        changed = np.asarray(again.at({leaf: moved})[before], dtype=float) != old
        for axis, count in enumerate(shape):
            rest = np.delete(changed, 0, axis=axis)
            if count == value.shape[along] and count > 1 and changed.any() and not rest.any():
                return axis
    return None
