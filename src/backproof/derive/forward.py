"""A forward pass to derive: its loss, its parameters, and what the program calls its values."""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backproof.derive.calculations import calculations
from backproof.derive.helpers import Helpers, calls
from backproof.derive.plain import plain
from backproof.derive.rounds import Loop, containers, loops
from backproof.graph import Node, ancestors, evaluate, unnamed
from backproof.graph.literal import index_literal
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
    reads = _reads(trace, ancestors([loss]))
    order = ancestors([simple.loss])
    texts = {**parameters, **{n: n.name for n in order if n.name and n not in parameters}}
    texts |= _elements(order, texts, {copy: node for node, copy in copies.items()})
    unknown = {node: text for node, text in reads.items() if node not in texts}
    computed, data = calculations(trace, unknown, time_of(loss))
    texts |= {node: computed.get(node) or _short(node, text) for node, text in unknown.items()}
    texts |= _filled(trace, order, texts, simple.local)
    texts |= {n: "data" for n in order if n.operation == "leaf" and n not in texts and np.size(n.value) > 9}
    texts = {n: t for n, t in texts.items() if n.operation != "constant"}
    texts |= _attributes(trace, texts, simple.of, copies)
    named = {node: text for node, text in texts.items() if node not in computed}
    names = unique({simple.loss: loss_name} if simple.loss in texts else {}, named, set(parameters))
    data = {name: array for name, array in data.items() if name not in names.values()}
    names |= computed
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
    )


def _measures(text: str, number: Any, names: Mapping[Node, str]) -> bool:
    """Does ``len(X)`` speak of a value that is called X here too, and give that number?"""
    spoken = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    space = {name: node.value for node, name in names.items() if name in spoken}
    try:
        return bool(eval(text, {"len": len, "__builtins__": {}}, space) == number)
    except (NameError, TypeError, AttributeError, IndexError):
        return False


def _attributes(
    trace: Trace, texts: Mapping[Node, str], of: Mapping[Node, Node], copies: Mapping[Node, Node]
) -> dict[Node, str]:
    """Values that share their name, as the attribute that holds each: ``layers[1].y`` for ``h``."""
    shared = Counter(identifier(text) for text in texts.values())
    ambiguous = {node for node, text in texts.items() if shared[identifier(text)] > 1 and node.operands}
    if not ambiguous:
        return {}
    plain_of = {unnamed(node): of[copy] for node, copy in copies.items() if copy in of}
    found: dict[Node, str] = {}
    for store in trace.stores:
        node, label = plain_of.get(unnamed(store.after)), trace.labels.get(store.place, "")
        if node in ambiguous and re.search(r"\]\.\w+$", label):
            found.setdefault(node, label)
    return found


def _short(node: Node, text: str) -> str:
    """What a leaf without a name is read as, unless that is a calculation."""
    calculation = "(" in text and not _numeric(text)
    return ("data" if np.ndim(node.value) else "c") if calculation else text


def _elements(
    order: Sequence[Node], texts: Mapping[Node, str], recorded: Mapping[Node, Node]
) -> dict[Node, str]:
    """Items with the numbers of this run: ``x[0]`` for ``x[t]`` as it was read, and ``out[i]`` as written."""
    found: dict[Node, str] = {}
    for node in order:
        if node.operation == "index_update" and "[" in texts.get(node.operands[1], ""):
            place = index_literal(node.attributes["index"])
            base = texts[node.operands[1]].partition("[")[0]
            if base.isidentifier() and "(" not in place:
                found[node.operands[1]] = f"{base}[{place}]"
        if node.operation != "leaf" or (node in texts and "[" not in texts[node]):
            continue
        read = recorded.get(node)
        while read is not None and read.operation == "identity":
            read = read.operands[0]
        if read is not None and read.operation == "index" and (read.operands[0].name or "").isidentifier():
            place = index_literal(read.attributes["index"])
            if "(" not in place and len(place) <= 24:
                found[node] = f"{read.operands[0].name}[{place}]"
    return found


def _filled(
    trace: Trace, order: Sequence[Node], texts: Mapping[Node, str], local: Mapping[Node, str]
) -> dict[Node, str]:
    """Arrays that were filled part by part, as what they are read as when they are full."""
    bases = {node.operands[0] for node in order if node.operation in ("index_update", "index_add")}
    found: dict[Node, str] = {}
    for node in order:
        sites = node.origin.operand_sites if node.origin is not None else ()
        for operand, site in zip(node.operands, sites, strict=False):
            filled = operand.operation in ("index_update", "index_add") and operand not in bases
            if filled and operand not in texts and operand not in local and site is not None and site >= 0:
                text = trace.sites[site].text
                if text.isidentifier():
                    found.setdefault(operand, text)
    return found


def _reads(trace: Trace, order: Iterable[Node]) -> dict[Node, str]:
    """What leaves without a name are read as: ``data[i]``."""
    found: dict[Node, str] = {}
    for node in order:
        sites = node.origin.operand_sites if node.origin is not None else ()
        for operand, site in zip(node.operands, sites, strict=False):
            if operand.operation == "leaf" and not operand.operands and site is not None and site >= 0:
                text = trace.sites[site].text
                if np.ndim(operand.value) or not _number(text):
                    found.setdefault(operand, text)
    return found


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def identifier(text: str) -> str:
    """The name for what the program reads as ``text``: its last part, and its index.

    >>> identifier("self.W1"), identifier("params['W2']"), identifier("data[i]"), identifier("layers[0].b")
    ('W1', 'W2', 'data_i', 'b0')
    """
    string = re.search(r"\[['\"](\w+)['\"]\]$", text)
    numbered = re.search(r"\[(\d+)\](\.\w+)?$", text)
    if string:
        text = string[1]
    elif numbered:
        stem = numbered[2] or text[: numbered.start()]
        text = stem.rsplit(".", 1)[-1] + numbered[1]
    elif re.fullmatch(r"[\w.]+", text) or re.search(r"\.\w+$", text):
        text = text.rsplit(".", 1)[-1]
    name = re.sub(r"\W+", "_", text).strip("_") or "value"
    if len(name) > 24:
        name = name[:24].rstrip("_")
    return f"v_{name}" if not name.isidentifier() or keyword.iskeyword(name) else name


def _numeric(text: str) -> bool:
    """Is a text a formula of numbers alone, such as ``np.sqrt(64)``?"""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return bool(names) and names <= {"np", "math"} and "random" not in text and len(text) <= 30


def unique(first: Mapping[Node, str], texts: Mapping[Node, str], parameters: set[Node]) -> dict[Node, str]:
    """Give each value an identifier of its own; values that share one are numbered, parameters first."""
    wanted = {
        node: text if _numeric(text) else identifier(text) for node, text in (*texts.items(), *first.items())
    }
    shared: dict[str, list[Node]] = {}
    for node in sorted(wanted, key=lambda n: n not in parameters):
        shared.setdefault(wanted[node], []).append(node)
    names: dict[Node, str] = {}
    taken = {name for name, nodes in shared.items() if len(nodes) == 1}
    for name, nodes in shared.items():
        if len(nodes) == 1 or not name.isidentifier():
            names |= dict.fromkeys(nodes, name)
            continue
        number = 0
        for node in nodes:
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            names[node] = f"{name}_{number}"
            taken.add(names[node])
    return names
