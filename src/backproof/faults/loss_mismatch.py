"""What the program descends and what it calls its loss are different functions.

## What it does
Finds gradients that are all true for one loss, while the program computes and reports another one: a
squared error behind a cross-entropy, a penalty that is in only one of the two, a Huber loss with the
squared error's gradient.

## Why is this wrong?
The number on the screen is not what is being minimised: it can rise while the training does what it was
written for, and its minimum is somewhere else. Stopping, comparing and tuning by that number all go wrong.

Watching another measure is no fault: a program that prints the mean absolute error or the accuracy while it
descends the squared error is not reported, nor is weight decay that is in the update by convention.

## Example
```python
error = x @ W - t
size = np.abs(error)
loss = np.sum(np.where(size < 0.3, 0.5 * error**2, 0.3 * (size - 0.15)))

dW = x.T @ error
```

## Use instead
```python
error = x @ W - t
size = np.abs(error)
loss = np.sum(np.where(size < 0.3, 0.5 * error**2, 0.3 * (size - 0.15)))

dW = x.T @ np.clip(error, -0.3, 0.3)
```

## How the derivation goes
The stated loss is Huber's with the threshold k = 0.3: ½e² inside, k(|e| − k/2) outside. Piece by piece

    ∂L/∂e = e               where |e| < k
    ∂L/∂e = k · sign(e)     elsewhere,

which is e clipped to [−k, k]. The Example has ∂L/∂e = e everywhere, the derivative of ½Σe²: a right
gradient of a different loss, and the outliers that Huber's loss is there to bound pull with their full
weight.

## Fix safety
There are two ways to make them agree, and only you know which loss was meant. The edit changes the backward
pass to the stated loss; it is marked unsafe where the other way is as small.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, make
from backproof.faults.rule import Rule
from backproof.graph import Node, constant, shape_of
from backproof.graph.users import PARTS
from backproof.source import Edit

RULE = Rule(
    code="BP401",
    name="loss-mismatch",
    group="consistency",
    summary="The gradient is right for another loss than the one the program states.",
)

ONES = re.compile(r"(?<![\w])ones(?=\(|_like\()")
PENALTY = 1.45  # of the penalty of another part of a parameter


def corrections(place: Place) -> Iterator[Correction]:
    """Leave that part of a parameter out of the derivative of the penalty which the penalty leaves out."""
    if len(ONES.findall(place.text)) == 1 and _zeros(place.edges[0]) is not None:
        text = ONES.sub("zeros", place.text)
        why = "the loss has no penalty where the ones stand: the derivative is zero there"
        yield Correction("loss-mismatch", (Part(place, text, _zeros),), PENALTY, why, expected=text)
    yield from _in_part(place)


def _zeros(edge: Edge) -> Node | None:
    """Zeros for the ones that a value is, or that are put beside others in it."""
    value = edge.operand
    if value.operation != "concatenate":
        return constant(np.zeros(shape_of(value))) if _is_ones(value) else None
    ones = [_is_ones(operand) for operand in value.operands]
    if sum(ones) != 1:
        return None
    parts = [
        constant(np.zeros(shape_of(o))) if one else o for o, one in zip(value.operands, ones, strict=True)
    ]
    return make("concatenate", *parts, **value.attributes)


def _is_ones(node: Node) -> bool:
    return not node.operands and bool(shape_of(node)) and bool(np.all(np.asarray(node.value) == 1))


def _is_parameter(node: Node, leaves: Collection[Node]) -> bool:
    """Is this a parameter, or a part of one that has been laid out otherwise?"""
    while node.operation in PARTS:
        node = node.operands[0]
    return node in leaves


def _in_part(place: Place) -> Iterator[Correction]:
    """``d[:, 1:] += c * w[:, 1:]`` for ``d += c * w``, where the forward pass reads ``w[:, 1:]``."""
    update, sites = place.statement, place.trace.sites
    if update is None or update.kind != "AugAssign" or update.children[-1] != place.site.number:
        return
    leaves, target = place.scenery.bench.step.leaves, sites[update.children[0]]
    for number in place.site.children:
        site, node = sites[number], place.inside(place.edges[0].operand, number)
        if node is None or not _is_parameter(node, leaves) or site.kind not in ("Name", "Attribute"):
            continue
        for key in place.scenery.forward_slices:
            build = _masked(key, np.shape(node.value))
            if build is None or np.shape(node.value) != place.shape:
                continue
            text = place.text.replace(site.text, f"{site.text}{key}")
            ends = [replace(s.span, row=s.span.end_row, column=s.span.end_column) for s in (target, site)]
            edits = tuple(Edit(end, key) for end in ends)
            expected = f"{target.text}{key} {update.detail}= {text}"
            why = f"the loss has a penalty on `{site.text}{key}` alone"
            part = Part(place, text, build)
            yield Correction(
                "loss-mismatch", (part,), PENALTY, why, at=update, expected=expected, edits=edits
            )


def _masked(key: str, shape: tuple[int, ...]) -> Build | None:
    """What keeps the part of an array that a subscript takes; None where that is all, or nothing."""
    mask = np.zeros(shape)
    try:
        mask[_slices(key)] = 1.0
    except (IndexError, ValueError):
        return None
    if np.all(mask == mask.flat[0]):
        return None
    return lambda edge: make("multiply", edge.operand, constant(mask))


def _slices(key: str) -> tuple[slice, ...]:
    """The slices of whole numbers that a subscript is."""
    found = []
    for part in key.strip("[]").split(","):
        bounds = [int(bound) if bound.strip() else None for bound in part.split(":")]
        if len(bounds) < 2:
            raise ValueError(part)
        found.append(slice(*bounds))
    return tuple(found)
