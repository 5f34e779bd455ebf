"""Run a derived backward pass, and compare what it computes with the adjoints of the graph."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.plan import Derivation, Line
from backproof.derive.points import random_points
from backproof.derive.rolled import Rolled
from backproof.graph import Node, adjoints, ancestors, evaluate

POINTS = 3
NOTHING = 1e-10  # of the largest gradient: one smaller is zero but for rounding, as a bias before a mean


def largest_error(derived: Derivation | Rolled, statements: str) -> float:
    """The largest relative error of the gradients that statements compute, at random points.

    They read forward values by their names in the derivation, and assign the gradients. Infinite where they
    do not run or give another shape.
    """
    forward = derived.forward
    leaves = [p.leaf for p in forward.parameters]
    truths = adjoints(forward.loss, leaves)
    worst = 0.0
    for point in random_points(forward, POINTS, seed=77):
        # quotients that cancel in the text lose digits where an activation is saturated
        table = evaluate(list(truths.values()), {**forward.state, **point}, np.longdouble)
        given = computed(derived, statements, point)
        if given is None:
            return np.inf
        largest = max((float(np.linalg.norm(table[truths[leaf]])) for leaf in leaves), default=0.0)
        for leaf in leaves:
            worst = max(worst, _error(given[leaf], table[truths[leaf]], largest))
    return worst


def computed(
    derived: Derivation | Rolled, statements: str, point: Mapping[Node, Any]
) -> dict[Node, Any] | None:
    """The gradients that statements compute at a point, by parameter; None where they do not run."""
    forward = derived.forward
    names = forward.names
    readable = {n for n, name in names.items() if name.isidentifier() and n not in forward.written}
    table = evaluate([forward.loss], {**forward.state, **point})
    space: dict[str, Any] = {"np": np, "math": math, **forward.helpers.namespace()}
    if "scipy." in statements:
        import scipy.special

        space["scipy"] = scipy
    space |= {p.name: np.array(point[p.leaf])[()] for p in forward.parameters if p.leaf in point}
    with np.errstate(all="ignore"):
        space |= {names[node]: np.array(table[node])[()] for node in table if node in readable}
        space |= dict(forward.labels)
        if isinstance(derived, Rolled):
            space |= derived.values(table)
        try:
            exec(compile(ast.parse(statements), "<derived>", "exec"), space)
            return {p.leaf: eval(derived.gradients[p.leaf], space) for p in forward.parameters}
        except Exception:
            return None


def _error(given: Any, true: Any, largest: float) -> float:
    """The relative error of a gradient; of one that is nothing but rounding, that to the largest gradient."""
    given, true = np.asarray(given), np.asarray(true, dtype=float)
    if given.dtype.kind not in "fiub" or given.shape != true.shape:
        return np.inf
    size = float(np.linalg.norm(true))
    size = size if size > NOTHING * largest else largest
    difference = float(np.linalg.norm(given - true))
    return difference / size if size else difference


def read_names(lines: Iterable[Line], forward: Forward) -> list[str]:
    """The names that lines read and do not assign, in the order of the forward pass."""
    assigned: set[str] = set()
    read: set[str] = set()
    for line in lines:
        for node in ancestors([line.node]):
            if not node.operands and node.name:
                words = {n.id for n in ast.walk(ast.parse(node.name, mode="eval")) if isinstance(n, ast.Name)}
                read |= words - assigned
        assigned.add(line.name)
    order: Mapping[Node, str] = forward.names
    known = [order[node] for node in ancestors([forward.loss]) if node in order and order[node] in read]
    functions = {name for name in forward.helpers.calls if "." not in name}
    rest = sorted(read - set(known) - {"np", "math", "len"} - functions)
    return [*known, *rest]
