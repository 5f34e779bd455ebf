"""A forward pass to derive: its loss, its parameters, and what the program calls its values."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors
from backproof.step import TrainingStep
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
    program reads them (``self.W1``). ``labels`` are class numbers that the loss picks by, with their text.
    ``backward`` are values of a hand-written backward pass with their names,
    whose names a derived one may take. ``state`` are values to evaluate with for what is no part of it.
    """

    loss: Node
    loss_name: str
    parameters: tuple[Parameter, ...]
    names: Mapping[Node, str]
    texts: Mapping[Node, str]
    labels: tuple[tuple[str, Any], ...] = ()
    backward: tuple[tuple[str, Node], ...] = ()
    state: Mapping[Node, Any] = field(default_factory=dict)
    inferred: bool = False


def from_step(step: TrainingStep) -> Forward:
    """Make the forward pass of a training step, whatever its own backward pass is like."""
    leaves = [leaf for p in step.parameters for leaf in p.leaves]
    texts = [f"{p.name}[{k}]" if p.listed else p.name for p in step.parameters for k in range(len(p.leaves))]
    forward = set(ancestors([step.loss]))
    backward = tuple(
        (node.name, node)
        for node in step.copies.values()
        if node.name and node.operands and node not in forward and node.name.isidentifier()
    )
    hypothesis = step.hypothesis
    return make(
        step.trace,
        step.loss,
        hypothesis.name if hypothesis.stated and hypothesis.name else "loss",
        dict(zip(leaves, texts, strict=True)),
        backward,
        step.state,
        not hypothesis.stated,
    )


def make(
    trace: Trace,
    loss: Node,
    loss_name: str,
    parameters: Mapping[Node, str],
    backward: Sequence[tuple[str, Node]] = (),
    state: Mapping[Node, Any] | None = None,
    inferred: bool = False,
) -> Forward:
    """Name everything in a forward pass that the program names, each value by a name of its own."""
    order = ancestors([loss])
    texts = {node: text for node in order if (text := parameters.get(node) or _text(node))}
    reads = _reads(trace, order)
    texts |= {node: text for node, text in reads.items() if node not in texts}
    names = _unique({loss: loss_name} if loss in texts else {}, texts, set(parameters))
    found = tuple(Parameter(text, names[leaf], leaf) for leaf, text in parameters.items())
    return Forward(
        loss,
        identifier(loss_name),
        found,
        names,
        texts,
        tuple(_labels(trace, order)),
        tuple(backward),
        state or {},
        inferred,
    )


def _text(node: Node) -> str | None:
    """The name that a value was bound to, but for second names of what has one."""
    if node.operation == "constant" or (node.operation == "identity" and node.operands[0].name):
        return None
    return node.name or None


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


def _labels(trace: Trace, order: Iterable[Node]) -> Iterator[tuple[str, Any]]:
    """The class numbers in ``p[np.arange(n), labels]``."""
    for node in order:
        index = node.attributes.get("index") if node.operation == "index" else None
        if not isinstance(index, tuple) or len(index) != 2 or node.origin is None or node.origin.site < 0:
            continue
        rows, columns = index
        if np.ndim(rows) != 1 or np.ndim(columns) != 1 or not np.array_equal(rows, np.arange(len(rows))):
            continue
        try:
            tree = ast.parse(trace.sites[node.origin.site].text, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Tuple):
            yield identifier(ast.unparse(tree.slice.elts[-1])), np.asarray(columns)


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


def _unique(first: Mapping[Node, str], texts: Mapping[Node, str], parameters: set[Node]) -> dict[Node, str]:
    """Give each value an identifier of its own; values that share one are numbered, parameters first."""
    wanted = {node: identifier(text) for node, text in (*texts.items(), *first.items())}
    shared: dict[str, list[Node]] = {}
    for node in sorted(wanted, key=lambda n: n not in parameters):
        shared.setdefault(wanted[node], []).append(node)
    names: dict[Node, str] = {}
    taken = {name for name, nodes in shared.items() if len(nodes) == 1}
    for name, nodes in shared.items():
        if len(nodes) == 1:
            names[nodes[0]] = name
            continue
        number = 0
        for node in nodes:
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            names[node] = f"{name}_{number}"
            taken.add(names[node])
    return names
