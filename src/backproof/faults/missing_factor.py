"""One of the local derivatives between the loss and a parameter is not multiplied in.

## What it does
Finds an adjoint that becomes right when it is multiplied by a local derivative of the forward pass: the
slope of a hidden or of the output activation, a weight on the way, the input, a constant of a rescaling.

## Why is this wrong?
The chain rule has one factor for each operation on the path. Without one of them the gradient is that of a
network in which the operation was replaced by the identity: saturated units get updates as large as the
others.

## Example
```python
h = sigmoid(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## Use instead
```python
h = sigmoid(x @ W1)
out = h @ W2
loss = 0.5 * np.sum((out - t) ** 2)

d_out = out - t
d_h = d_out @ W2.T * h * (1 - h)
W2 -= lr * h.T @ d_out
W1 -= lr * x.T @ d_h
```

## How the derivation goes
Follow the path from the loss down to W1, operation by operation, with z = x W1, h = σ(z), out = h W2:

    ∂L/∂out = out − t
    ∂L/∂h   = ∂L/∂out · W2ᵀ
    ∂L/∂z   = ∂L/∂h ⊙ h ⊙ (1 − h)          ← the activation's own factor
    ∂L/∂W1  = xᵀ · ∂L/∂z

Count them: three operations lie between W1 and out (a product, the sigmoid, a product), so three local
derivatives have to stand in the gradient. The Example has two.

The factor of the output activation is rightly absent for sigmoid with cross-entropy and for softmax with
cross-entropy, where it cancels; see `extra-factor`.

## Fix safety
The factor is multiplied in where the others stand, in the names of your program. Verified at fresh points.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import (
    BARE,
    HYPERBOLIC,
    LOGISTIC,
    RECTIFIED,
    Correction,
    Part,
    bracketed,
    called,
    inside_product,
    made_by,
    make,
    only_named,
    parsed,
    product,
    quotient,
    rectifies,
)
from backproof.faults.handed_back import handed_back
from backproof.faults.matrix_factors import matrix_factors
from backproof.faults.rule import Rule
from backproof.faults.siblings import factor_cost
from backproof.graph import Node, unnamed

RULE = Rule(
    code="BP104",
    name="missing-factor",
    group="factor",
    summary="A factor of the chain rule is absent.",
    because="A gradient is the product of the slopes of everything on the way to the loss; one is left out.",
)

CONDITIONS = frozenset({"greater", "greater_equal", "less", "less_equal", "where"})
HANDING = frozenset({"Call", "Assign", "Return"})
TWICE = 0.5  # what is only copied belongs by its square where it is computed with, if anywhere
BESIDE = 0.05  # how much likelier ``1 - y`` is missing where ``y`` stands than somewhere else
MASK = 0.1  # how much likelier a mask of the forward pass is missing than anything else


def corrections(place: Place) -> Iterator[Correction]:
    """Multiply by what can be read here, or by the derivative that goes with it."""
    if place.site.kind == "Constant" and place.edges[0].consumer.operation != "where":
        return
    yield from _by_rows(place)
    yield from _upstream(place)
    yield from matrix_factors(place)
    size = np.size(place.edges[0].operand.value)
    bare, key = BARE * only_named(place), _chosen(place)
    deep = 0.001 * place.statement.span.column if place.statement else 0.0  # after a loop rather than in it
    for name in (*place.names, *_own(place)):
        node = place.value(name, place.edges[0])
        if node is None or not _fits(place, node) or place.scenery.bench.is_rate(node):
            continue
        smaller = np.size(node.value) < size and not (np.size(node.value) == 1 and node.operands)
        if smaller and not _is_spread(place, node):
            continue  # a number that depends on the parameters, such as an error, may be a factor of an array
        for text, build, cost in _forms(place, name):
            handed = text == name and unnamed(node) not in place.scenery.bench.forward
            rule = "upstream-ignored" if handed and _unread_argument(place, name) else "missing-factor"
            new = product(place.text, text) if rule == "missing-factor" else product(text, place.text)
            if text == f"1 / {name}":
                new = quotient(place.text, name)
            if key is not None and np.shape(node.value) != place.shape:
                if text != name:
                    continue
                new, text = product(place.text, f"{name}{key}"), f"{name}{key}"
            why = (
                f"the gradient `{name}` that this function is handed does not enter what it returns"
                if rule == "upstream-ignored"
                else f"the chain rule has one more factor here: `{text}`"
            )
            if text == name and unnamed(node) is unnamed(place.edges[0].operand):
                new = f"{bracketed(place.text, 7)} ** 2"
                if _is_in_slope(place):
                    rule, why = "wrong-activation-derivative", f"`{place.text}` belongs here by its square"
                elif _is_handed_over(place):
                    cost += TWICE
            if text == name:
                cost -= _mask(place, node)
            yield Correction(
                rule,
                (Part(place, new, build),),
                cost + inside_product(place) + place.foreign(name) + deep + factor_cost(place, name) - bare,
                why,
                expected=new,
            )


def _chosen(place: Place) -> str | None:
    """The mask by which elements are chosen that get the value of a place: ``[z < 0]``."""
    own, target = place.statement, place.statement.text.partition(" = ")[0] if place.statement else ""
    if own is None or own.kind != "Assign" or place.edges[0].consumer.operation != "where":
        return None
    tree = parsed(target)
    return target[tree.value.end_col_offset :] if isinstance(tree, ast.Subscript) else None


def _by_rows(place: Place) -> Iterator[Correction]:
    """A number for each row of an array, which has to be made a column: `dist[:, None]`."""
    shape, edge = place.shape, place.edges[0]
    for name in place.names if len(shape) == 2 else ():
        node = place.value(name, edge)
        if node is None or np.shape(node.value) != shape[:1] or shape[:1] == shape[1:]:
            continue
        if np.asarray(node.value).dtype.kind not in "fb":
            continue
        divides = made_by(place, name) == "sqrt"
        divides = divides or any(
            u.operation == "divide" and _is_divisor(place, name, u) for u in _users(place, name)
        )
        column = f"{name}[:, None]"
        for operation in ("multiply", "divide") if divides else ("multiply",):

            def build(edge: Edge, name: str = name, operation: str = operation) -> Node | None:
                value = place.value(name, edge)
                return None if value is None else make(operation, edge.operand, _column(value))

            new = product(place.text, column) if operation == "multiply" else quotient(place.text, column)
            factor = column if operation == "multiply" else f"1 / {column}"
            why = f"the chain rule has one more factor here: `{factor}`"
            cost = 1.6 + inside_product(place) + place.foreign(name)
            yield Correction("missing-factor", (Part(place, new, build),), cost, why, expected=new)


def _upstream(place: Place) -> Iterator[Correction]:
    """What the layer behind hands back, where a slope of the forward pass stands alone."""
    edge = place.edges[0]
    if len(place.shape) != 2 or not _is_of_forward(place, edge):
        return
    for text, behind in handed_back(place, edge):

        def build(edge: Edge, behind: Build = behind) -> Node | None:
            return make("multiply", behind(edge), edge.operand)

        new = product(f"({text})", place.text)
        why = f"the chain rule has one more factor here: `{text}`"
        yield Correction("missing-factor", (Part(place, new, build),), 1.9, why, expected=new)


def _is_of_forward(place: Place, edge: Edge) -> bool:
    """Is a value computed from nothing but values of the forward pass, in its own statement?

    Or from arrays in which those of its rounds are gathered.
    """
    bench, sites, stack = place.scenery.bench, place.trace.sites, [edge.operand]
    while stack:
        node = stack.pop()
        if not node.operands or unnamed(node) in bench.forward:
            continue
        if node.origin is None or node.origin.site < 0:
            return False
        gathers = unnamed(node).operation == "stack"
        if not gathers and sites[node.origin.site].statement != place.site.statement:
            return False
        stack += unnamed(node).operands if gathers else node.operands
    return unnamed(edge.operand) not in bench.forward and bool(edge.operand.operands)


def _mask(place: Place, node: Node) -> float:
    """How much likelier it is that this choice of elements lacks, by which the forward pass multiplies.

    Most of all beside the number by which that makes up for what it leaves out, as dropout does; and not in
    a condition.
    """
    bare, bench, own = unnamed(node), place.scenery.bench, place.edges[0]
    if np.asarray(node.value).dtype.kind != "b" or bare not in place.scenery.forward_factors:
        return 0.0
    if own.consumer.operation in CONDITIONS:
        return -MASK
    masked = [u for u in bench.consumers.get(bare, ()) if u in bench.forward]
    products = [*masked, *(user for u in masked for user in bench.consumers.get(u, ()))]
    numbers = {o for u in products for o in u.operands if o is not bare and o not in masked}
    beside = {unnamed(o) for o in own.operand.operands if not np.ndim(o.value)}
    return 2 * MASK if beside.intersection(map(unnamed, numbers)) else MASK


def _column(value: Node) -> Node | None:
    return make("reshape", value, shape=(*np.shape(value.value), 1))


def _is_in_slope(place: Place) -> bool:
    """Is this the ``a`` of ``1 - a``, which lacks its square?"""
    parent = place.parent
    return parent is not None and parent.detail == "-" and parent.text.lstrip("(").startswith("1")


def _is_handed_over(place: Place) -> bool:
    """Is a value only copied or given a name here?"""
    return any(site is not None and site.kind in HANDING for site in (place.site, place.parent))


def _fits(place: Place, node: Node) -> bool:
    if np.asarray(node.value).dtype.kind not in "fb":
        return False
    consumer = place.edges[0].consumer
    added = place.parent is None and consumer.operation in ("add", "subtract")  # to something larger
    whole = np.shape(consumer.value) if added or consumer.operation == "where" else place.shape
    try:
        times = np.broadcast_shapes(place.shape, np.shape(node.value))
    except ValueError:
        return False
    return times == whole or (place.site.target is not None and times == np.shape(node.value))


def _is_spread(place: Place, node: Node) -> bool:
    """Does the forward pass multiply an array of the shape of a place by a value, or divide it by that?"""
    bench, bare = place.scenery.bench, unnamed(node)
    names = [bare, *(u for u in bench.consumers.get(bare, ()) if u.operation == "identity")]
    return np.ndim(node.value) > 0 and any(
        user in bench.forward
        and np.shape(user.value) == place.shape
        and (user.operation == "multiply" or (user.operation == "divide" and user.operands[1] is name))
        for name in names
        for user in bench.consumers.get(name, ())
    )


def _users(place: Place, name: str) -> list[Node]:
    """What the step computes from the value of a name."""
    node = place.value(name, place.edges[0])
    return [] if node is None else place.scenery.bench.consumers.get(node, [])


def _is_divisor(place: Place, name: str, user: Node) -> bool:
    """Does a step divide by the value of a name?"""
    return user.operands[1] is place.value(name, place.edges[0])


def _own(place: Place) -> tuple[str, ...]:
    """The activation that stands as a factor, where its slope ``y * (1 - y)`` may be meant."""
    named = place.site.kind in ("Name", "Attribute", "Subscript")
    factor = named and place.edges[0].consumer.operation == "multiply"
    return (place.text,) if factor and made_by(place, place.text) in LOGISTIC else ()


def _forms(place: Place, name: str) -> Iterator[tuple[str, Build, float]]:
    def plain(edge: Edge) -> Node | None:
        return make("multiply", edge.operand, place.value(name, edge))

    def logistic(edge: Edge) -> Node | None:
        value = place.value(name, edge)
        return make("multiply", edge.operand, make("multiply", value, make("subtract", 1.0, value)))

    def rest(edge: Edge) -> Node | None:
        return make("multiply", edge.operand, make("subtract", 1.0, place.value(name, edge)))

    def shortfall(edge: Edge) -> Node | None:
        return make("multiply", edge.operand, make("subtract", place.value(name, edge), 1.0))

    def hyperbolic(edge: Edge) -> Node | None:
        value = place.value(name, edge)
        return make("multiply", edge.operand, make("subtract", 1.0, make("square", value)))

    def rectified(edge: Edge) -> Node | None:
        return make("multiply", edge.operand, make("greater", place.value(name, edge), 0.0))

    def signed(edge: Edge) -> Node | None:
        return make("multiply", edge.operand, make("sign", place.value(name, edge)))

    def divided(edge: Edge) -> Node | None:
        return make("divide", edge.operand, place.value(name, edge))

    def largest(edge: Edge) -> Node | None:
        value = place.value(name, edge)
        return make("multiply", edge.operand, make("equal", value, make("max", value)))

    yield name, plain, 1.5
    first = place.value(name, place.edges[0])
    if "max" in place.scenery.bench.operations and first is not None and np.size(first.value) > 1:
        yield f"({name} == {name}.max())", largest, 1.85
    if any(user.operation == "divide" and _is_divisor(place, name, user) for user in _users(place, name)):
        yield f"1 / {name}", divided, 1.6
    if any(user.operation == "abs" for user in _users(place, name)):
        yield f"{called(place, 'sign')}({name})", signed, 1.6
    known = made_by(place, name)
    if known in LOGISTIC:
        yield f"1 - {name}", rest, 1.7 - BESIDE * (name == place.text)
        yield f"{name} - 1", shortfall, 1.75
        yield f"{name} * (1 - {name})", logistic, 1.8
    if known in HYPERBOLIC:
        yield f"1 - {name} ** 2", hyperbolic, 1.8
    if known in RECTIFIED and rectifies(place):
        yield f"{name} > 0", rectified, 1.85


def _unread_argument(place: Place, name: str) -> bool:
    """Is ``name`` an argument of the function around the place that its body never reads?"""
    if not name.isidentifier():
        return False
    sites = place.trace.sites
    own = [s for s in sites if s.scope == place.site.scope]
    if any(s.kind == "Name" and s.text == name for s in own):
        return False
    return any(
        s.kind == "FunctionDef"
        and re.match(rf"def \w+\([^)]*\b{name}\b", s.text)
        and s.text.find(place.text) >= 0
        for s in sites
    )
