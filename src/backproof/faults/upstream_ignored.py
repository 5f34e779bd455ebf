"""A backward function gives its local derivative, but not times the gradient that it is handed.

## What it does
Finds a function that is handed a cotangent and whose result does not depend on it, depends only on its sum
or mean, or broadcasts it against the wrong axis.

## Why is this wrong?
By the chain rule each backward function is linear in what it is handed. One that drops it is right only
when that is all ones, which is what a check of the layer on its own, with `loss = out.sum()`, feeds it. In
the network the error never gets past the layer: everything below learns the same thing whatever the target
is.

## Example
```python
def tanh_backward(grad, h):
    return 1 - h**2


h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ tanh_backward(d_h, h)
```

## Use instead
```python
def tanh_backward(grad, h):
    return grad * (1 - h**2)


h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ tanh_backward(d_h, h)
```

## How the derivation goes
A backward function is a vjp: it takes the cotangent g = ∂L/∂h of its result and gives ∂L/∂z of its operand,

    ∂L/∂z = g · ∂h/∂z.

For an elementwise function this is g ⊙ f′(z); for a softmax p ⊙ (g − Σ g p); for a product g Uᵀ. In every
case g is a factor: twice the cotangent gives twice the result, and g = 0 gives 0. That is a test you can
make without knowing the derivative.

In `torch.autograd.Function` and `jax.custom_vjp` it is the argument called `grad_output` or `g`.

## Fix safety
The cotangent is multiplied in. Verified at fresh points and with fresh, non-constant cotangents.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, called, make, parsed, product
from backproof.faults.rule import Rule
from backproof.graph import Node

RULE = Rule(
    code="BP403",
    name="upstream-ignored",
    group="consistency",
    summary="A backward function ignores or collapses the gradient that it is handed.",
    because="So everything between here and the loss is left out of the chain rule.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """The sum of what a function is handed, in the term of a softmax or of a norm that lacks it.

    The other term has it elementwise: ``g - p * g.sum(axis=1, keepdims=True)`` for ``g - p``.
    """
    parent, count = place.parent, len(place.shape)
    if parent is None or parent.kind != "BinOp" or parent.detail not in ("+", "-") or count not in (1, 2):
        return
    own = _names(place.text)
    for name in sorted(_names(parent.text) - own):
        value = place.value(name, place.edges[0])
        if value is None or np.shape(value.value) != place.shape or value in place.scenery.bench.forward:
            continue
        for axis in (1, 0) if count == 2 else (None,):
            given = "" if axis is None else f", axis={axis}, keepdims=True"
            factor = f"{called(place, 'sum')}({name}{given})"
            why = f"the gradient `{name}` that is handed on enters here as a sum: `{factor}`"
            text = product(place.text, factor)
            part = Part(place, text, _summed(place, name, axis))
            yield Correction("upstream-ignored", (part,), 1.55, why, expected=text)


def _names(text: str) -> set[str]:
    tree = parsed(text)
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree is not None else set()


def _summed(place: Place, name: str, axis: int | None) -> Build:
    def build(edge: Edge) -> Node | None:
        value = place.value(name, edge)
        total = None if value is None else make("sum", value, axis=axis, keepdims=axis is not None)
        return None if total is None else make("multiply", edge.operand, total)

    return build
