"""The constants by which right values of a backward pass may differ from the true ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from backproof.check.catalogue import Catalogue
from backproof.check.place import Place
from backproof.check.trial import Bench
from backproof.graph import Node
from backproof.mend.derived.relation import common_scale

SAME = 1e-6  # relative
HEADS = 3  # constants of a loss
MANY = 2  # values that show a constant
DIGITS = 9  # by which constants are told apart
LONG = 30  # values on the way of one gradient through its update


def of_values(catalogue: Catalogue, places: Sequence[Place], rate: float) -> list[tuple[float, ...]]:
    """The constants by which right values of the backward pass may differ from adjoints, as they are tried.

    Those by which most do, as the sign that the error has, or the rate where that is a factor from the start;
    all of these at once, as where the gradients are divided by the size of the batch and the deltas are not,
    but where one is another with a sign turned: then a fault has turned it.
    The rate of the updates is none of them, where there are others: it belongs to the parameters.
    Where none are right to show it, those that the loss has in front, as 1/N.
    """
    common = _common_scales(catalogue, places)
    common = [scale for scale in common if abs(abs(scale) - rate) > SAME * rate] or common
    if common:
        every = [tuple(common)] if len(common) > 1 and not any(-scale in common for scale in common) else []
        return [*every, *((scale,) for scale in common)]
    tables = catalogue.tables
    numbers = [
        [float(np.ravel(table[entry.node])[0]) for table in tables] for entry in catalogue.shaped.get((), ())
    ]
    heads = [1 / n[0] for n in numbers if n[0] > 0 and max(n) - min(n) <= 1e-9 * max(n)]
    scales = dict.fromkeys(float(f"{scale:.9g}") for scale in (1.0, *heads))
    return [(scale,) for scale in list(scales)[:HEADS]]


def _common_scales(catalogue: Catalogue, places: Sequence[Place]) -> list[float]:
    """The constants by which several values of the backward pass are adjoints, the commonest first."""
    counts, exact = defaultdict[float, int](int), dict[float, float]()
    for node in dict.fromkeys(e.operand for p in places for e in p.edges[:1] if e.whole):
        for digits, scale in {float(f"{scale:.6g}"): scale for _, scale in catalogue.matches(node)}.items():
            counts[digits] += 1
            exact.setdefault(digits, digits if abs(digits - scale) <= 1e-9 * abs(scale) else scale)
    found = [digits for digits, count in counts.items() if count >= MANY]
    return [exact[d] for d in sorted(found, key=lambda d: (-counts[d], d != 1.0, d < 0))[:HEADS]]


def of_parameters(bench: Bench, rate: float) -> tuple[float, ...]:
    """The constants by which the gradients of parameters may be multiplied: one, the rate, and all between.

    As where a velocity takes a tenth of the gradient, and the parameter the rate times the velocity.
    """
    found = {_digits(scale): scale for scale in (1.0, rate, -rate)}
    for descent in bench.step.descents:
        for scale in _on_the_way(bench, descent):
            found.setdefault(_digits(rate / scale), rate / scale)
    return tuple(found.values())


def _on_the_way(bench: Bench, descent: Node) -> Iterator[float]:
    """By which numbers values are multiplied to give what is taken off a parameter, where nothing else is."""
    waiting, seen = [descent], {descent}
    while waiting and len(seen) <= LONG:
        node = waiting.pop()
        for inner in node.operands:
            if inner in seen or not inner.operands or inner in bench.forward or inner not in bench.main:
                continue
            seen.add(inner)
            pairs = [(np.asarray(t[inner], float), np.asarray(t[descent], float)) for t in bench.base]
            scale = common_scale(pairs) if all(a.shape == b.shape for a, b in pairs) else None
            if scale:
                waiting.append(inner)
                yield scale


def _digits(scale: float) -> float:
    return float(f"{scale:.{DIGITS}g}")
