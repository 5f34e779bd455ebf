"""A forward pass to derive: its loss, its parameters, and what the program calls its values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.derive.calculations import calculations
from backproof.derive.helpers import Helpers, calls
from backproof.derive.identifiers import identifier, unique
from backproof.derive.plain import plain
from backproof.derive.readings import attributes, elements, filled_parts, reads_of, short
from backproof.derive.rounds import Loop, containers, loops
from backproof.graph import Node, ancestors, evaluate
from backproof.step import TrainingStep
from backproof.step.update import time_of
from backproof.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A parameter: what the program calls it, the identifier it has here, and its value as a leaf."""

    text: str
    name: str
    leaf: Node


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Forward:
    """A scalar loss as a graph.

    ``names`` are unique identifiers of the values that the program names, leaves included; ``texts`` how the
    program reads them (``self.W1``). ``calls`` are values that functions of the program give, ``local`` names
    that values have inside these only. ``written`` are those in ``names`` that the program has no name for,
    and a derivation has to define. ``labels`` are class numbers that the loss picks by, with their text.
    ``backward`` are values of a hand-written backward pass with their names, whose names a derived one may
    take; ``applied`` maps parameters to the name under which the program applies their gradient.
    ``state`` are values to evaluate with for what is no part of it; ``symbols`` the letters of sizes.
    ``loops`` are those that it ran, ``held`` the lists in which the program keeps values, with the numbers;
    ``recorded`` are the nodes of the trace behind the leaves.
    ``lengths`` are numbers that are lengths of values in ``names``, as the program reads them.
    ``pattern`` is what stands before and after a name in that of its derivative, where that is settled.
    """

    loss: Node
    loss_name: str
    parameters: tuple[Parameter, ...]
    names: Mapping[Node, str]
    texts: Mapping[Node, str]
    calls: Mapping[Node, tuple[str, Node]] = field(default_factory=dict)
    local: Mapping[Node, str] = field(default_factory=dict)
    written: Mapping[Node, str] = field(default_factory=dict)
    helpers: Helpers = field(default_factory=lambda: Helpers(()))
    labels: tuple[tuple[str, Any], ...] = ()
    backward: tuple[tuple[str, Node], ...] = ()
    applied: Mapping[Node, str] = field(default_factory=dict)
    state: Mapping[Node, Any] = field(default_factory=dict)
    inferred: bool = False
    symbols: Mapping[int, str] = field(default_factory=dict)
    loops: tuple[Loop, ...] = ()
    held: Mapping[Node, tuple[str, int]] = field(default_factory=dict)
    recorded: Mapping[Node, Node] = field(default_factory=dict)
    lengths: Mapping[Node, str] = field(default_factory=dict)
    pattern: tuple[str, str] | None = None


def from_step(step: TrainingStep) -> Forward:
    """Make the forward pass of a training step, whatever its own backward pass is like."""
    leaves = list(step.leaves)
    texts = [f"{p.name}[{k}]" if p.listed else p.name for p in step.parameters for k in range(len(p.leaves))]
    forward = set(ancestors([step.loss]))
    backward = tuple(
        (node.name, node)
        for node in step.copies.values()
        if node.name and node.operands and node not in forward and node.name.isidentifier()
    )
    hypothesis = step.hypothesis
    made = make(
        step.trace,
        step.loss,
        hypothesis.name if hypothesis.stated and hypothesis.name else "loss",
        dict(zip(leaves, texts, strict=True)),
        step.copies,
    )
    descents = {p.leaves[0]: d for p, d in zip(step.parameters, step.descents, strict=True) if not p.listed}
    return replace(
        made,
        backward=backward,
        applied=_applied(made, descents, backward, step.state),
        state=step.state,
        inferred=not hypothesis.stated,
    )


