"""A reduction runs along the samples where it should run along the classes or units, or the other way round.

## What it does
Finds a sum, mean, maximum, softmax or normalisation in the forward or backward pass whose axis makes the
gradients wrong, and with another axis makes them right.

## Why is this wrong?
A softmax over the batch makes the samples compete with each other instead of the classes. A sum over the
units where the batch was meant has the wrong length, and where both are equally long it goes unnoticed.

## Example
```python
e = np.exp(x @ W)
p = e / e.sum(axis=0)
loss = -np.sum(labels * np.log(p))

dW = x.T @ (p - labels)
```

## Use instead
```python
e = np.exp(x @ W)
p = e / e.sum(axis=1, keepdims=True)
loss = -np.sum(labels * np.log(p))

dW = x.T @ (p - labels)
```

## How the derivation goes
Let each row of p sum to one, p_ij = e_ij / Σ_k e_ik, and L = −Σ_ij y_ij log p_ij = −Σ_ij y_ij (z_ij − log
Σ_k e_ik). Then

    ∂L/∂z_ij = −y_ij + (Σ_k y_ik) · e_ij / Σ_k e_ik = p_ij − y_ij,

where Σ_k y_ik = 1 was used: a row of the labels sums to one. Were the softmax taken over the columns, the
factor would be Σ_i y_ij, the number of samples of class j, which is not one; so the famous p − y is no
longer the gradient.

An axis is the one that disappears: `axis=0` of a `(batch, classes)` matrix leaves one number for each
class.

## Fix safety
The axis is changed, and `keepdims=True` added where the result has to broadcast back. Where the axis of the
forward pass is changed, the model changes with it; the report says so. Verified at fresh points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, called, make
from backproof.faults.rule import Rule
from backproof.graph import Node, unnamed

RULE = Rule(
    code="BP203",
    name="wrong-axis",
    group="shape",
    summary="The sum, mean or softmax runs over the wrong axis.",
    because="It is the axis along which the forward pass repeats, averages or normalises.",
)


REDUCTIONS = ("sum", "mean", "max", "min", "prod")


def corrections(place: Place) -> Iterator[Correction]:
    """Reduce over another axis, or keep the reduced one."""
    operation = place.edges[0].operand.operation
    if place.site.kind == "Call" and (rows := summed_rows(place.edges[0].operand)) is not None:
        yield from _of_rows(place, np.ndim(rows.value))
        return
    if place.site.kind != "Call" or operation not in REDUCTIONS:
        return
    inner = place.edges[0].operand.operands[0]
    current = place.edges[0].operand.attributes
    kept = bool(current.get("keepdims"))
    for axis in (None, *range(np.ndim(inner.value))):
        for keep in (False, True):
            if axis == current.get("axis") and keep == kept:
                continue
            text = with_axis(place.text, axis, keep)

            def build(edge: Edge, axis: int | None = axis, keep: bool = keep) -> Node | None:
                if edge.operand.operation != operation:
                    return None  # another call of this line has made a plain number of it
                return make(operation, edge.operand.operands[0], axis=axis, keepdims=keep)

            over = "everything" if axis is None else f"axis {axis}"
            why = f"the `{operation}` has to run over {over}"
            cost = 1.2 + 0.02 * (keep != kept)
            yield Correction("wrong-axis", (Part(place, text, build),), cost, why, expected=text)
    yield from _apart(place)


def summed_rows(node: Node) -> Node | None:
    """The array whose rows Python's own ``sum`` has added up, one after the other; None of another value."""
    rows = list[Node]()
    while node.operation == "add":
        node, row = (unnamed(operand) for operand in node.operands)
        rows.append(row)
        last = rows[0]
        if row.operation != "index" or row.operands != last.operands or not _is_number(row):
            return None
        if len(rows) == 1 and last.attributes["index"] != len(last.operands[0].value) - 1:
            return None  # a part of such a sum
    if not rows or node.operation != "index" or node.operands != rows[0].operands or not _is_number(node):
        return None
    numbers = [row.attributes["index"] for row in (*rows, node)]
    return node.operands[0] if numbers[::-1] == list(range(len(node.operands[0].value))) else None


def _is_number(row: Node) -> bool:
    return isinstance(row.attributes["index"], int | np.integer)


def _of_rows(place: Place, dimensions: int) -> Iterator[Correction]:
    """Sum along another axis than the first, which is the only one that Python's own ``sum`` knows."""
    text = called(place, "sum") + place.text[len("sum") :]
    if not place.text.startswith("sum(") or len(place.children) > 2:
        return
    for axis in range(1, dimensions):
        wider = with_axis(text, axis, True)

        def build(edge: Edge, axis: int = axis) -> Node | None:
            rows = summed_rows(edge.operand)
            return None if rows is None else make("sum", rows, axis=axis, keepdims=True)

        why = f"the `sum` has to run over axis {axis}, and Python's own adds up the rows"
        yield Correction("wrong-axis", (Part(place, wider, build),), 1.2, why, expected=wider)


def _apart(place: Place) -> Iterator[Correction]:
    """What a number made of a whole array has to stay, one value for each element."""
    if place.shape or not place.has_one_argument:
        return
    inner = place.children[-1]
    node = place.inside(place.edges[0].operand, inner.number)
    if node is None or not np.ndim(node.value):
        return
    part = Part(place, inner.text, lambda edge: place.inside(edge.operand, inner.number))
    why = f"`{place.text}` makes one number of what has a value of its own for each element"
    yield Correction("wrong-axis", (part,), 1.25, why, expected=inner.text)


def with_axis(text: str, axis: int | None, keep: bool) -> str:
    """The text of a reduction with another axis, which it keeps or not."""
    text = re.sub(r",?\s*keepdims\s*=\s*\w+", "", text)
    text = re.sub(r",?\s*axis\s*=\s*(\([^()]*\)|[-\w]+)", "", text)
    text = re.sub(r"(\.\w+\(|,\s*)-?\d+\)$", lambda found: found[1].rstrip(", ") + ")", text)
    options = ([f"axis={axis}"] if axis is not None else []) + (["keepdims=True"] if keep else [])
    body = text[:-1].rstrip()
    joint = "" if body.endswith("(") else ", "
    return body + (joint + ", ".join(options) if options else "") + ")"
