"""A constant, mask, branch or dropout acts in the forward pass and not, or differently, in the backward pass.

## What it does
Finds an adjoint that becomes right when the same constant, mask or branch is applied that the forward pass
has applied: a dropout mask, a leaky slope, a temperature, a clipping, a padding, a scale such as 1/√d.

## Why is this wrong?
The two passes describe two different networks. Units that were switched off get gradients for what they did
not do; a constant that is only in one pass makes one layer learn at another rate than the others.

## Example
```python
h = np.tanh(x @ W1)
kept = h * mask / 0.8
out = kept @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
dW2 = kept.T @ d_out
dW1 = x.T @ (d_out @ W2.T * (1 - h**2))
```

## Use instead
```python
h = np.tanh(x @ W1)
kept = h * mask / 0.8
out = kept @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
dW2 = kept.T @ d_out
dW1 = x.T @ (d_out @ W2.T * mask / 0.8 * (1 - h**2))
```

## How the derivation goes
Dropout multiplies by a mask m of zeros and ones and by 1/q, q being the share that is kept: k = h ⊙ m/q. It
is linear in h, and its local derivative is the same factor:

    ∂L/∂h = ∂L/∂k ⊙ m/q.

Where m = 0 nothing of h reaches the loss, so no gradient comes back. In general: an operation that the
forward pass performs has its vjp in the backward pass with the *same* mask, drawn once; a mask that is
drawn anew is another one.

## Fix safety
The forward pass is taken as the specification and the backward pass mended, with the forward pass's own
names. Verified at fresh points and fresh masks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.place import Place
from backproof.check.reading import NAMED
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction, Part, called, is_among, literal, make, product, quotient
from backproof.faults.rule import Rule
from backproof.faults.unbiased import unbiased
from backproof.faults.wrong_scale import numbers
from backproof.graph import Node, ancestors, constant, unnamed
from backproof.source import Span

RULE = Rule(
    code="BP402",
    name="forward-backward-mismatch",
    group="consistency",
    summary="Something of the forward pass is not mirrored in the backward pass.",
    because="What the forward pass does to a value, the backward pass has to do to its gradient.",
)

TWINS = {"numpy.convolve": "numpy.correlate", "numpy.correlate": "numpy.convolve"}
WRITTEN = ("Constant", "UnaryOp", "Name", "Attribute")
COMPARISONS = {
    ">": "greater", ">=": "greater_equal", "<": "less", "<=": "less_equal", "==": "equal", "!=": "not_equal",
}  # fmt: skip
STRICT = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def corrections(place: Place) -> Iterator[Correction]:
    """The numbers and the comparisons of the forward pass, where the backward pass has others."""
    yield from _leaking(place)
    yield from _scaled_mask(place)
    yield from _twin(place)
    yield from unbiased(place)
    if place.site.kind == "Compare":
        yield from _comparison(place)
    elif np.size(place.edges[0].operand.value) == 1 and not place.edges[0].operand.operands:
        yield from _number(place)


def _twin(place: Place) -> Iterator[Correction]:
    """The function of the forward pass, where its twin turns one of the two around."""
    called_here = place.edges[0].operand
    path = called_here.attributes.get("function") if called_here.operation == "opaque" else None
    other = TWINS.get(str(path))
    if other is None or place.site.kind != "Call":
        return

    def build(edge: Edge) -> Node | None:
        return make("opaque", *edge.operand.operands, **{**edge.operand.attributes, "function": other})

    own, new = str(path).rpartition(".")[2], other.rpartition(".")[2]
    text = place.text.replace(f"{own}(", f"{new}(", 1)
    why = f"`{new}` goes with the forward pass: of the two, `convolve` turns its second array around"
    yield Correction(RULE.name, (Part(place, text, build),), 1.3, why, expected=text)


def _leaking(place: Place) -> Iterator[Correction]:
    """A number of the forward pass for the zeros of a mask: a unit that leaks has a slope."""
    if not place.shape or not np.all(np.isin(place.edges[0].operand.value, (0, 1))):
        return
    for text, value in _literals(place.scenery.bench).items():
        if text[0].isalpha() and not _means(place.value(text, place.edges[0]), value):
            continue

        def build(edge: Edge, value: float = value) -> Node | None:
            return make("where", edge.operand, 1.0, value)

        new = f"{called(place, 'where')}({place.text}, 1, {text})"
        why = f"the forward pass has the slope `{text}` where this is 0"
        yield Correction(RULE.name, (Part(place, new, build),), 1.55, why, expected=new)


def _scaled_mask(place: Place) -> Iterator[Correction]:
    """The number by which the forward pass makes up for what a mask leaves out, where that is read bare."""
    masks = {unnamed(edge.operand) for edge in place.edges}
    if place.site.kind not in NAMED or len(masks) != 1 or not place.shape:
        return
    (mask,) = masks
    if not np.all(np.isin(mask.value, (0, 1))):
        return
    known: dict[str, float] | None = None
    for user, text, value in dict.fromkeys(_scalings(place, mask)):
        known = dict(numbers(place)) if known is None else known
        if known.get(text, literal(text)) != value or value in (0.0, 1.0):
            continue

        def build(edge: Edge, operation: str = user, value: float = value) -> Node | None:
            return make(operation, edge.operand, value)

        new = product(place.text, text) if user == "multiply" else quotient(place.text, text)
        why = f"the forward pass scales what `{place.text}` lets through: its derivative is `{new}`"
        yield Correction(RULE.name, (Part(place, new, build),), 1.4, why, expected=new)


def _scalings(place: Place, mask: Node) -> Iterator[tuple[str, str, float]]:
    """By which operation and number the forward pass scales a mask, or what it has masked."""
    bench, sites, stack = place.scenery.bench, place.trace.sites, [mask]
    while stack:
        node = stack.pop()
        for user in bench.consumers.get(node, ()):
            if user not in bench.forward:
                continue
            if user.operation == "identity":
                stack.append(user)
            elif user.operation in ("multiply", "divide"):
                position = 1 - user.operands.index(node)
                other = user.operands[position]
                texts = [sites[n].text for reader, n in place.scenery.readers(other) if reader is user]
                if np.ndim(other.value) == 0 and texts and (position or user.operation == "multiply"):
                    yield user.operation, texts[0], float(other.value)
                elif user.operation == "multiply" and unnamed(node) is mask:
                    stack.append(user)


def _comparison(place: Place) -> Iterator[Correction]:
    """Another comparison of the same values: with or without the point itself, or the other side."""
    if len(place.children) != 2:
        return
    left, right = place.children
    between = place.text[len(left.text) :]
    written = next((c for c in (">=", "<=", ">", "<") if between.strip(" )").startswith(c)), None)
    if written is None or left.span.end_row != right.span.row:
        return
    for other in (STRICT[written], TURNED[written], STRICT[TURNED[written]]):

        def build(edge: Edge, operation: str = COMPARISONS[other]) -> Node | None:
            return make(operation, place.child(0, edge), place.child(1, edge))

        text = f"{left.text} {other} {right.text}"
        why = f"the forward pass switches by `{text}`; the backward pass has to do the same"
        span = _operator(place, left.span, right.span, written)
        if span is not None:
            part = Part(place, other, build, span)
            yield Correction("forward-backward-mismatch", (part,), 1.35, why, expected=text)


def _operator(place: Place, left: Span, right: Span, written: str) -> Span | None:
    """Where the sign of a comparison stands."""
    line = place.trace.files[place.site.file].split("\n")[left.end_row - 1]
    start = line.find(written, left.end_column - 1, right.column - 1)
    if start < 0:
        return None
    return replace(left, row=left.end_row, column=start + 1, end_column=start + 1 + len(written))


def _number(place: Place) -> Iterator[Correction]:
    """A number that is written in the forward pass, or has a name there."""
    edge = place.edges[0]
    own = float(np.ravel(edge.operand.value)[0])
    written = place.site.kind in WRITTEN[:2]
    for text, value in _literals(place.scenery.bench).items():
        if value == own:
            continue
        if text[0].isalpha() and not (written and _means(place.value(text, edge), value)):
            continue

        def build(edge: Edge, value: float = value) -> Node:
            return constant(np.full(np.shape(edge.operand.value), value)[()])

        rule, why = (
            ("wrong-scale", f"`{place.text}` has to be `{text}` here, to go with the other gradients")
            if own and _scales(place, value / own)
            else (RULE.name, f"the forward pass has `{text}` where the backward pass has `{place.text}`")
        )
        yield Correction(rule, (Part(place, text, build),), 1.5, why, expected=text)


def _scales(place: Place, ratio: float) -> bool:
    """Does a number multiply a whole gradient, which is right but for that?"""
    parent = place.parent
    if parent is None or parent.kind != "BinOp" or parent.detail not in ("*", "/"):
        return False
    divides = parent.detail == "/" and place.site.number != parent.children[0]
    return is_among(1 / ratio if divides else ratio, place.scenery.bench.ratios())


def _means(node: Node | None, value: float) -> bool:
    """Is this number what a name means here, and no rate that changes?"""
    return (
        node is not None
        and not node.operands
        and np.size(node.value) == 1
        and float(np.ravel(node.value)[0]) == value
    )


def _literals(bench: Bench) -> dict[str, float]:
    """The numbers that the source of the forward pass holds, or names there, but for none and one."""
    sites = bench.step.trace.sites
    found: dict[str, float] = {}
    for node in ancestors([bench.step.loss]):
        origin = node.origin
        made_at = origin.operand_sites if origin is not None else ()
        for site, operand in zip(made_at, node.operands, strict=False):
            if site is not None and site >= 0 and sites[site].kind in WRITTEN:
                value = float(np.ravel(operand.value)[0]) if np.size(operand.value) == 1 else 0.0
                if value not in (0.0, 1.0) and not operand.operands:
                    found.setdefault(sites[site].text, value)
    return found
