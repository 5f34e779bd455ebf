"""The right list, array or loop, and the wrong place in it.

## What it does
Finds a subscript, slice or loop bound in the backward pass that makes the gradients right when it is moved:
the activation of layer l for that of l − 1, a window that starts one element late, a first layer that the
loop never reaches.

## Why is this wrong?
Lists of layers count from 0, layers in papers from 1, and the activations have one entry more than the
weights. One off, and each weight is updated with the activation of another layer, or a sample with the
error of its neighbour.

## Example
```python
out = w[0] * s[1:] + w[1] * s[:-1]
loss = 0.5 * np.sum((out - y) ** 2)

d_out = out - y
dw = np.array([np.sum(d_out * s[1:]), np.sum(d_out * s[1:])])
```

## Use instead
```python
out = w[0] * s[1:] + w[1] * s[:-1]
loss = 0.5 * np.sum((out - y) ** 2)

d_out = out - y
dw = np.array([np.sum(d_out * s[1:]), np.sum(d_out * s[:-1])])
```

## How the derivation goes
In indices out_i = w_0 s_{i+1} + w_1 s_i. Each weight meets the signal at its own offset, and its gradient
is the sum of the errors against the signal at that same offset:

    ∂L/∂w_0 = Σ_i ∂L/∂out_i · s_{i+1},        ∂L/∂w_1 = Σ_i ∂L/∂out_i · s_i.

The backward pass reads at the index at which the forward pass has read. For layers, with a[0] = x and
a[l+1] = f(a[l] W[l]), the same says

    ∂L/∂W[l] = a[l]ᵀ · δ[l+1],        δ[l] = (δ[l+1] W[l]ᵀ) ⊙ f′ at layer l.

Write the forward line above the backward line, and compare the subscripts.

## Fix safety
One subscript, slice or bound is changed. Verified at fresh points, so a shift that only happens to fit this
data is not offered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place, where
from backproof.check.reading import parsed
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, make
from backproof.faults.rule import Rule
from backproof.faults.subscripts import Variant, subscripts
from backproof.graph import Node, shape_of

RULE = Rule(
    code="BP204",
    name="wrong-index",
    group="shape",
    summary="An index, offset, slice or layer number is off.",
)

MOST = 8  # other subscripts of a function, and of the forward pass
FAR = 0.12  # how much more they cost than what is written nearly so


def corrections(place: Place) -> Iterator[Correction]:
    """Another subscript of what is read here: one less or more, another counter, the indices swapped."""
    if place.site.kind != "Subscript":
        return
    edge = place.edges[0]
    counters = place.counters
    for text, far in (*subscripts(place.text, counters), *borrowed(place, place.text)):
        node = read_at(place, edge, text)
        if node is None or np.ndim(node.value) != len(place.shape):
            continue
        if all(read_at(place, each, text) is each.operand for each in place.edges):
            continue  # in the first round of a loop it may be the same
        why = f"`{place.text}` has the wrong index: `{text}` belongs here, as in the forward pass"
        part = Part(place, text, lambda edge, text=text: read_at(place, edge, text))  # type: ignore[misc]
        yield Correction("wrong-index", (part,), 1.2 + far, why, expected=text)
    yield from _the_other_way(place)


def borrowed(place: Place, text: str) -> Iterator[Variant]:
    """The same with another subscript of this function, as ``d[t + k]`` beside ``x[t + k]``.

    Or with one of the forward pass, or what takes a margin off that the forward pass has put around.
    """
    node = parsed(text)
    if isinstance(node, ast.Subscript):
        whole, scenery = text[: node.value.end_col_offset], place.scenery
        known = [*place.keys[:MOST], *scenery.forward_keys[:MOST], *scenery.forward_slices[:MOST]]
        keys = dict.fromkeys([*known, *_without_margin(place)])
        yield from ((f"{whole}{key}", FAR) for key in keys if f"{whole}{key}" != text)


def _without_margin(place: Place) -> Iterator[str]:
    """The subscripts that take off what was put around an array of the shape of the place."""
    bench = place.scenery.bench
    for node in sorted((n for n in bench.forward if n.operation == "pad"), key=bench.order.__getitem__):
        if shape_of(node.operands[0]) != place.shape:
            continue
        margins = np.broadcast_to(node.attributes["pad_width"], (len(place.shape), 2)).tolist()
        parts = [f"{before or ''}:{-after or ''}" for before, after in margins]
        yield f"[{', '.join(parts)}]"


def _the_other_way(place: Place) -> Iterator[Correction]:
    """What is read backwards, as it is: ``d`` for ``d[::-1]``."""
    tree = parsed(place.text)
    index = tree.slice if isinstance(tree, ast.Subscript) else None
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if tree is None or not all(_is_whole(part) for part in parts):
        return
    if any(edge.operand.operation != "index" for edge in place.edges):
        return
    text = place.text[: tree.value.end_col_offset] if isinstance(tree, ast.Subscript) else place.text
    part = Part(place, text, lambda edge: edge.operand.operands[0])
    why = f"`{place.text}` goes the other way round: `{text}` belongs here, as in the forward pass"
    yield Correction("wrong-index", (part,), 1.3, why, expected=text)


def _is_whole(part: ast.expr | None) -> bool:
    """Is this a slice of everything, from the one end or the other?"""
    if not isinstance(part, ast.Slice) or part.lower is not None or part.upper is not None:
        return False
    return part.step is None or ast.unparse(part.step) == "-1"


def read_at(place: Place, edge: Edge, text: str) -> Node | None:
    """What another subscript would read here, also of a value that has no name."""
    node = place.value(text, edge)
    if node is not None or not text.startswith("("):
        return node
    frame, time = where(edge)
    key = place.scenery.memory.key(text, place.scenery.enclosing(frame), time)
    base = place.child(0, edge)
    return None if key is None or base is None else make("index", base, index=key)
