"""Name a mistake by how the value that stands at a place differs from the one that belongs there."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import SAME, Catalogue
from backproof.check.place import Place
from backproof.faults.correction import parsed
from backproof.trace import Site

UNNAMED = "unnamed-difference"


def relation(
    catalogue: Catalogue,
    found: Sequence[Any],
    wanted: Sequence[Any],
    local: bool,
    texts: tuple[str, str | None],
) -> str:
    """The rule whose mistake turns the ``wanted`` values into those ``found``, at every point.

    ``local`` says that the values are derivatives of an activation. ``texts`` are what stands at the place
    and, where it can be written, what belongs there.
    """
    pairs = [
        (np.asarray(f, dtype=float), np.asarray(w, dtype=float)) for f, w in zip(found, wanted, strict=True)
    ]
    if any(f.shape != w.shape for f, w in pairs):
        named = of_texts(texts[0], texts[1]) if texts[1] is not None else None
        return _of_shapes(pairs) or named or UNNAMED
    scale = common_scale(pairs)
    if scale is not None:
        return "sign-flipped" if abs(scale + 1) < SAME else "wrong-scale"
    if texts[1] is not None:
        named = of_texts(texts[0], texts[1])
        if named is not None:
            return named
    if any(f.ndim == 2 and f.shape[0] == f.shape[1] for f, _ in pairs) and _all(
        pairs, lambda f, w: same(f.T, w)
    ):
        return "wrong-transpose"
    if _factor(catalogue, pairs):
        return "missing-factor"
    if local:
        return "wrong-activation-derivative"
    if _factor(catalogue, [(w, f) for f, w in pairs]):
        return "extra-factor"
    return "missing-term" if _addend(texts) else UNNAMED


def _of_shapes(pairs: list[tuple[Any, Any]]) -> str | None:
    if _all(pairs, lambda f, w: f.ndim == 2 and same(f.T, w)):
        return "wrong-transpose"
    for axis in range(max(f.ndim for f, _ in pairs)):
        if _all(
            pairs, lambda f, w, axis=axis: axis < f.ndim and same(np.ravel(f.sum(axis=axis)), np.ravel(w))
        ):
            return "missing-sum"
    if _all(pairs, lambda f, w: np.size(w) == 1 and same(f.sum(), np.ravel(w)[0])):
        return "missing-sum"
    if _all(pairs, lambda f, w: f.ndim == 0 and abs(float(f)) == 1.0 and w.ndim > 0):
        return "missing-factor"  # a one stands where each row has a number of its own
    return None


def common_scale(pairs: list[tuple[Any, Any]]) -> float | None:
    """The one constant c of wanted = c·found, where there is one."""
    scales = []
    for f, w in pairs:
        size = float(np.vdot(f, f))
        if size == 0.0:
            return None
        c = float(np.vdot(f, w)) / size
        if not same(c * f, w):
            return None
        scales.append(c)
    return scales[0] if max(scales) - min(scales) <= SAME * max(map(abs, scales)) else None


def _factor(catalogue: Catalogue, pairs: list[tuple[Any, Any]]) -> bool:
    """Is the second of each pair the first times a derivative or a value of the forward pass, elementwise?"""
    bench = catalogue.bench
    with np.errstate(all="ignore"):
        ratios = [w / f for f, w in pairs[: len(bench.base)]]  # of the first evaluation of the place
    if not all(np.all(np.isfinite(r)) for r in ratios):
        return False
    shape = ratios[0].shape
    tables = [
        *([table[e.node] for table in catalogue.tables] for e in catalogue.entries if e.kind == "local"),
        *(
            [table[node] for table in bench.base]
            for node in bench.step.copies.values()
            if np.shape(node.value) == shape and all(node in table for table in bench.base)
        ),
    ]
    return any(
        np.shape(values[0]) == shape
        and all(same(np.asarray(v, dtype=float), r) for v, r in zip(values, ratios, strict=True))
        for values in tables
    )


def _addend(texts: tuple[str, str | None]) -> bool:
    """Are the summands of what stands at the place some of those of what belongs there?"""
    here, there = parsed(texts[0]), parsed(texts[1]) if texts[1] is not None else None
    if here is None or there is None:
        return False
    return Counter(_summands(here)) < Counter(_summands(there))


def _summands(node: ast.expr, sign: int = 1) -> list[tuple[int, str]]:
    """The terms of a sum, each with its sign."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        right = sign if isinstance(node.op, ast.Add) else -sign
        return [*_summands(node.left, sign), *_summands(node.right, right)]
    return [(sign, ast.dump(node))]


