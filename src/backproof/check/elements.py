"""Which elements of a gradient are those of the true one, where it is wrong as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.trial import Bench
from backproof.graph import ancestors

LEAST = 2  # points, and elements
NEAR = 1e-5  # relative: the scales of gradients that are one
BENDS = frozenset(
    {"clip", "minimum", "maximum", "where", "sign", "abs", "less", "less_equal", "greater", "greater_equal"}
)


def ratios(applied: Sequence[Any], true: Sequence[Any]) -> Any:
    """Applied by true gradient, each given at every point, element by element.

    A number where it is that at every point, nan where it is another at another; what vanishes in both at all
    points is left out.
    """
    steady: Any = None
    for found, wanted in zip(applied, true, strict=True):
        g, t = np.ravel(np.asarray(found, dtype=float)), np.ravel(wanted)
        if g.size != t.size:
            return np.full(1, np.nan)
        with np.errstate(all="ignore"):
            ratio = np.where((t == 0) & (g == 0), np.inf, g / t)  # inf says nothing
            if steady is not None:
                silent = np.isinf(steady) | np.isinf(ratio)
                alike = np.abs(ratio - steady) <= NEAR * np.abs(steady)
                ratio = np.where(silent, np.minimum(ratio, steady), np.where(alike, steady, np.nan))
        steady = ratio
    return steady[~np.isinf(steady)]


def is_right_in_part(bench: Bench) -> bool:
    """Is the gradient of all parameters, in one array, the true one in half of its elements or more?

    Each times the same positive number, at every point: as of several parameters the gradients of some. Not
    where a backward pass treats some values otherwise than others, which it may mean to do.
    """
    descents = bench.step.descents
    if len(descents) != 1 or len(bench.points) < LEAST:
        return False
    if any(n.operation in BENDS for n in ancestors(descents) if n not in bench.forward):
        return False
    found = ratios([table[descents[0]] for table in bench.base], [truths[0] for truths in bench.truths])
    right = _alike(found, commonest(found))
    return right >= LEAST and 2 * right >= found.size


def commonest(found: Any) -> float:
    """The commonest of positive ratios; 1 where there is none."""
    positive = found[found > 0]
    if not positive.size:
        return 1.0
    rounded = np.round(np.log(positive), 4)
    values, counts = np.unique(rounded, return_counts=True)
    return float(positive[rounded == values[np.argmax(counts)]][0])


def _alike(found: Any, scale: float) -> int:
    return int(np.sum(np.abs(found - scale) <= NEAR * scale))