def _applied(
    forward: Forward,
    descents: Mapping[Node, Node],
    backward: Sequence[tuple[str, Node]],
    state: Mapping[Node, Any],
) -> dict[Node, str]:
    """Under which name the program takes each gradient off its parameter, where that is plain descent."""
    found: dict[Node, str] = {}
    memory = set(state)
    for parameter in forward.parameters:
        descent = descents.get(parameter.leaf)
        if descent is None:
            continue
        above = set(ancestors([descent]))
        near = [
            (name, node)
            for name, node in backward
            if node in above
            and np.shape(node.value) == np.shape(parameter.leaf.value)
            and memory.isdisjoint(ancestors([node]))  # m and v of Adam are no gradients
        ]
        related = [(n, g) for n, g in near if parameter.name.lower().lstrip("_") in n.lower()]
        for name, node in related[-1:] or near[-1:]:
            value = np.asarray(node.value, dtype=float)
            moved = value + 0.5 + np.abs(value)
            before = np.asarray(evaluate([descent], state)[descent], dtype=float)
            after = np.asarray(evaluate([descent], {**state, node: moved})[descent], dtype=float)
            if before.shape == value.shape and np.all(after > before) and name not in found.values():
                found[parameter.leaf] = name
    return found


def make(
    trace: Trace, loss: Node, loss_name: str, parameters: Mapping[Node, str], copies: Mapping[Node, Node]
) -> Forward:
    """Name everything in a forward pass that the program names, each value by a name of its own.

    ``copies`` maps the nodes of the trace to those that the loss is computed from.
    """
    found = calls(trace)
    simple = plain(trace, loss, found, copies)
    reads = reads_of(trace, ancestors([loss]))
    order = ancestors([simple.loss])
    texts = {**parameters, **{n: n.name for n in order if n.name and n not in parameters}}
    texts |= elements(order, texts, {copy: node for node, copy in copies.items()})
    unknown = {node: text for node, text in reads.items() if node not in texts}
    computed, data = calculations(trace, unknown, time_of(loss))
    texts |= {node: computed.get(node) or short(node, text) for node, text in unknown.items()}
    texts |= filled_parts(trace, order, texts, simple.local)
    texts |= {n: "data" for n in order if n.operation == "leaf" and n not in texts and np.size(n.value) > 9}
    texts = {n: t for n, t in texts.items() if n.operation != "constant"}
    texts |= attributes(trace, texts, simple.of, copies)
    named = {node: text for node, text in texts.items() if node not in computed}
    names = unique({simple.loss: loss_name} if simple.loss in texts else {}, named, set(parameters))
    data = {name: array for name, array in data.items() if name not in names.values()}
    names |= computed
    lost = _lost(trace, time_of(loss), simple.of, copies)
    given = tuple(Parameter(text, names[leaf], leaf) for leaf, text in parameters.items())
    return Forward(
        simple.loss,
        identifier(loss_name),
        given,
        names,
        texts,
        calls=simple.calls,
        local=simple.local,
        helpers=Helpers(found),
        labels=(*simple.labels, *((n, a) for n, a in data.items() if n not in dict(simple.labels))),
        loops=loops(trace, order),
        recorded={
            simple.of[copy]: node for node, copy in copies.items() if copy in simple.of and not copy.operands
        },
        held=containers(trace, {node: simple.of[copy] for node, copy in copies.items() if copy in simple.of}),
        lengths={n: text for n, text in simple.lengths.items() if _measures(text, n.value, names)},
        written={n: names[n] for n in lost if n in names and names[n] == texts.get(n)},
    )


def _lost(trace: Trace, time: int, of: Mapping[Node, Node], copies: Mapping[Node, Node]) -> Iterator[Node]:
    """Values that were written over before the loss was computed, which have to be computed again."""
    for store in trace.stores:
        if store.place[0] == "object" and store.time <= time and store.before is not None:
            lost = of.get(copies.get(store.before, store.before))
            if lost is not None and lost.operands:
                yield lost


def _measures(text: str, number: Any, names: Mapping[Node, str]) -> bool:
    """Does ``len(X)`` speak of a value that is called X here too, and give that number?"""
    spoken = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    space = {name: node.value for node, name in names.items() if name in spoken}
    try:
        return bool(eval(text, {"len": len, "__builtins__": {}}, space) == number)
    except (NameError, TypeError, AttributeError, IndexError):
        return False
