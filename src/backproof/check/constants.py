"""By which constant would the value at a place have to be multiplied, so that the gradients are true?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.check.trial import Bench, Edge
from backproof.graph import Node, apply

CLOSE = 1e-7  # relative: what is left of the gradients that one constant explains
CHANGED = 1e-4  # relative: a constant that is nearer to one changes nothing


def constant_of(
    bench: Bench, edges: Sequence[Edge], before: Sequence[tuple[Edge, Node]] = ()
) -> float | None:
    """The one constant that makes every gradient true which the place enters; None where there is none.

    ``before`` are changes that have been made elsewhere.

    The backward pass is linear in most of its values: where one of them is doubled, a gradient changes by
    what it owes to that value. So the constant, and the scale that the gradients have in common where none
    of them is right as yet, are the solution of a linear system.
    """
    try:
        changes = [(edge, apply("multiply", edge.operand, 2.0)) for edge in edges]
    except (TypeError, ValueError):
        return None
    rows, wanted, sizes = list[np.ndarray](), list[np.ndarray](), 0.0
    for point in range(len(bench.points)):
        doubled = bench.evaluated([*before, *changes], point)
        single = bench.evaluated(before, point) if before else {}
        if doubled is None or single is None:
            return None
        for k, descent in enumerate(bench.step.descents):
            if descent not in doubled:
                continue
            now = single.get(descent, bench.base[point][descent])
            here, there = (np.asarray(value, dtype=float) for value in (now, doubled[descent]))
            true = np.asarray(bench.truths[point][k], dtype=float)
            if not here.shape == there.shape == true.shape:
                return None
            if not all(np.all(np.isfinite(value)) for value in (here, there, true)):
                return None
            owed, fixed = np.ravel(there - here), np.ravel(here)
            if bench.target is None:
                rows.append(np.stack([owed, -np.ravel(true)], axis=1))
                wanted.append(owed - fixed)
            else:
                rows.append(owed[:, None])
                wanted.append(owed - fixed + bench.target[point] * np.ravel(true))
            sizes += float(np.vdot(fixed, fixed))
    return _solved(rows, wanted, sizes)


def _solved(rows: list[np.ndarray], wanted: list[np.ndarray], sizes: float) -> float | None:
    if not rows or not sizes:
        return None
    matrix, right = np.concatenate(rows), np.concatenate(wanted)
    if len(right) <= matrix.shape[1] + 1 or not np.all(np.any(matrix, axis=0)):
        return None
    solution = np.linalg.lstsq(matrix, right, rcond=None)[0]
    rest = float(np.linalg.norm(matrix @ solution - right))
    constant = float(solution[0])
    scaled = len(solution) == 1 or solution[1] > 0
    if rest > CLOSE * np.sqrt(sizes) or constant <= 0 or not scaled or abs(constant - 1) < CHANGED:
        return None
    return constant
