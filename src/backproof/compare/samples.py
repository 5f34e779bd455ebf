"""The samples of two experiments: how many, how they were drawn, what is wanted of them, their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.compare.data import Data, Source
from backproof.compare.pair import NOT_KNOWN, Pair, Row
from backproof.compare.starting import described, statistics
from backproof.step.drawing import Law

Array = np.ndarray[Any, Any]
TOGETHER = 40  # samples at which targets are compared
CLOSE = 1e-6  # relative
RARE = 0.001  # of the pairs of samples of one law are called apart
UNSAID = ("Name", "Subscript", "Attribute", "List", "Constant", "For")  # expressions that tell nothing
LONGEST = 60  # characters of a formula
ORDERS = {"in turn": "in turn", "random": "at random", "anew": "drawn anew"}


def sample_rows(pair: Pair) -> Iterator[Row]:
    """What is said of the samples."""
    a, b = pair.both(lambda each: each.data)
    if a is None or b is None:
        yield Row("inputs", _inputs(a), _inputs(b), None)
        yield Row("targets", _targets(a), _targets(b), None)
        return
    yield Row("samples", _count(a), _count(b), _same_count(a, b))
    yield Row("inputs", _inputs(a), _inputs(b), _same_inputs(a, b))
    yield Row("targets", _targets(a), _targets(b), _same_targets(a, b))
    yield Row("order", _order(a), _order(b), _same_order(a, b))


def _same_count(a: Data, b: Data) -> bool | None:
    if a.anew or b.anew:
        return a.anew == b.anew
    same = _same(a.count, b.count)
    return same if same or (a.network.clear and b.network.clear) else None


def _count(data: Data) -> str:
    if data.anew:
        return "drawn anew in each step"
    return NOT_KNOWN if data.count is None else str(data.count)


def _same(a: Any, b: Any) -> bool | None:
    return None if a is None or b is None else bool(a == b)


def _inputs(data: Data | None) -> str:
    values = None if data is None else data.values(data.inputs)
    if data is None or values is None:
        return NOT_KNOWN
    width = "" if values.shape[1] == 1 else f"{values.shape[1]} numbers each, "
    return width + described(values, data.laws)


def _targets(data: Data | None) -> str:
    if data is None:
        return NOT_KNOWN
    if data.network.mirrored:
        return "the inputs"
    if not data.targets:
        picked = data.network.picked
        if picked is None:
            return NOT_KNOWN
        counts = np.bincount(picked.astype(int)).tolist()
        return f"{len(counts)} classes, of " + ", ".join(map(str, counts[:8])) + (", …" if counts[8:] else "")
    values = data.values(data.targets)
    if values is None:
        return NOT_KNOWN
    width = "" if values.shape[1] == 1 else f"{values.shape[1]} numbers each, "
    made = _made(data, data.targets[0]) if len(data.targets) == 1 else ""
    return f"{width}{made}{statistics(values)}"


def _made(data: Data, source: Source) -> str:
    """The expression that the targets were made by."""
    node, trace = source.holder, data.seen.step.trace
    site = trace.sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
    text = "" if site is None or site.kind in UNSAID else " ".join(site.text.split())
    return f"{text}, " if 0 < len(text) <= LONGEST else ""


def _same_inputs(a: Data, b: Data) -> bool | None:
    x, y = a.values(a.inputs), b.values(b.inputs)
    if x is None or y is None:
        return None
    if x.shape[1] != y.shape[1]:
        return False if a.network.clear and b.network.clear else None
    known = a.count is not None and b.count is not None
    if known and _as_sets(x, y):
        return True
    alike = {laws_alike(p, q) for p, q in zip(a.laws, b.laws, strict=True)}
    if False in alike or (None in alike and apart(x, y)):
        return False
    return None if None in alike else True


def _as_sets(x: Array, y: Array) -> bool:
    """Are the samples the same, in whatever order?"""
    if x.shape != y.shape:
        return False
    x, y = (each[np.lexsort(each.T)] for each in (x, y))
    return bool(np.allclose(x, y, rtol=CLOSE, atol=0))


def laws_alike(a: Law | None, b: Law | None) -> bool | None:
    """Are two laws the same, as far as they are known?"""
    return None if a is None or b is None else a.is_like(b)


def apart(x: Array, y: Array) -> bool:
    """Are two sets of samples too far apart to have been drawn by one law (Kolmogorov and Smirnov)?

    Shape ``(count, width)``: each column is asked by itself, as columns may hang together.
    """
    columns = zip(x.T, y.T, strict=True) if x.ndim > 1 else [(x, y)]
    chance = RARE / (x.shape[1] if x.ndim > 1 else 1)
    return any(_column_apart(np.sort(a), np.sort(b), chance) for a, b in columns)


def _column_apart(x: Array, y: Array, chance: float) -> bool:
    points = np.concatenate([x, y])
    gap = np.abs(np.searchsorted(x, points, "right") / x.size - np.searchsorted(y, points, "right") / y.size)
    limit = np.sqrt(-np.log(chance / 2) / 2 * (x.size + y.size) / (x.size * y.size))
    return bool(np.max(gap) > limit)


def _same_targets(a: Data, b: Data) -> bool | None:
    if a.network.mirrored and b.network.mirrored:
        return True
    s, t = _wanted(a), _wanted(b)
    x, y = a.values(a.inputs), b.values(b.inputs)
    if s is None or t is None or x is None or y is None or x.shape[1] != y.shape[1]:
        return None
    if s.shape[1] != t.shape[1]:
        plain = all(n.clear and n.width_target == n.width_out for n in (a.network, b.network))
        return False if plain else None
    if len(x) == len(s) and len(y) == len(t) and _as_sets(np.hstack([x, s]), np.hstack([y, t])):
        return True
    if not a.targets or not b.targets:
        return False if len(x) == len(s) and len(y) == len(t) and _as_sets(x, y) else None
    together = np.concatenate([x[: TOGETHER // 2], y[: TOGETHER // 2]])
    made = a.relation(together), b.relation(together)
    if made[0] is not None and made[1] is not None:
        size = float(np.max(np.abs(made[0]), initial=0.0))
        return bool(np.allclose(made[0], made[1], rtol=CLOSE, atol=CLOSE * size))
    if len(x) == len(s) and len(y) == len(t) and _as_sets(x, y):
        return False  # the same inputs, and other targets
    return None


def _wanted(data: Data) -> Array | None:
    """The targets of all samples, ``(count, numbers)``; the numbers of classes where these are picked."""
    if data.targets:
        return data.values(data.targets)
    picked = data.network.picked
    return picked[:, None].astype(float) if picked is not None and data.order == "all" else None


def _order(data: Data) -> str:
    order, batch = data.order, data.network.batch
    if order == "all":
        return "all at once"
    size = "one a step" if batch == 1 else f"{batch} a step"
    return f"{size}, {ORDERS[order]}" if order else f"{size}, order {NOT_KNOWN}"


def _same_order(a: Data, b: Data) -> bool | None:
    if a.order is not None and b.order is not None and a.order != b.order:
        return False if a.network.clear and b.network.clear else None
    if a.order == b.order == "all":
        return True
    if a.network.batch != b.network.batch:
        return False if a.network.clear and b.network.clear else None
    return None if a.order is None or b.order is None else True