def of_texts(here: str, there: str) -> str | None:
    """The rule for two expressions that differ in one place only."""
    a, b = parsed(here), parsed(there)
    if a is None or b is None:
        return None
    difference = _difference(a, b)
    if difference is None:
        return None
    x, y = difference
    few, many = (Counter(ast.dump(factor) for factor in _factors(each)) for each in (x, y))
    if few != many and few <= many:
        return "missing-factor"
    if few != many and many <= few:
        return "extra-factor"
    if (
        isinstance(x, ast.Subscript)
        and isinstance(y, ast.Subscript)
        and ast.dump(x.value) == ast.dump(y.value)
    ):
        return "wrong-index"
    simple = (ast.Name, ast.Attribute, ast.Subscript)
    if _transposed(x, y) or _transposed(y, x):
        return "wrong-transpose"
    return "wrong-operand" if isinstance(x, simple) and isinstance(y, simple) else None


def smallest(place: Place, there: str) -> tuple[Site, str]:
    """The smallest sub-expression of a place that has to change for the whole to read ``there``.

    And what it becomes.
    """
    a, b = parsed(place.text), parsed(there)
    difference = _difference(a, b) if a is not None and b is not None else None
    if difference is not None:
        here, new = ast.unparse(difference[0]), ast.get_source_segment(there, difference[1])
        matching = [s for s in _inside(place) if (node := parsed(s.text)) and ast.unparse(node) == here]
        if len(matching) == 1 and new is not None:
            return matching[0], new
    return place.site, there


def _inside(place: Place) -> list[Site]:
    """The sites of a place's sub-expressions."""
    sites, found, stack = place.trace.sites, [], list(place.site.children)
    while stack:
        site = sites[stack.pop()]
        found.append(site)
        stack.extend(site.children)
    return found


def _factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product; a divisor counts by itself."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_factors(node.left), ast.UnaryOp(ast.Invert(), node.right)]
    return [node]


def _transposed(x: ast.expr, y: ast.expr) -> bool:
    return isinstance(x, ast.Attribute) and x.attr == "T" and ast.dump(x.value) == ast.dump(y)


def _difference(a: ast.expr, b: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The one pair of sub-expressions in which two expressions differ; None where there are more."""
    while True:
        if type(a) is not type(b) or isinstance(a, (ast.Name, ast.Constant, ast.Subscript)):
            return a, b
        mine, other = list(_children(a)), list(_children(b))
        if len(mine) != len(other) or _head(a) != _head(b):
            return a, b
        pairs = [(x, y) for x, y in zip(mine, other, strict=True) if ast.dump(x) != ast.dump(y)]
        if len(pairs) != 1:
            return None if len(pairs) > 1 else (a, b)
        a, b = pairs[0]


def _children(node: ast.expr) -> list[ast.expr]:
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _head(node: ast.expr) -> str:
    operator = getattr(node, "op", None)
    return type(node).__name__ + type(operator).__name__ + str(getattr(node, "attr", ""))


def same(a: Any, b: Any) -> bool:
    """Are two values equal, but for rounding?"""
    if isinstance(a, float) and isinstance(b, float):  # hundreds of thousands, in programs of numbers
        return abs(a - b) <= SAME * max(abs(b), 1e-300)
    if np.shape(a) != np.shape(b):
        return False
    size = float(np.linalg.norm(np.ravel(b)))
    return float(np.linalg.norm(np.ravel(a - b))) <= SAME * max(size, 1e-300)


def _all(pairs: list[tuple[Any, Any]], holds: Callable[..., bool]) -> bool:
    return all(holds(f, w) for f, w in pairs)
