"""The gradient is multiplied by something that the chain rule does not ask for.

## What it does
Finds an adjoint that becomes right when one of its factors is taken out: an activation's slope that cancels
or was already multiplied in, a weight or an input that is not on the path. (A constant too many, such as a
second 1/N, is `wrong-scale`.)

## Why is this wrong?
The product is no longer the gradient of the loss. With the slope of a saturating output in it, an output
that is confidently wrong gets almost no gradient, and the network stops learning just where it is most
wrong.

## Example
```python
p = sigmoid(x @ W)
loss = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))

delta = (p - t) * p * (1 - p)
W -= lr * x.T @ delta
```

## Use instead
```python
p = sigmoid(x @ W)
loss = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))

delta = p - t
W -= lr * x.T @ delta
```

## How the derivation goes
For the cross-entropy L = −Σ t log p + (1 − t) log(1 − p) with p = σ(z),

    ∂L/∂p = −t/p + (1 − t)/(1 − p) = (p − t) / (p(1 − p))
    ∂p/∂z = p(1 − p)
    ∂L/∂z = p − t.

The slope of the sigmoid is in it already: it has cancelled the denominator. The same happens for softmax
with categorical cross-entropy, and for the identity with the squared error. It does not happen for a
sigmoid with the squared error, where (p − t) · p(1 − p) is right.

If the slope was wanted, then the loss is the squared error, and the stated one is not what is descended:
see `loss-mismatch`.

## Fix safety
The factor is removed and the rest of the expression kept as it is. Verified at fresh points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part, literal
from backproof.faults.rule import Rule
from backproof.graph import Node, constant
from backproof.trace import Site

RULE = Rule(
    code="BP105",
    name="extra-factor",
    group="factor",
    summary="A factor too many.",
    because="Everything on the way to the loss gives one factor; this one comes from nothing there.",
)

LENGTH = re.compile(r"len\([\w.\[\]]+\)|[\w.]+\.shape\[-?\d\]|[\w.]+\.size")


def corrections(place: Place) -> Iterator[Correction]:
    """Leave one factor of a product out, or the divisor of a quotient."""
    if place.site.kind == "BinOp" and place.site.detail in ("*", "/"):
        keeps = (0, 1) if place.site.detail == "*" else (0,)
    elif place.site.kind == "Call" and place.text.split("(")[0].endswith("multiply"):
        keeps = (place.site.arguments, place.site.arguments + 1)
    else:
        return
    for kept in keeps:
        if kept >= len(place.children):
            continue
        other = place.children[keeps[0] + keeps[-1] - kept] if len(keeps) > 1 else place.children[1]
        text = place.children[kept].text

        def build(edge: Edge, kept: int = kept, text: str = text) -> Node | None:
            inner = place.child(kept, edge)
            if inner is None and not edge.operand.operands:  # a product of data is one value
                number = literal(text)
                return place.value(text, edge) if number is None else constant(number, text)
            return inner

        why = f"the factor `{other.text}` does not belong here"
        rule = "wrong-scale" if _is_constant(other) else "extra-factor"
        yield Correction(rule, (Part(place, text, build),), 1.3, why, expected=text)
    if place.site.kind == "BinOp" and place.site.detail == "*":
        yield from _several(place)


def _is_constant(site: Site) -> bool:
    """Is this a number that does not change: one written out, or the length of something?"""
    return site.kind == "Constant" or bool(LENGTH.fullmatch(site.text))


def _several(place: Place) -> Iterator[Correction]:
    """Leave out the last two or three factors of a product."""
    site = place.children[0]
    for left_out in (2, 3):
        if site.kind != "BinOp" or site.detail != "*":
            return
        site = place.trace.sites[site.children[0]]

        def build(edge: Edge, number: int = site.number) -> Node | None:
            return place.inside(edge.operand, number)

        why = f"the last {'two' if left_out == 2 else 'three'} factors do not belong here"
        yield Correction(
            "extra-factor", (Part(place, site.text, build),), 1.3 + 0.1 * left_out, why, expected=site.text
        )
