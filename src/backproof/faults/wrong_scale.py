"""Some of the gradients are the true ones times a constant, and the others are not, or by another constant.

## What it does
Finds parameters whose applied gradient is c times the true one, with a c that is not common to all: 1/N on
the weights and not on the biases, 1/N twice on one layer, a 2 that only one of them has.

## Why is this wrong?
A common constant is absorbed by the learning rate (`common-scale`). Different ones are not: the parameters
move along something that is no gradient of the loss. With 1/N missing on the biases they learn N times as
fast as the weights, and diverge at a rate at which the weights crawl; and the balance changes with the size
of the batch.

## Example
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2) / n

dW = x.T @ error / n
db = error.sum(axis=0)
W -= lr * dW
b -= lr * db
```

## Use instead
```python
error = x @ W + b - t
loss = 0.5 * np.sum(error**2) / n

dW = x.T @ error / n
db = error.sum(axis=0) / n
W -= lr * dW
b -= lr * db
```

## How the derivation goes
With e = xW + b − t and L = (1/2n)Σe², every gradient passes through the same adjoint

    ∂L/∂e = e/n,

and from it ∂L/∂W = xᵀ · e/n and ∂L/∂b = Σ over the batch of e/n. The 1/n belongs to both, and once to each.
The safest place for it is that adjoint: `d_out = error / n`, from which everything else follows without a
constant.

## Fix safety
The constant is put in or taken out at the place where it mends all gradients with the fewest edits. The
factor is written as your program writes it (`/ n`, not `/ 7`), and verified at fresh points and at another
size of the batch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from backproof.check.constants import constant_of
from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import (
    Correction,
    Part,
    inside_product,
    is_among,
    literal,
    make,
    parsed,
    product,
    quotient,
)
from backproof.faults.rule import Rule
from backproof.faults.siblings import factors, leading, rates
from backproof.graph import Node, unnamed
from backproof.trace import Site

RULE = Rule(
    code="BP108",
    name="wrong-scale",
    group="factor",
    summary="A constant factor is wrong for some parameters but not for all.",
    because="The learning rate absorbs a factor that all gradients share, not one that differs between them.",
)


OF_A_POWER = 0.1  # less for the exponent that the slope of a power has in front
PLAIN = ("2", "0.5")
LENGTH = re.compile(r"len\(([\w.]+)\)|([\w.]+)\.shape\[\d+\]")
ROOT = re.compile(r"(np\.|numpy\.|math\.)?(sqrt|log|exp|prod|power|pow)\(")
BESIDE = 1.4  # a rate that one update lacks, and those beside it have
WHOLE = 1.25  # the rate of those beside it for a part of that; less than to take the rest away from those
ON_THE_WAY = 1.55  # what the forward pass multiplies by between a parameter and the loss
SPREAD = 0.05  # less where a mean is spread over what it was taken of
KEPT = 0.05  # more for what is only put away, by the forward pass for the backward pass
MIRRORED = 0.03  # less for what the forward pass multiplies or divides by itself
ELSEWHERE = 0.01  # more for a length that the forward pass does not speak of: it is the same by chance


def corrections(place: Place) -> Iterator[Correction]:
    """Multiply or divide by a number that the program has.

    A name, a length, a constant of the forward pass.
    """
    ratios = place.scenery.bench.ratios()
    yield from _as_beside(place, ratios)
    yield from _for_a_rate(place, ratios)
    if place.site.kind in ("Constant", "Name") and not place.shape and not place.edges[0].operand.operands:
        return
    yield from _mean_for_sum(place)
    if not ratios:
        constant = constant_of(place.scenery.bench, place.edges)
        if constant is None:
            return
        ratios = (constant,)
    yield from multiples(place, ratios)


def after(
    place: Place, before: Sequence[tuple[Edge, Node]], ratios: Collection[float]
) -> Iterator[Correction]:
    """The same where another mistake has been mended, behind which the constant could not be seen.

    ``ratios`` are what gradients have to be multiplied by then, where no one constant does for all of them.
    """
    if place.site.kind not in ("BinOp", "Call"):
        return
    constant = constant_of(place.scenery.bench, place.edges, before)
    if constant is not None or ratios:
        yield from multiples(place, ratios if constant is None else (constant,))


def _as_beside(place: Place, ratios: Collection[float]) -> Iterator[Correction]:
    """Multiply what an update subtracts by the rate that the updates beside it have.

    Where no gradient is the true one times a number, it may lack in one part of a parameter.
    """
    for text in factors(place):
        number = _number(place, text) if text not in place.text else None
        if number and (not ratios or is_among(number, ratios)):
            yield replace(_scaled(place, text, number, True, before=True), cost=BESIDE)
    for rate, begun in rates(place):
        numbers = place.scenery.bench.plain_numbers
        whole = next(
            (numbers[s.number] for s in place.trace.sites if s.text == rate and s.number in numbers), 0
        )
        part = _number(place, begun)
        if not whole or not part or (ratios and not is_among(whole / part, ratios)):
            continue

        def build(edge: Edge, ratio: float = whole / part) -> Node | None:
            return make("multiply", edge.operand, ratio)

        why = f"the updates beside this one have `{rate}` where it has `{begun}`"
        new = rate + place.text.removeprefix(begun)
        yield Correction("wrong-scale", (Part(place, new, build),), WHOLE, why, expected=new)


def _for_a_rate(place: Place, ratios: Collection[float]) -> Iterator[Correction]:
    """Put the rate that the updates beside an update have in the place of the number that it begins with."""
    own = leading(place)
    before = _number(place, own) if own is not None else None
    for text in factors(place) if before else ():
        number = _number(place, text)
        if own is None or not number or not before:
            continue
        new, ratio = text + place.text.removeprefix(own), number / before
        rest = place.text.removeprefix(f"{own} * ")
        if rest.startswith(f"{text} * "):  # it has the rate, behind a number of its own
            new, ratio = rest, 1 / before
        if ratios and not is_among(ratio, ratios):
            continue

        def build(edge: Edge, ratio: float = ratio) -> Node | None:
            return make("multiply", edge.operand, ratio)

        why = f"`{own}` stands where the updates beside this one have `{text}`"
        rule = "wrong-operand" if own.isidentifier() else "wrong-scale"
        yield Correction(rule, (Part(place, new, build),), BESIDE - 0.1, why, expected=new)


def _number(place: Place, text: str) -> float | None:
    """What a name or a literal is at a place, where that is one number."""
    known = place.value(text, place.edges[0])
    if known is None or np.size(known.value) != 1:
        return literal(text)
    return float(np.ravel(known.value)[0])


def multiples(place: Place, ratios: Collection[float]) -> Iterator[Correction]:
    """Multiply or divide by what is one of the ratios."""
    for value, up in place.scenery.forward_constants:
        if value and value != 1.0 and is_among(value if up else 1 / value, ratios):
            found = _scaled(place, f"{value:g}", value, up)
            factor = f"{value:g}" if up else f"1 / {value:g}"
            why = f"the chain rule has one more factor here: `{factor}`"
            cost = ON_THE_WAY + inside_product(place) + KEPT * place.is_kept
            yield replace(found, rule="missing-factor", cost=cost, why=why)
    for text, value, spread in _counted_by_means(place):
        for up, ratio in ((True, value), (False, 1 / value)):
            if is_among(ratio, ratios):
                found = _scaled(place, text, value, up)
                yield replace(found, cost=found.cost - SPREAD * (place.shape == spread))
    for text, value in numbers(place):
        if not np.isfinite(value) or value in (0.0, 1.0):
            continue
        if is_among(value, ratios) and (text not in PLAIN or value > 1):
            yield _scaled(place, text, value, True)
        if is_among(1 / value, ratios):
            yield _scaled(place, text, value, False)


def is_from_elsewhere(place: Place, text: str) -> bool:
    """Is this the length of something that no expression of the forward pass names?"""
    match = LENGTH.fullmatch(text)
    return match is not None and (match[1] or match[2]) not in place.scenery.bench.spoken


def _mean_for_sum(place: Place) -> Iterator[Correction]:
    """``x.sum(...)`` for ``x.mean(...)`` and the reverse."""
    node = place.edges[0].operand
    if place.site.kind != "Call" or node.operation not in ("sum", "mean"):
        return
    old, new = node.operation, "mean" if node.operation == "sum" else "sum"
    head, _, tail = place.text.partition(f"{old}(")
    if not tail or (head and not head.endswith(".")):
        return
    text = f"{head}{new}({tail}"

    def build(edge: Edge) -> Node | None:
        x = edge.operand
        return make(new, *x.operands, **x.attributes) if x.operation == old else None

    why = f"this has to be a {new}, as the other gradients are"
    yield Correction("wrong-scale", (Part(place, text, build),), 1.15, why, expected=text)


def _scaled(place: Place, text: str, value: float, up: bool, *, before: bool = False) -> Correction:
    pair = (text, place.text) if before else (place.text, text)
    new = product(*pair) if up else quotient(place.text, text)

    def build(edge: Edge) -> Node | None:
        return make("multiply" if up else "divide", edge.operand, value)

    word = "multiplied" if up else "divided"
    rule = "forward-backward-mismatch" if " " in text else "wrong-scale"
    why = (
        f"the forward pass has `{text}` here, the backward pass does not"
        if rule == "forward-backward-mismatch"
        else f"this has to be {word} by `{text}`, as the other gradients are"
    )
    cost = 1.6 + 0.05 * (text in PLAIN) + ELSEWHERE * is_from_elsewhere(place, text)
    cost -= MIRRORED * (text in place.scenery.forward_scales)
    cost -= OF_A_POWER * (text.isdigit() and text not in PLAIN and "**" in place.text)
    cost += inside_product(place) + KEPT * place.is_kept
    return Correction(rule, (Part(place, new, build),), cost, why, expected=new)


def numbers(place: Place) -> Iterator[tuple[str, float]]:
    """The numbers that can be written at a place.

    Names, expressions of the forward pass, lengths, two, and the exponents by which a power has its slope.
    """
    edge, bench = place.edges[0], place.scenery.bench
    seen: set[str] = set()
    counters = {binding.name for binding in place.trace.counters}
    computed = list[tuple[str, Node]]()
    for name in place.names:
        node = place.value(name, edge)
        if node is None or bench.is_rate(node) or name in counters:
            continue
        if node.operands:
            computed += [(name, node)] if unnamed(node) in bench.forward else []
        elif np.size(node.value) == 1 and np.ndim(node.value) == 0:
            seen.add(name)
            yield name, float(node.value)
        else:
            yield from _lengths(name, node)
    yield from ((f"len({name})", float(length)) for name, length in place.counted_lists.items())
    for site in place.trace.sites:
        known = bench.plain_numbers
        if _is_formula(site) and site.number in known and site.text not in seen and _readable(place, site):
            seen.add(site.text)
            yield site.text, known[site.number]
    for name, node in computed:
        yield from _lengths(name, node)
    yield from ((str(number), float(number)) for number in place.scenery.forward_exponents)
    yield "2", 2.0
    yield "0.5", 0.5


def _lengths(name: str, node: Node) -> Iterator[tuple[str, float]]:
    """The lengths of an array along its axes."""
    for axis, length in enumerate(np.shape(node.value)):
        yield f"{name}.shape[{axis}]" if axis else f"len({name})", float(length)


def _counted_by_means(place: Place) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """How many values a mean over several axes has, by the names of their lengths; and the shape of all."""
    for lengths, shape in place.scenery.forward_means.items():
        names = list[str]()
        for length in lengths:
            fitting = (name for name in place.names if name not in names and _is_whole(place, name, length))
            names += [name for name, _ in zip(fitting, range(1), strict=False)]
        if len(names) == len(lengths):
            yield " * ".join(names), float(np.prod(lengths)), shape


def _is_whole(place: Place, name: str, number: int) -> bool:
    """Does a name stand for this whole number?"""
    node = place.value(name, place.edges[0])
    if node is None or np.ndim(node.value) or np.asarray(node.value).dtype.kind not in "iu":
        return False
    return int(node.value) == number


def _is_formula(site: Site) -> bool:
    """Is this an expression of numbers, such as ``2 * n`` or ``np.sqrt(width)``?"""
    return site.kind == "BinOp" or (site.kind == "Call" and ROOT.match(site.text) is not None)


def _readable(place: Place, site: Site) -> bool:
    """Does an expression from elsewhere mean the same at this place?"""
    node = parsed(site.text)
    if node is None:
        return False
    functions = {
        id(name) for call in ast.walk(node) if isinstance(call, ast.Call) for name in ast.walk(call.func)
    }
    roots = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in functions}
    if not roots or (site.file != place.site.file and functions):
        return False  # two numbers of the source, of which nobody knows what they stand for
    if "self" in roots and site.owner != place.site.owner:
        return False
    edge = place.edges[0]
    return all(
        root == "self" or site.scope == place.site.scope or place.value(root, edge) is not None
        for root in roots
    )
