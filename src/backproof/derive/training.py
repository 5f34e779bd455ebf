"""A recorded training to be written as a program: first weights, samples in their order, and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.helpers import Helpers
from backproof.derive.plan import Derivation, derivation
from backproof.errors import DerivationError
from backproof.graph import Node, ancestors, evaluate
from backproof.graph.literal import Written
from backproof.step import TrainingStep
from backproof.step.update import keeps, time_of
from backproof.step.window import Window

RATE = 0.01
UPDATE = frozenset({"multiply", "negative", "identity", "reshape", "subtract", "add"})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Training:
    """A derivation whose every array has a name, with what it begins with.

    ``weights`` are the first values of the parameters, ``rates`` what their gradients are multiplied by;
    ``data`` holds by name what stays the same, ``series`` what differs from step to step, stacked.
    """

    derived: Derivation
    weights: Mapping[str, Any]
    rates: Mapping[str, float]
    data: Mapping[str, Any]
    series: Mapping[str, Any]
    steps: int


def explicit(forward: Forward) -> Forward:
    """A forward pass without the program's functions, in which every array of data has a name."""
    names, taken = dict(forward.names), set(forward.names.values())
    parameters = {p.leaf for p in forward.parameters}
    for node in ancestors([forward.loss]):
        array = node.operation in ("leaf", "constant") and np.ndim(node.value) > 0
        if node in parameters or not (array or (node.operation == "leaf" and node not in names)):
            continue
        wanted = names.get(node, "data")
        name, number = wanted if wanted.isidentifier() else "data", 1
        while name in taken and names.get(node) != name:
            number += 1
            name = f"data{number}"
        taken.add(name)
        names[node] = name
    return replace(forward, names=names, calls={}, helpers=Helpers(()), backward=(), applied={})


def untrained(forward: Forward, rate: float | None, steps: int) -> Training:
    """The training of a loss that no program minimises: the same data each step."""
    derived = derivation(explicit(forward))
    named = derived.forward
    weights = {p.name: np.asarray(p.leaf.value, dtype=float) for p in named.parameters}
    return Training(
        derived, weights, dict.fromkeys(weights, RATE if rate is None else rate), _data(named), {}, steps
    )


def recorded(
    step: TrainingStep, windows: Sequence[Window], forward: Forward, rate: float | None, steps: int
) -> Training:
    """The training that a program did, step by step.

    Raises
    ------
    DerivationError
        When its updates are no plain gradient descent, or its steps do not have the same form.
    """
    derived = derivation(explicit(forward))
    named = derived.forward
    windows = list(windows)[:steps]
    by_leaf = {leaf: c for p in step.parameters for leaf, c in zip(p.leaves, p.changes, strict=True)}
    weights, rates = {}, {}
    for p in named.parameters:
        change = by_leaf[p.leaf]
        first = next((c for c in windows[0].parameters if c.place == change.place), None)
        value = (change if first is None else first).before.value
        weights[p.name] = np.asarray(value, dtype=float)
        rates[p.name] = _rate(step, p.leaf, p.text) if rate is None else rate
    series: dict[str, Any] = {}
    data = _data(named)
    original = {copy: node for node, copy in step.copies.items()}
    sites: dict[int, list[Node]] = {}
    for node in step.trace.nodes:
        if node.origin is not None:
            sites.setdefault(node.origin.site, []).append(node)
    for node in ancestors([named.loss]):
        if node.operation == "leaf" and node in named.names and named.names[node] in data:
            values = _values(original.get(node), step.window, windows, sites)
            if values is not None:
                series[named.names[node]] = values
    for name, _ in named.labels:
        values = _indices(name, named, step, windows, sites)
        if values is not None:
            series[name] = values
    for name in series:
        data.pop(name, None)
    return Training(derived, weights, rates, data, series, len(windows))


def _data(forward: Forward) -> dict[str, Any]:
    """What the forward pass reads besides the parameters."""
    parameters = {p.leaf for p in forward.parameters}
    found: dict[str, Any] = {}
    for node in ancestors([forward.loss]):
        name = forward.names.get(node)
        if name is None or node in parameters or node.operands or not name.isidentifier():
            continue
        found[name] = np.asarray(node.value)
    return found | {name: np.asarray(array) for name, array in forward.labels}


