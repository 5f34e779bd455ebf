"""The value reaches the loss by several ways, and the gradient counts only some of them.

## What it does
Finds an adjoint that becomes right when a further summand is added: the row sum in the derivative of
softmax, the mean terms of a normalisation, the second use of a weight, a skip connection, a penalty on one
of the weights.

## Why is this wrong?
The adjoint of a value is the sum over all paths to the loss. A path that is left out makes the step descend
another function, one in which that path is constant. The error is often small, so the loss still falls.

## Example
```python
z = x @ W
centred = z - z.mean(axis=0)
loss = 0.5 * np.sum((np.tanh(centred) - t) ** 2)

d_centred = (np.tanh(centred) - t) * (1 - np.tanh(centred) ** 2)
dW = x.T @ d_centred
```

## Use instead
```python
z = x @ W
centred = z - z.mean(axis=0)
loss = 0.5 * np.sum((np.tanh(centred) - t) ** 2)

d_centred = (np.tanh(centred) - t) * (1 - np.tanh(centred) ** 2)
d_z = d_centred - d_centred.mean(axis=0)
dW = x.T @ d_z
```

## How the derivation goes
Write c_i = z_i − (1/N)Σ_k z_k. Each z_j reaches the loss through its own c_j, and through the mean in all
others:

    ∂c_i/∂z_j = [i = j] − 1/N
    ∂L/∂z_j   = Σ_i ∂L/∂c_i ([i = j] − 1/N) = ∂L/∂c_j − (1/N) Σ_i ∂L/∂c_i.

The second summand is the path through the mean. Softmax has one of the same kind: with g = ∂L/∂p,

    ∂L/∂z_j = p_j (g_j − Σ_i g_i p_i).

A division by a standard deviation adds another, (1/N) · c_j · Σ_i g_i c_i over the variance.

## Fix safety
The missing summand is added in the names of your program; where it needs a value that has no name, the
derived expression is spelled out. Verified at fresh points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.check.grades import VANISHES, parallel
from backproof.check.place import Place
from backproof.check.trial import Build, Edge
from backproof.faults.correction import (
    BARE,
    Correction,
    Part,
    bracketed,
    inside_product,
    make,
    only_named,
    product,
    quotient,
)
from backproof.faults.handed_back import handed_back, matrix_product
from backproof.faults.normalisation import terms_of_normalisation
from backproof.faults.rule import Rule
from backproof.faults.wrong_scale import numbers
from backproof.graph import Node, unnamed

RULE = Rule(
    code="BP106",
    name="missing-term",
    group="factor",
    summary="A summand of the derivative is absent.",
    because="The value reaches the loss by more than one way, and each way adds a term.",
)


OUTPUT = 0.1  # more to take targets off what is called as the output is
FACTORS = 16  # names whose products are tried
SAME = 1e-6  # relative: the constants of one term at several points


def corrections(place: Place) -> Iterator[Correction]:
    """Add what can be read here, alone or times a number: another path, or the derivative of a penalty."""
    if place.site.kind == "Constant":
        return
    yield from terms_of_normalisation(place)
    edge = place.edges[0]
    yield from _targets(place, edge)
    if not place.shape:
        return
    singles = [
        n
        for n in place.names
        if (v := place.value(n, edge)) is not None and np.size(v.value) == 1 and not v.operands
    ]
    for text, build in (*_products(place, edge), *handed_back(place, edge)):
        if text == place.text:
            continue  # twice the same is a scale
        yield _added(place, text, build, 2.1, "missing-term")
    for name in place.names:
        node = place.value(name, edge)
        if node is None or node is edge.operand:
            continue
        if np.shape(node.value) != place.shape:
            if _is_idle(place, node) and _spreads(np.shape(node.value), place.shape):
                yield _added(place, name, _read(place, name), 1.75, "missing-term")
                yield _taken_off(place, name, 1.75)
            continue
        yield _added(place, name, _read(place, name), 1.7, "missing-term")
        if any(node in p.leaves for p in place.scenery.bench.step.parameters):
            for number in singles[:12]:
                yield _added(
                    place, product(number, name), _weighted(place, number, name), 1.8, "loss-mismatch"
                )


def _is_idle(place: Place, node: Node) -> bool:
    """Is this computed, and read by nothing? It was meant to be."""
    bench = place.scenery.bench
    return bool(node.operands) and node not in bench.main and node not in bench.forward


def addends(
    place: Place, result: Node, rest: Sequence[Any], instead: Mapping[Node, Node]
) -> Iterator[Correction]:
    """Add what is known to be missing from a value, ``rest`` at each point.

    That is what a name holds times a number, or times what another holds, or one less that. ``instead`` are
    the true values of what is itself wrong as yet.
    """
    edge = next((e for e in place.edges if e.operand is result), place.edges[0])
    tables = place.scenery.bench.base
    held = dict[str, list[Any]]()
    for name in place.names:
        node = place.value(name, edge)
        if node is None or np.asarray(node.value).dtype.kind not in "biuf":
            continue
        node = instead.get(node, node)
        held[name] = [np.asarray(table.get(node, node.value), dtype=float) for table in tables]
    like = [name for name, values in held.items() if values[0].shape == np.shape(rest[0])]
    for name, values in held.items():
        constant = _multiple(rest, values)
        for text, term in _weightings(place, name, constant) if constant is not None else ():
            yield _added(place, text, term, 1.8, "missing-term")
    own = [name for name in like if place.foreign(name) == 0][:FACTORS]
    for name in own:
        for other in own:
            for text, values, turn in (
                (other, held[other], False),
                (f"1 - {other}", [1 - v for v in held[other]], True),
            ):
                products = [x * y for x, y in zip(held[name], values, strict=True)]
                if other != name and _multiple(rest, products) == 1.0:
                    term = _product_of(place, name, other, turn)
                    yield _added(place, product(name, text), term, 1.9, "missing-term")


def _multiple(rest: Sequence[Any], values: Sequence[Any]) -> float | None:
    """The one number by which values have to be multiplied to be the rest at every point."""
    if not _spreads(np.shape(values[0]), np.shape(rest[0])):
        return None
    scales = [parallel(r, np.broadcast_to(v, r.shape)) for r, v in zip(rest, values, strict=True)]
    if any(s is None or not 0 < abs(s) < VANISHES for s in scales):
        return None
    constant = float(scales[0] or 0.0)
    if any(abs(float(s or 0.0) / constant - 1) > SAME for s in scales):
        return None
    return 1.0 if abs(constant - 1) < SAME else constant


def _spreads(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Does an array of one shape take another by broadcasting, and is it no single number?"""
    if shape == whole:
        return True
    fits = all(a in (1, b) for a, b in zip(reversed(shape), reversed(whole), strict=False))
    return fits and len(shape) <= len(whole) and any(size > 1 for size in shape)


