"""A term of the backward pass, or the update, has the opposite sign, so the step climbs the loss.

## What it does
Finds a gradient, or one summand of it, that is the true one times −1, once the sign of the update is taken
into account. `target - output` with `+=` is right; so is `output - target` with `-=`.

## Why is this wrong?
A step of gradient descent goes against the gradient. With one sign too many or too few it goes along it,
and the loss grows with every step; or, when only some parameters are concerned, part of the network works
against the rest. Often the loss curve still falls for a while, because the other parameters make up for it.

## Example
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = t - out
d_h = d_out @ W2.T * (1 - h**2)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## Use instead
```python
h = np.tanh(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T * (1 - h**2)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## How the derivation goes
The loss is L = ½Σ(out − t)², and its derivative by the output is

    ∂L/∂out = ½ · 2(out − t) · ∂(out − t)/∂out = out − t.

The last factor is +1. Had the loss been written (t − out)², it would be −1, and the product (t − out)·(−1)
the same: the square does not care which way round the difference is taken, its derivative does not either.
From there

    ∂L/∂W2 = hᵀ · ∂L/∂out,        W2 ← W2 − lr · ∂L/∂W2.

Textbooks that write δ = t − out add it: W2 ← W2 + lr · hᵀδ. Both are right; half of each is not.

## Fix safety
The operands of the difference are swapped, or the sign of the update is changed: whichever mends every
gradient with the fewest edits. It is verified at fresh points before it is offered. A swap changes what
else reads the same name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import Correction, Part, bracketed, is_updated_with, make, parsed
from backproof.faults.rule import Rule
from backproof.faults.siblings import ONLY, lacks_minus, operator_cost
from backproof.graph import Node, unnamed
from backproof.source import Span

FIXED = 0.7  # more to swap what is a plain number, as ``1 - rate``, which is no error of an output

RULE = Rule(
    code="BP101",
    name="sign-flipped",
    group="factor",
    summary="A term, or the whole update, has the opposite sign.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """Swap a difference, take a sign away or put one there, turn the sign of an update or of a term."""
    node = parsed(place.text)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and not _is_step(place):
        left, right = (site.text for site in place.children[:2])
        text = f"{bracketed(right, 4)} - {bracketed(left, 5)}"
        yield _one(
            place,
            text,
            _negative,
            1.0 + FIXED * _is_plain(place),
            f"the difference is the wrong way round, so the update goes up the loss: write `{text}`",
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and place.children:
        text = place.children[0].text
        yield _one(place, text, _negative, 1.0, "the minus sign does not belong here")
    elif lacks_minus(place):
        text = f"-{bracketed(place.text, 5)}"
        why = "the updates beside this one subtract their gradients, this one goes up the loss"
        yield _one(place, text, _negative, 1.2 - ONLY, why)
    elif place.site.kind != "Constant":
        text = f"-{bracketed(place.text, 5)}"
        yield _one(
            place, text, _negative, 1.6, "this term has the opposite sign of the one in the derivative"
        )
    yield from _operator(place)
    update = place.statement
    if (
        update is not None
        and update.kind == "AugAssign"
        and update.detail in "+-"
        and update.children[-1] == place.site.number
    ):
        turned = "-=" if update.detail == "+" else "+="
        changed = place.trace.sites[update.children[0]]
        span = _between(place, changed.span, place.site.span, update.detail + "=")
        if span is not None:
            why = (
                "the update goes up the loss instead of down"
                if turned == "-="
                else "with this gradient the update goes up the loss"
            )
            cost = 1.2 + operator_cost(place, turned[0])
            part = Part(place, turned, _negative, span)
            expected = f"{changed.text} {turned} {place.text}"
            yield Correction("sign-flipped", (part,), cost, why, expected=expected)


def _one(place: Place, text: str, build: Build, cost: float, why: str) -> Correction:
    return Correction("sign-flipped", (Part(place, text, build),), cost, why, expected=text)


def _is_step(place: Place) -> bool:
    """Is a difference what its parameter is replaced by? Only its second term may have another sign."""
    own, descents = place.statement, place.scenery.bench.step.descents
    replaced = own is not None and own.text == f"{place.children[0].text} = {place.text}"
    return replaced and any(edge.consumer in descents for edge in place.edges)


def _is_plain(place: Place) -> bool:
    """Does a value hang on no parameter?"""
    first, *others = place.scenery.bench.base or [{}]
    uses = [edge.operand for edge in place.edges if edge.operand in first]
    return all(use in table and np.array_equal(first[use], table[use]) for table in others for use in uses)


def _negative(edge: Edge) -> Node | None:
    return make("negative", edge.operand)


def _operator(place: Place) -> Iterator[Correction]:
    """``a + b`` for ``a - b`` and the reverse: the sign of the second term."""
    if place.site.kind != "BinOp" or place.site.detail not in ("+", "-"):
        return
    left, right = place.children[:2]
    turned = "-" if place.site.detail == "+" else "+"
    operation = "subtract" if turned == "-" else "add"
    span = _between(place, left.span, right.span, place.site.detail)
    if span is None:
        return

    def build(edge: Edge) -> Node | None:
        return make(operation, place.child(0, edge), place.child(1, edge))

    text = f"{left.text} {turned} {bracketed(right.text, 5)}"
    if _is_share(place, place.child(1, place.edges[0])):
        # decay is no part of the gradient that is compared, but for its sign
        part = Part(place, turned, lambda edge: place.child(0, edge), span)
        why = f"`{right.text}` has the wrong sign: it makes the parameter grow where it should shrink"
        yield Correction("sign-flipped", (part,), 1.25, why, expected=text)
    update = place.statement is not None and place.statement.text.endswith(f" = {place.text}")
    yield Correction(
        "sign-flipped",
        (Part(place, turned, build, span),),
        1.25 + (operator_cost(place, turned) if update else 0.0),
        "the second term has the opposite sign of the one in the derivative",
        expected=text,
    )


def _is_share(place: Place, term: Node | None) -> bool:
    """Is this a number times the parameter that is updated with it, as decay is?"""
    if term is None or term.operation not in ("multiply", "divide"):
        return False
    factors = [unnamed(operand) for operand in term.operands]
    return any(np.size(f.value) == 1 for f in factors) and any(is_updated_with(place, f) for f in factors)


def _between(place: Place, left: Span, right: Span, operator: str) -> Span | None:
    """Where an operator stands between two expressions of one line."""
    if left.end_row != right.row:
        return None
    line = place.trace.files[place.site.file].split("\n")[left.end_row - 1]
    start = line.find(operator, left.end_column - 1, right.column - 1)
    if start < 0:
        return None
    return replace(left, row=left.end_row, column=start + 1, end_column=start + 1 + len(operator))
