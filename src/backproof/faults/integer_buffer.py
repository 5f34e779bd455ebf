"""A gradient is written into an array of whole numbers, and loses everything behind the point.

## What it does
Finds an array of integers into which the backward pass writes numbers that are not whole.

## Why is this wrong?
An array keeps its type: `d[j] = 0.7` writes a 0 into one of integers, without a word. An array gets that type
from what it is made like: `np.zeros_like(x)` of data that are whole numbers, `np.array([0, 0])`. The formula
is right; near the end of training, when all gradients are small, nothing of them is left.

## Example
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dW = np.zeros((3, 2), dtype=int)
for k in range(3):
    dW[k] = rows[:, k] @ error
```

## Use instead
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dW = np.zeros((3, 2), dtype=float)
for k in range(3):
    dW[k] = rows[:, k] @ error
```

## How the derivation goes
What is written is the derivative; what is kept of it is that rounded towards zero:

    d_k = trunc(∂L/∂W_k),        |d_k − ∂L/∂W_k| < 1,

as large as the gradient itself where that is below one.

## Fix safety
The array is made of floating-point numbers, where it is made. Verified at fresh points and by a run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, bracketed, make
from backproof.faults.rule import Rule
from backproof.graph import Node, unnamed

RULE = Rule(
    code="BP306",
    name="integer-buffer",
    group="update",
    summary="A gradient is written into an array of whole numbers, which keeps nothing behind the point.",
    because="An array keeps the type that it was made with, and cuts off what does not fit.",
)
MAKERS = frozenset(
    {"array", "asarray", *(f"{k}{e}" for k in ("zeros", "ones", "empty", "full") for e in ("", "_like"))}
)
WRITING = frozenset({"index_update", "index_add"})
COST = 1.0


def corrections(place: Place) -> Iterator[Correction]:
    """Make an array of floating-point numbers of one of integers that others are written into."""
    edge = place.edges[0]
    if place.site.kind != "Call" or np.asarray(edge.operand.value).dtype.kind not in "iu":
        return
    if not any(_is_written(place, each.operand) for each in place.edges):
        return
    text = _of_floats(place.text)
    why = f"`{place.text}` holds whole numbers, and numbers that are not whole are written into it"
    yield Correction("integer-buffer", (Part(place, text, _floating),), COST, why, expected=text)


def _is_written(place: Place, array: Node) -> bool:
    """Are numbers that are not whole written into an array, or into what it is called next?"""
    bench, stack, seen = place.scenery.bench, [array], {array}
    while stack:
        node = stack.pop()
        for user in bench.consumers.get(node, ()):
            if user.operation in WRITING and unnamed(user.operands[0]) is unnamed(node):
                return np.asarray(user.operands[1].value).dtype.kind == "f"
            if user.operation == "identity" and user not in seen:
                seen.add(user)
                stack.append(user)
    return False


def _floating(edge: Edge) -> Node | None:
    return make("astype", edge.operand, dtype=np.float64)


def _of_floats(text: str) -> str:
    """How to write an array with elements of floating point.

    >>> [_of_floats(text) for text in ("np.zeros_like(x)", "np.zeros(3, int)", "np.zeros(3, dtype=int)")]
    ['np.zeros_like(x, dtype=float)', 'np.zeros(3, int).astype(float)', 'np.zeros(3, dtype=float)']
    """
    call = parsed(text)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name) and "\n" not in text:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
        given = next((k.value for k in call.keywords if k.arg == "dtype"), None)
        if name in MAKERS and given is not None:
            return text[: given.col_offset] + "float" + text[given.end_col_offset :]
        if name in MAKERS and call.args and len(call.args) == 1 + name.startswith("full"):
            return f"{text[:-1].rstrip().rstrip(',')}, dtype=float)"
    return f"{bracketed(text, 9)}.astype(float)"
