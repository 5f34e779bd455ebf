"""The derivative of an activation is evaluated at a(z) where it wants z, or at z where it wants a(z).

## What it does
Finds a local derivative that would be right at another point: σ′ taken at σ(z) instead of z, or the short
form a·(1 − a) called with z instead of a = σ(z). The same for tanh and its short form 1 − a².

## Why is this wrong?
The slope of the sigmoid lies between 0 and ¼ and depends on z. Taken at σ(z), which is always between 0 and
1, it is nearly constant (0.20 to 0.25): positive everywhere and never small, so training goes roughly in
the right direction and the loss falls. That is what makes this fault hard to see. The short form at z is
not even positive.

## Example
```python
def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


h = sigmoid(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * slope(h))
```

## Use instead
```python
def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


z = x @ W1
h = sigmoid(z)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_h = (out - t) @ W2.T
dW1 = x.T @ (d_h * slope(z))
```

## How the derivation goes
With σ(z) = 1/(1 + e⁻ᶻ) the quotient rule gives

    σ′(z) = e⁻ᶻ/(1 + e⁻ᶻ)² = σ(z) · (1 − σ(z)).

Both sides are functions of z. A function that calls σ by itself takes z; one that only multiplies takes the
activation: with a = σ(z), σ′(z) = a·(1 − a). For the hyperbolic tangent, tanh′(z) = 1 − tanh²(z) = 1 − a².
So `slope(z)` and `h * (1 - h)` are right, `slope(h)` and `z * (1 - z)` are not.

## Fix safety
One argument is changed, or an activation unwrapped. The edit is verified at fresh points. If a helper is
called both ways in one program, the calls are mended, not the helper.
"""

from __future__ import annotations

from collections.abc import Iterator

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, occurrences, place_at
from backproof.faults.rule import Rule
from backproof.faults.wrong_axis import REDUCTIONS
from backproof.graph import Node

RULE = Rule(
    code="BP102",
    name="derivative-at-wrong-point",
    group="factor",
    summary="An activation's derivative is taken at the activated value, or the other way round.",
    because="Its formula is written for that one: before and after the activation are not the same.",
)


ONE_CALL = 0.3  # more to change a function that one call uses: that may hand it what it is written for


def corrections(place: Place) -> Iterator[Correction]:
    """Unwrap the argument of a derivative.

    Or all the calls of a formula that activates its argument once more.
    """
    parent = place.parent
    if place.site.kind == "Call" and parent is not None and parent.kind == "Call" and place.has_one_argument:
        inner = place.children[-1]
        text = parent.text.replace(place.text, inner.text, 1)
        why = f"the derivative is taken at `{place.text}`; it has to be taken at `{inner.text}`"
        part = Part(place, inner.text, lambda edge: place.inside(edge.operand, inner.number))
        yield Correction("derivative-at-wrong-point", (part,), 1.0, why, at=parent, expected=text)
    if place.site.kind in ("BinOp", "Call"):
        yield from _formula(place)


def _formula(place: Place) -> Iterator[Correction]:
    """``f(a) * (1 - f(a))`` for ``a * (1 - a)``: every call of f with that argument goes."""
    sites = place.trace.sites
    texts: dict[str, int] = {}
    stack = list(place.site.children)
    while stack:
        site = sites[stack.pop()]
        if site.kind == "Call" and len(site.children) - site.arguments == 1:
            texts.setdefault(site.text, site.children[-1])
        stack.extend(site.children)
    for text, argument in texts.items():
        parts = []
        for site in occurrences(place, text):
            use = place_at(place, site)
            if use is None or use.edges[0].operand.operation in REDUCTIONS:
                break  # that is no activation
            parts.append(Part(use, sites[argument].text, _unwrapped(use)))
        else:
            new = place.text.replace(text, sites[argument].text)
            why = f"`{sites[argument].text}` is activated already; `{text}` activates it once more"
            yield Correction(
                "derivative-at-wrong-point",
                tuple(parts),
                1.2 + 0.1 * len(parts) + ONE_CALL * place.is_called_once,
                why,
                at=place.site,
                expected=new,
            )


def _unwrapped(use: Place) -> Build:
    def build(edge: Edge) -> Node | None:
        argument = use.site.children[-1]
        found: Node | None = use.inside(edge.operand, argument)
        if found is None and edge.operand.operation == "leaf":  # of a number, as the output of a bias unit
            found = use.value(use.trace.sites[argument].text, edge)
        return found

    return build