def _values(
    node: Node | None, window: Window, windows: Sequence[Window], sites: Mapping[int, Sequence[Node]]
) -> Any:
    """The values of a node in all steps; None where it is older than the step, or never another."""
    if node is None or node.origin is None or not window.start <= time_of(node) < window.end:
        return None
    same = _in_all(node, window, windows, sites)
    values = [np.asarray(other.value) for other in same]
    if any(value.shape != values[0].shape for value in values):
        raise DerivationError("--emit: the samples of the steps differ in shape, so they cannot be replayed.")
    if all(np.array_equal(value, values[0]) for value in values):
        return None
    return np.stack(values)


def _in_all(
    node: Node, window: Window, windows: Sequence[Window], sites: Mapping[int, Sequence[Node]]
) -> list[Node]:
    """The node that corresponds to one of a step in every step: the same place, reached as often."""
    here = [n for n in sites[node.origin.site] if window.start <= time_of(n) < window.end]
    position = next(k for k, n in enumerate(here) if n is node)
    found = []
    for other in windows:
        there = [n for n in sites[node.origin.site] if other.start <= time_of(n) < other.end]
        if len(there) != len(here):
            raise DerivationError(
                "--emit: the steps of the program do not all do the same; one loop cannot do them."
            )
        found.append(there[position])
    return found


def _indices(
    name: str,
    forward: Forward,
    step: TrainingStep,
    windows: Sequence[Window],
    sites: Mapping[int, Sequence[Node]],
) -> Any:
    """The arrays that an index is in all steps; None where it is the same in all."""
    for node in ancestors([forward.loss]):
        index = node.attributes.get("index")
        parts = index if isinstance(index, tuple) else (index,)
        for position, part in enumerate(parts):
            if not (isinstance(part, Written) and part.text == name) or node.origin is None:
                continue
            recorded_node = next((n for n in sites[node.origin.site] if time_of(n) == node.origin.time), None)
            if recorded_node is None:
                return None
            arrays = []
            for other in _in_all(recorded_node, step.window, windows, sites):
                theirs = other.attributes["index"]
                arrays.append(np.asarray(theirs[position] if isinstance(theirs, tuple) else theirs))
            if any(a.shape != arrays[0].shape for a in arrays):
                raise DerivationError("--emit: the samples of the steps differ in number.")
            same = all(np.array_equal(a, arrays[0]) for a in arrays)
            return None if same else np.stack(arrays)
    return None


def _rate(step: TrainingStep, leaf: Node, text: str) -> float:
    """The learning rate of a parameter: what its gradient is multiplied by before it is taken off."""
    for parameter, descent, truth in zip(step.parameters, step.descents, step.truths, strict=True):
        if leaf not in parameter.leaves:
            continue
        remembered = {step.copies.get(c.before) for c in step.window.others if keeps(c.after, c.before)}
        if parameter.listed or not remembered.isdisjoint(ancestors([descent])):
            break
        table = evaluate([descent, truth], step.state)
        taken = np.asarray(table[descent], dtype=float).ravel()
        true = np.asarray(table[truth], dtype=float).ravel()
        size = float(true @ true)
        fitted = float(taken @ true) / size if size else 0.0
        if fitted > 0 and np.linalg.norm(taken - fitted * true) <= 1e-9 * np.linalg.norm(taken):
            return float(f"{fitted:.12g}")
        written = _factor(descent)
        if written is not None:
            return written
    raise DerivationError(
        f"--emit: what {text} is updated by is not a number times a gradient (momentum, Adam?); "
        "--lr RATE writes plain gradient descent instead."
    )


def _factor(descent: Node) -> float | None:
    """The one number that a wrong gradient is multiplied by in its update."""
    node, factor, found = descent, 1.0, False
    while not (found and node.name) and node.operation in (
        "multiply",
        "negative",
        "identity",
        "reshape",
        "subtract",
        "add",
    ):
        if node.operation in ("subtract", "add"):
            zero, rest = node.operands
            if zero.operation != "constant" or np.any(zero.value):
                break
            node = rest
            continue
        numbers = [o for o in node.operands if np.ndim(o.value) == 0]
        others = [o for o in node.operands if np.ndim(o.value)]
        if node.operation == "multiply":
            if len(numbers) != 1 or len(others) != 1 or numbers[0].operands:
                break
            factor, found = factor * float(numbers[0].value), True
        node = others[0] if others else node.operands[0]
    return factor if found else None
