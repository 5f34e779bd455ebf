"""A common length of all gradients that does not scale them all alike.

Clipping by the norm of all of them keeps the direction of a step only where it is done to each of them, once.
With the length set aside nothing is seen of that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors, evaluate
from backproof.step import Parameter
from backproof.step.update import SUMS, THROUGH, time_of, walk

TIMES = (0.03, 0.3, 3.0, 30.0)  # sizes of the gradients, in some of which a bound is met
SAME = 1e-6  # relative
PASSED = frozenset({*THROUGH, "index", "multiply", "divide"})


def unevenly_scaled(judgement: Judgement) -> tuple[str, ...]:
    """The parameters that a length of all gradients scales otherwise than those beside them, if at all."""
    step, start = judgement.step, judgement.step.window.start
    traced = {copy: node for node, copy in step.copies.items()}
    sizes = [traced[leaf] for leaf in step.lengths if leaf in traced]
    measured: dict[Node, dict[str, Node]] = {}
    for size in sizes:
        line = set(walk([size], lambda n: time_of(n) >= start))
        found = {p.name: core for p in step.parameters if (core := _core(p, line, start)) is not None}
        if len(found) > 1:
            measured[size] = found
    uneven = list[str]()
    for size, found in measured.items():
        group = [s for s in measured if measured[s].keys() == found.keys()]
        if group[0] is not size:
            continue
        table = [_at(group, list(found.values()), times, start) for times in TIMES]
        factors = {}
        for parameter, descent in zip(step.parameters, step.descents, strict=True):
            if parameter.name in found:
                line = set(ancestors([descent]))
                own = [s for s in group if step.copies[s] in line]
                factors[parameter.name] = np.prod([[t[s] for s in own] for t in table], axis=1)
        uneven += _otherwise(factors)
    return tuple(dict.fromkeys(uneven))


def _core(parameter: Parameter, line: set[Node], start: int) -> Node | None:
    """The gradient of a parameter, as its update has it, from which a length is computed."""
    change = parameter.changes[0]
    return next((n for n in _scaled(change.after, start) if n in line and n is not change.before), None)


def _scaled(after: Node, start: int) -> Iterator[Node]:
    """What an update is made of, through sums and numbers."""
    stack, seen = [after], {after}
    while stack:
        node = stack.pop(0)
        if time_of(node) < start:
            continue
        if node.operands and np.size(node.value) > 1:
            yield node
        if node.operation in SUMS or node.operation in PASSED:
            new = [o for o in node.operands if o not in seen]
            seen.update(new)
            stack += new


def _at(sizes: list[Node], gradients: list[Node], times: float, start: int) -> dict[Node, float]:
    """The lengths where all gradients are as many times as large."""
    fixed = set(gradients)
    line = walk(sizes, lambda n: time_of(n) >= start and n not in fixed)
    older = {n: n.value for n in line if time_of(n) < start}
    point = {**older, **{g: times * np.asarray(g.value) for g in gradients}}
    table = evaluate(sizes, point)
    return {size: float(np.ravel(table[size])[0]) for size in sizes}


def _otherwise(factors: dict[str, np.ndarray]) -> list[str]:
    """Those whose factor changes otherwise with the size of the gradients than that of the most."""
    shapes = {name: factor / factor[0] for name, factor in factors.items()}
    alike = {
        name: [o for o, other in shapes.items() if np.allclose(shape, other, rtol=SAME, atol=0)]
        for name, shape in shapes.items()
    }
    most = max(alike.values(), key=len, default=[])
    return [name for name in shapes if name not in most]
