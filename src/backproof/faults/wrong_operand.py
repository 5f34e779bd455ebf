"""The formula has the right form, and one of its names is the wrong one.

## What it does
Finds an expression that becomes right when one name in it is replaced by another of the program: another
layer's activation, the input for the hidden value, the target for the error, `W1` for `W2`.

## Why is this wrong?
Where two values have the same shape NumPy cannot notice, and the product is a matrix of plausible numbers
that is the gradient of nothing. Square hidden layers make this easy to write and hard to see.

## Example
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
out = h2 @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d2 = (out - t) @ W2.T * (1 - h2**2)
dU = h2.T @ d2
```

## Use instead
```python
h1 = np.tanh(x @ W1)
h2 = np.tanh(h1 @ U)
out = h2 @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d2 = (out - t) @ W2.T * (1 - h2**2)
dU = h1.T @ d2
```

## How the derivation goes
A product of matrices has two operands, and the gradient of each is made with the other one. For z = h1 U,

    ∂L/∂U  = h1ᵀ · ∂L/∂z        (the layer's input)
    ∂L/∂h1 = ∂L/∂z · Uᵀ         (the layer's own weight)

So the weight's gradient is always the layer's *input* against the adjoint of its *output before the
activation*. The Example takes the activation h2 instead, which is behind the product, not in front of it.
Since U is square, the shapes agree.

## Fix safety
One name is replaced. When several names would do equally well for this data, the edit is offered only if
they also agree at fresh points. Verified there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.reading import NAMED
from backproof.check.trial import Build, Edge
from backproof.faults.correction import (
    Correction,
    Part,
    activation_of,
    called,
    is_updated_with,
    make,
    occurrences,
    place_at,
    similarity,
)
from backproof.faults.exchanged import exchanged
from backproof.faults.rule import Rule
from backproof.graph import Node, unnamed
from backproof.trace import Site

PRODUCTS = frozenset({"matmul", "dot", "outer", "tensordot", "einsum"})
TURNED = frozenset({"transpose", "identity", "reshape"})
REDUCTIONS = frozenset({"sum", "mean"})
KEPT = 0.4  # more to keep something else than to read something else
NEAREST = 16  # names to put throughout a formula
QUOTED = re.compile(r"['\"]")  # the key is a name
LITERAL = re.compile(r"\[-?\d+\]")  # an item that is written out, where the program has others


RULE = Rule(
    code="BP107",
    name="wrong-operand",
    group="factor",
    summary="Another variable stands where the right one should.",
    because="The factor has to be the value that the forward pass used at this place.",
)


def corrections(place: Place) -> Iterator[Correction]:
    """Another name that can be read here, of the same shape or one that the product around it takes."""
    shape, edge = place.shape, place.edges[0]
    simple = place.site.kind in NAMED
    if place.site.kind == "Constant":
        return
    for name in place.names:
        node = place.value(name, edge)
        if node is None or (np.shape(node.value) != shape and not simple) or _is_the_same(place, name):
            continue
        if f"[{name}]" in place.keys:
            continue  # it counts, and is no value
        if np.shape(node.value) != shape and not _takes(place, node):
            continue
        related = activation_of(edge.operand, node) or activation_of(node, edge.operand)
        cost = (
            (1.3 if simple or related else 1.9)
            + 0.3 * (1 - similarity(name, place.text))
            + 0.2 * (node.operation == "identity")
            + place.foreign(name)
            + 0.12 * bool(LITERAL.search(name) and not LITERAL.search(place.text))
            + KEPT * place.is_kept
        )
        yield _named(place, name, node, cost)
    if place.site.kind == "Attribute" and place.text.endswith(".T"):
        yield from _turned(place)
    if place.site.kind == "Call" and edge.operand.operation == "dot":
        yield from _outer(place)
    if place.site.kind == "BinOp":
        yield from _throughout(place)
        yield from exchanged(place)


def _is_the_same(place: Place, name: str) -> bool:
    """Does a name mean in every use what stands at the place?"""
    return all(place.value(name, edge) is edge.operand for edge in place.edges)


def _takes(place: Place, node: Node) -> bool:
    """Could a use take a value of another shape: a product of matrices, a whole sum, what a number scales?"""
    edge = place.edges[0]
    user = edge.consumer
    if user.operation in REDUCTIONS:
        return user.attributes.get("axis") is None and np.ndim(user.value) == 0
    if user.operation == "multiply":  # what is spread over the other factor may be the value of another layer
        return bool(np.shape(edge.operand.value) != np.shape(user.value) == np.shape(node.value))
    same_rank = np.ndim(node.value) == len(place.shape)
    return user.operation in ("matmul", "dot", "outer") or (same_rank and _in_a_product(place))


def _turned(place: Place) -> Iterator[Correction]:
    """Another name before the `.T` of a matrix, also where it is turned nowhere else."""
    for name in place.names:
        node, text = place.value(name, place.edges[0]), f"{name}.T"
        if node is None or name.endswith(".T") or text in (place.text, *place.names):
            continue
        if np.ndim(node.value) == 2 and np.shape(node.value)[::-1] == place.shape:
            part = Part(place, text, _transposed(place, name))
            cost = 1.35 + 0.3 * (1 - similarity(text, place.text)) + place.foreign(name)
            yield Correction(
                "wrong-operand", (part,), cost, f"`{place.text}` stands where `{text}` belongs", expected=text
            )


def _transposed(place: Place, name: str) -> Build:
    return lambda edge: make("transpose", place.value(name, edge), axes=None)


def _throughout(place: Place) -> Iterator[Correction]:
    """Another name for one that a formula has several times, as the ``a`` of ``a * (1 - a)``."""
    for old in _repeated(place):
        uses = [place_at(place, site) for site in occurrences(place, old)]
        if any(use is None for use in uses):
            continue
        known = [use for use in uses if use is not None]
        for name in known[0].names[:NEAREST]:
            node = place.value(name, known[0].edges[0])
            if node is None or node is known[0].edges[0].operand or not _fits(node, known[0]):
                continue
            word = rf"(?<![\w.]){re.escape(old)}(?![\w(\[])"
            text = re.sub(word, name.replace("\\", "\\\\"), place.text)
            parts = tuple(Part(use, name, _reading(use, name)) for use in known)
            related = activation_of(known[0].edges[0].operand, node) or activation_of(
                node, known[0].edges[0].operand
            )
            rule = "derivative-at-wrong-point" if related else "wrong-operand"
            why = (
                f"the derivative is taken at `{old}`; it has to be taken at `{name}`"
                if related
                else f"`{old}` stands where `{name}` belongs"
            )
            cost = 1.5 + 0.3 * (1 - similarity(name, old)) + place.foreign(name)
            yield Correction(rule, parts, cost, why, at=place.site, expected=text)


def _would_decay(place: Place, node: Node) -> bool:
    """Would a term that takes off a share of another parameter take it off that which it updates?"""
    parent = place.parent
    around = None if parent is None else parent.parent
    if parent is None or parent.detail != "*" or around is None:
        return False
    if place.trace.sites[around].detail not in ("+", "-") or not is_updated_with(place, node):
        return False
    leaves = place.scenery.bench.step.leaves
    return unnamed(place.edges[0].operand) in leaves and not is_updated_with(place, place.edges[0].operand)


def _reading(use: Place, name: str) -> Build:
    return lambda edge: use.value(name, edge)


def _repeated(place: Place) -> list[str]:
    """The names that several parts of an expression read, and no part of it reads all of."""
    seen: dict[str, int] = {}
    for child in place.children:
        for text in _read(place, child):
            seen[text] = seen.get(text, 0) + 1
    return [text for text, parts in seen.items() if parts > 1]


def _read(place: Place, site: Site) -> set[str]:
    """The names that are read in an expression."""
    if site.kind in NAMED:
        return {site.text}
    return {text for number in site.children for text in _read(place, place.trace.sites[number])}


def _fits(node: Node, use: Place) -> bool:
    """Has a value the shape of the one that it replaces, or one that this was spread over?"""
    old, new = use.shape, np.shape(node.value)
    return old == new or (
        len(old) == len(new) and all(a in (1, b) for a, b in zip(old, new, strict=True)) and len(new) > 0
    )


def _named(place: Place, name: str, node: Node, cost: float) -> Correction:
    part = Part(place, name, lambda edge: place.value(name, edge))
    if _would_decay(place, node):
        # decay is no part of the gradient that is compared
        part = Part(place, name, lambda edge: make("multiply", place.value(name, edge), 0.0))
        why = f"`{place.text}` is not what decays here: a parameter loses a share of itself, of `{name}`"
        cost += 0.3 * (not name.isidentifier())
        return Correction("wrong-operand", (part,), cost, why, expected=name)
    old = place.edges[0].operand
    if place.site.kind == "BinOp" and name in [child.text for child in place.children]:
        rule = "extra-factor" if place.site.detail in ("*", "/", "**") else "wrong-operand"
        why = f"`{place.text}` holds more than belongs here: it has to be `{name}`"
        return Correction(rule, (part,), cost, why, expected=name)
    index = None
    if _index_only(place.text, name):
        why = f"`{place.text}` has the wrong index: it has to be `{name}`"
        index = Correction("wrong-index", (part,), cost - 0.05, why, expected=name)
        if not QUOTED.search(name):
            return index
    if not (_in_a_product(place) or _is_factor(place, name)) and (
        activation_of(old, node) or activation_of(node, old)
    ):
        why = f"the derivative is taken at `{place.text}`; it has to be taken at `{name}`"
        parent = place.parent
        if parent is not None and parent.kind == "Call":
            text = parent.text.replace(place.text, name, 1)
            return Correction(
                "derivative-at-wrong-point", (part,), cost - 0.25, why, at=parent, expected=text
            )
        return Correction("derivative-at-wrong-point", (part,), cost - 0.1, why, expected=name)
    if index is not None:
        return index
    factor = _factor_of(node, old)
    if factor is not None:
        why = f"the chain rule has one more factor here: `{name}` holds it, `{place.text}` does not"
        return Correction("missing-factor", (part,), cost, why, expected=name)
    if _factor_of(old, node) is not None:
        why = f"`{place.text}` holds a factor too many here: it has to be `{name}`"
        return Correction("extra-factor", (part,), cost, why, expected=name)
    counts = type(old.value) is int and type(node.value) is int
    rule = "wrong-scale" if counts and place.edges[0].consumer.operation == "divide" else "wrong-operand"
    return Correction(rule, (part,), cost, f"`{place.text}` stands where `{name}` belongs", expected=name)


def _in_a_product(place: Place) -> bool:
    """Is the value an operand of a matrix product, turned or not, and so no point of a derivative?"""
    node = place.edges[0].consumer
    while node.operation in TURNED:
        following = place.scenery.bench.consumers.get(node, [])
        if not following:
            return False
        node = following[0]
    return node.operation in PRODUCTS


def _is_factor(place: Place, name: str) -> bool:
    """Is the place a factor by itself, and not a part of a formula such as ``a * (1 - a)``?"""
    parent, sites = place.parent, place.trace.sites
    if parent is None or parent.kind != "BinOp" or parent.detail != "*":
        return False
    others = [text for k in parent.children if k != place.site.number for text in _read(place, sites[k])]
    return name not in others and place.text not in others


def _index_only(old: str, new: str) -> bool:
    return "[" in old and old.split("[")[0] == new.split("[")[0] and old != new


def _outer(place: Place) -> Iterator[Correction]:
    """``np.outer(e, a)`` for ``np.dot(e, b)``: one number came out where a matrix belongs."""
    arguments = place.children[place.site.arguments :]
    if len(arguments) != 2:
        return
    for kept in (0, 1):
        number = place.site.arguments + kept
        for name in (arguments[1 - kept].text, *place.names):
            node = place.value(name, place.edges[0])
            if node is None or np.ndim(node.value) != 1:
                continue
            pair = (arguments[0].text, name) if kept == 0 else (name, arguments[1].text)
            text = f"{called(place, 'outer')}({pair[0]}, {pair[1]})"

            def build(edge: Edge, name: str = name, kept: int = kept, number: int = number) -> Node | None:
                own, other = place.child(number, edge), place.value(name, edge)
                return make("outer", own, other) if kept == 0 else make("outer", other, own)

            why = f"`{place.text}` is a single number; the gradient is the outer product `{text}`"
            yield Correction("wrong-operand", (Part(place, text, build),), 2.2, why, expected=text)


def _factor_of(whole: Node, part: Node) -> Node | None:
    """The node by which ``part`` was multiplied, elementwise, to make ``whole``."""
    stack, steps = [whole], 0
    while stack and steps < 20:
        node = stack.pop()
        steps += 1
        if node.operation == "multiply":
            if part in node.operands:
                return node
            stack.extend(node.operands)
        elif node.operation == "identity":
            stack.extend(node.operands)
    return None
