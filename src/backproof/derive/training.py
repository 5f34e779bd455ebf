"""A recorded training to be written as a program: first weights, samples in their order, and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.derive.derived import derivation
from backproof.derive.descent import descends, plain_rate
from backproof.derive.forward import Forward
from backproof.derive.helpers import Helpers
from backproof.derive.identifiers import identifier
from backproof.derive.plan import Derivation
from backproof.derive.steps import Steps
from backproof.derive.updates import Rule, rule_of
from backproof.errors import DerivationError
from backproof.graph import Node, ancestors, evaluate
from backproof.graph.literal import Written
from backproof.step import TrainingStep
from backproof.step.update import keeps
from backproof.step.window import Window

RATE = 0.01
RESERVED = frozenset(("np", "torch", "jax", "jnp", "tf", "step", "losses", "value", "state", "parameters"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Training:
    """A derivation whose every array has a name, with what it begins with.

    ``weights`` are the first values of the parameters, ``rates`` what their gradients are multiplied by;
    ``data`` holds by name what stays the same, ``series`` what differs from step to step, stacked. ``rule``
    is what updates the parameters where that is more than plain descent, and ``ends`` are the values that
    they had in the program after the last step, where its gradients are right. ``picks`` are samples
    by the array in ``data`` and the rows in ``series`` that they are.
    """

    derived: Derivation
    weights: Mapping[str, Any]
    rates: Mapping[str, float]
    data: Mapping[str, Any]
    series: Mapping[str, Any]
    steps: int
    rule: Rule | None = None
    ends: Mapping[str, Any] = field(default_factory=dict)
    picks: Mapping[str, tuple[str, str]] = field(default_factory=dict)


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
    step: TrainingStep,
    windows: Sequence[Window],
    forward: Forward,
    rate: float | None,
    steps: int,
) -> Training:
    """The training that a program did, step by step.

    Raises
    ------
    DerivationError
        When what its updates do is not seen, or its steps do not have the same form.
    """
    derived = derivation(explicit(forward))
    named = derived.forward
    windows = list(windows)[:steps]
    seen = Steps(step, windows)
    data, series, picks = _samples(derived, seen)
    by_leaf = {leaf: c for p in step.parameters for leaf, c in zip(p.leaves, p.changes, strict=True)}
    weights: dict[str, Any] = {}
    rates: dict[str, float] = {}
    ends: dict[str, Any] = {}
    rule = _rule(derived, seen) if rate is None else None
    plain = None if rule is None else plain_rate(rule, {p.leaf: p.name for p in named.parameters})
    rule = rule if plain is None else None
    for p in named.parameters:
        change = by_leaf[p.leaf]
        first = next((c for c in windows[0].parameters if c.place == change.place), None)
        value = (change if first is None else first).before.value
        weights[p.name] = np.asarray(value, dtype=float)
        if rule is None and plain is None:
            rates[p.name] = _rate(step, p.leaf, p.text) if rate is None else rate
        last = next((c for c in windows[-1].parameters if c.place == change.place), None)
        if last is not None and (rule or plain):
            ends[p.name] = np.asarray(last.after.value, dtype=float)
    if rule is not None:
        series |= rule.series
    return Training(derived, weights, plain or rates, data, series, len(windows), rule, ends, picks)


def _samples(
    derived: Derivation, seen: Steps
) -> tuple[dict[str, Any], dict[str, Any], dict[str, tuple[str, str]]]:
    """The data that stay the same, those that differ from step to step, and what are rows of the former."""
    series: dict[str, Any] = {}
    picks: dict[str, tuple[str, str]] = {}
    named = derived.forward
    data = _data(named)
    chosen = Chosen({*named.names.values(), *(line.name for line in derived.lines)})
    for node in ancestors([named.loss]):
        if node.operation == "leaf" and node in named.names and named.names[node] in data:
            values = _values(node, seen)
            taken = None if values is None else seen.rows(node)
            if taken is not None:
                picks[named.names[node]] = chosen(taken, data, series)
            elif values is not None:
                series[named.names[node]] = values
    for name, _ in named.labels:
        values = _indices(name, named, seen)
        if values is not None:
            series[name] = values
    for name in (*series, *picks):
        data.pop(name, None)
    return data, series, picks


class Chosen:
    """Arrays that samples are taken from, and which rows, each under one name."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken

    def __call__(
        self, rows: tuple[str, Any, Any], data: dict[str, Any], series: dict[str, Any]
    ) -> tuple[str, str]:
        """The names of an array and of the rows; both are put where they belong."""
        name, array, numbers = rows
        return self._named(name, array, data), self._named("rows", numbers, series)

    def _named(self, wanted: str, array: Any, arrays: dict[str, Any]) -> str:
        for name, known in arrays.items():
            if known.shape == array.shape and np.array_equal(known, array):
                return name
        name, number = identifier(wanted), 1
        while name in self.taken:
            number += 1
            name = f"{identifier(wanted)}{number}"
        self.taken.add(name)
        arrays[name] = array
        return name


def _rule(derived: Derivation, steps: Steps) -> Rule | None:
    """The rule of the updates of a program."""
    forward = derived.forward
    names = {p.leaf: p.name for p in forward.parameters}
    lines = {line.name for line in (*derived.first, *derived.lines)}
    taken = {*forward.names.values(), *lines, *derived.gradients.values(), *(n for n, _ in forward.labels)}
    rule = rule_of(steps, names, derived.gradients, taken | RESERVED)
    return rule if rule is not None and descends(rule, names) else None


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


def _values(node: Node, steps: Steps) -> Any:
    """The values of a leaf in all steps; None where they are the same in all."""
    values = steps.values(node)
    if values is None or all(np.array_equal(value, values[0]) for value in values):
        return None
    if any(value.shape != values[0].shape for value in values):
        raise DerivationError(
            "--emit: not all steps take the same number of samples, as where the last batch is smaller; "
            "a size of the batches that divides the number of samples can be written."
        )
    return np.stack(values)


def _indices(name: str, forward: Forward, steps: Steps) -> Any:
    """The arrays that an index is in all steps; None where it is the same in all."""
    for node in ancestors([forward.loss]):
        index = node.attributes.get("index")
        parts = index if isinstance(index, tuple) else (index,)
        for position, part in enumerate(parts):
            if not (isinstance(part, Written) and part.text == name) or node.origin is None:
                continue
            recorded = steps.made_at(node.origin.site, node.origin.time)
            if recorded is None:
                return None
            arrays = []
            for window in steps.windows:
                other = steps.same(recorded, window)
                if other is None:
                    raise DerivationError(
                        "--emit: the steps of the program do not all do the same; one loop cannot do them."
                    )
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
        f"--emit: how {text} is updated is not seen, or not by its gradient; "
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
