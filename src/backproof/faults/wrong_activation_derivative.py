"""Where an activation's derivative belongs stands that of another function, or a wrong formula.

## What it does
Finds a factor of the backward pass that takes the place of a local derivative and is not its value at any
of the points in question: the sigmoid's slope behind a tanh, ReLU's own value in place of its 0 and 1, 1 −
a for 1 − a².

## Why is this wrong?
The chain rule multiplies by the slope of the function that the forward pass used. Another function's slope
is often of the same sign and size, so training goes on, slower and to a worse end, or only from some
initialisations.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * h * (1 - h))
```

## Use instead
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * (1 - h**2))
```

## How the derivation goes
Write a for the activation's value. The slopes that are worth knowing, each in terms of z and of a:

    sigmoid     σ′(z) = σ(z)(1 − σ(z))         = a(1 − a)
    tanh        1 − tanh²(z)                   = 1 − a²
    ReLU        1 where z > 0, else 0          = 1 where a > 0, else 0
    leaky ReLU  1 where z > 0, else the slope  = the same of a, for a positive slope
    softplus    σ(z)                           = 1 − e⁻ᵃ
    identity    1

Here a = tanh(z), so ∂L/∂z = ∂L/∂a · (1 − a²). At a = −½ the slope is ¾, and the sigmoid's formula gives −¾:
even the sign is lost for negative activations.

## Fix safety
The factor is replaced by the derived one, spelled with the names that your program has. Verified at fresh
points, on both sides of any kink.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.reading import NAMED
from backproof.check.trial import Build, Edge
from backproof.faults.correction import (
    BEFORE_ACTIVATION,
    HYPERBOLIC,
    LOGISTIC,
    RECTIFIED,
    Correction,
    Part,
    activation_of,
    bracketed,
    called,
    made_by,
    make,
    product,
    rectifies,
)
from backproof.faults.rule import Rule
from backproof.graph import Node, unnamed

RULE = Rule(
    code="BP103",
    name="wrong-activation-derivative",
    group="factor",
    summary="The derivative of another function, or a wrong formula for this one.",
    because="It has to be the slope of the function that the forward pass applies.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """The derivative of a common activation, of a value that can be read here."""
    edge = place.edges[0]
    if place.site.kind == "Constant":
        return
    if edge.consumer.operation == "where" and edge.position:
        why = "where the unit is on, the derivative of the rectifier is 1"
        yield Correction(
            "wrong-activation-derivative",
            (Part(place, "1", lambda e: make("add", make("multiply", e.operand, 0.0), 1.0)),),
            1.4,
            why,
            expected="1",
        )
    if place.site.kind == "BinOp" and place.site.detail == "**":
        yield from _powers(place)
    if place.site.kind == "Call":
        yield from _applied_to_gradient(place)
    names = place.names if place.site.kind not in NAMED else (place.text,)  # the value for its slope
    for name in names:
        node = place.value(name, edge)
        if node is None or np.shape(node.value) != place.shape or np.asarray(node.value).dtype.kind != "f":
            continue
        for text, build in _forms(place, name):
            why = f"`{text}` is the derivative that belongs here"
            yield Correction(
                "wrong-activation-derivative",
                (Part(place, text, build),),
                1.95 + place.foreign(name),
                why,
                expected=text,
            )


def _applied_to_gradient(place: Place) -> Iterator[Correction]:
    """What is handed back times the slope of the activation, where that itself is applied to it."""
    edge, forward = place.edges[0], place.scenery.bench.forward
    arguments = range(place.site.arguments, len(place.children))
    given = [(k, node) for k in arguments if (node := place.child(k, edge)) is not None and node.operands]
    if len(given) != 1:
        return
    ((number, gradient),) = given
    if unnamed(gradient) in forward or not activation_of(gradient, edge.operand):
        return
    own = place.children[number].text
    for name in place.names:
        node = place.value(name, edge)
        if node is None or np.shape(node.value) != place.shape or unnamed(node) not in forward:
            continue
        for text, slope in _forms(place, name):

            def build(edge: Edge, slope: Build = slope) -> Node | None:
                return make("multiply", place.child(number, edge), slope(edge))

            new = product(own, text[1:-1] if text[0] == "(" else text)
            why = (
                f"`{place.text}` applies the activation to the gradient; its slope has to be a factor of that"
            )
            cost = 1.6 + place.foreign(name)
            yield Correction(
                "wrong-activation-derivative", (Part(place, new, build),), cost, why, expected=new
            )


def _powers(place: Place) -> Iterator[Correction]:
    """The same base to a power that is one less, or one more: the derivative of a power is another power."""
    base, exponent = place.children
    try:
        known = float(exponent.text)
    except ValueError:
        return
    for power in (known - 1, known + 1):
        if power == 0:
            continue
        text = base.text if power == 1 else f"{bracketed(base.text, 8)} ** {power:g}"

        def build(edge: Edge, power: float = power) -> Node | None:
            return make("power", place.child(0, edge), power)

        yield Correction(
            "wrong-activation-derivative",
            (Part(place, text, build),),
            1.5,
            f"it is `{text}` that belongs here, another power of the same",
            expected=text,
        )


def _forms(place: Place, name: str) -> Iterator[tuple[str, Build]]:
    def value(edge: Edge) -> Node | None:
        return place.value(name, edge)

    known = made_by(place, name)
    if known in LOGISTIC:
        yield f"{name} * (1 - {name})", lambda e: make("multiply", value(e), make("subtract", 1.0, value(e)))
    if known in HYPERBOLIC:
        yield f"1 - {name} ** 2", lambda e: make("subtract", 1.0, make("square", value(e)))
    if known in RECTIFIED and rectifies(place):
        yield f"({name} > 0)", lambda e: make("greater", value(e), 0.0)
    if known in BEFORE_ACTIVATION:
        applied = place.scenery.bench.applied
        if applied & {"tanh", "exp"}:
            yield (
                f"1 - {called(place, 'tanh')}({name}) ** 2",
                lambda e: make("subtract", 1.0, make("square", make("tanh", value(e)))),
            )
        if "sin" in applied:
            yield f"{called(place, 'cos')}({name})", lambda e: make("cos", value(e))
        yield f"2 * {name}", lambda e: make("multiply", 2.0, value(e))