def _product_of(place: Place, name: str, other: str, turn: bool) -> Build:
    def build(edge: Edge) -> Node | None:
        factor = place.value(other, edge)
        return make("multiply", place.value(name, edge), make("subtract", 1.0, factor) if turn else factor)

    return build


def _weightings(place: Place, name: str, constant: float) -> Iterator[tuple[str, Build]]:
    """A name times a constant, as it can be written at a place."""
    if constant == 1.0:
        yield name, _read(place, name)
        return
    for text, number in numbers(place):
        for operation, write, value in (
            ("multiply", product, number),
            ("divide", quotient, 1 / number if number else 0.0),
        ):
            if abs(value / constant - 1) < SAME:
                yield write(name, text), _scaled_read(place, name, operation, number)


def _scaled_read(place: Place, name: str, operation: str, number: float) -> Build:
    return lambda edge: make(operation, place.value(name, edge), number)


def _targets(place: Place, edge: Edge) -> Iterator[Correction]:
    """Take off what the loss takes off: the target of ``out - target``."""
    bench, output = place.scenery.bench, place.scenery.in_forward(unnamed(edge.operand))
    others = bench.subtracted.get(output, ())
    if not others and not (output in bench.forward and output.operands and place.shape):
        return
    for name in place.names:
        target = place.value(name, edge)
        if target is None or target in bench.step.leaves:
            continue
        if any(_is(target, other) for other in others) or _is_like(target, output):
            yield _taken_off(place, name, 1.6 + OUTPUT * _is_called_so(place, output))


def _taken_off(place: Place, name: str, cost: float) -> Correction:
    """What a name holds, taken off."""
    why = f"the derivative has one more term here: `- {name}`"
    new = f"{bracketed(place.text, 4)} - {bracketed(name, 5)}"
    part = Part(place, new, _difference(place, name))
    return Correction("missing-term", (part,), cost, why, expected=new)


def _is_called_so(place: Place, output: Node) -> bool:
    """Is the place given the name that the forward pass gives to the output? Then it is not the error."""
    forward = place.scenery.bench.forward
    own = [node for node in forward if node.name is not None and node.name == place.site.target]
    return any(unnamed(node) is output for node in own)


def _is_like(target: Node, output: Node) -> bool:
    """Is this data of the shape of an output, as the targets of a cross-entropy, which takes off none?"""
    return not target.operands and np.shape(target.value) == np.shape(output.value)


def _is(value: Node, other: Node) -> bool:
    return value is other or (
        not value.operands and not other.operands and np.array_equal(value.value, other.value)
    )


def _difference(place: Place, name: str) -> Build:
    return lambda edge: make("subtract", edge.operand, place.value(name, edge))


def _products(place: Place, edge: Edge) -> Iterator[tuple[str, Build]]:
    """The products of two matrices that have the shape of the place: another path to a weight."""
    if len(place.shape) != 2:
        return
    matrices = [n for n in place.names if (v := place.value(n, edge)) is not None and np.ndim(v.value) == 2]
    shapes = {
        name: np.shape(node.value) for name in matrices if (node := place.value(name, edge)) is not None
    }
    for left, (a, b) in shapes.items():
        for right, (c, d) in shapes.items():
            if a == c and (b, d) == place.shape:
                yield f"{left}.T @ {right}", matrix_product(place, left, right, (True, False))
            if b == c and (a, d) == place.shape:
                yield f"{left} @ {right}", matrix_product(place, left, right, (False, False))


def _read(place: Place, name: str) -> Build:
    return lambda edge: place.value(name, edge)


def _weighted(place: Place, number: str, name: str) -> Build:
    return lambda edge: make("multiply", place.value(number, edge), place.value(name, edge))


def _added(place: Place, text: str, term: Build, cost: float, rule: str) -> Correction:
    new = f"{bracketed(place.text, 4)} + {text}"

    def build(edge: Edge) -> Node | None:
        return make("add", edge.operand, term(edge))

    why = (
        f"the loss has a penalty, whose derivative `{text}` is left out"
        if rule == "loss-mismatch"
        else f"the derivative has one more term here: `{text}`"
    )
    cost += 15 * inside_product(place) - BARE * only_named(place)  # a sum is seldom a factor
    return Correction(rule, (Part(place, new, build),), cost, why, expected=new)
