"""Parts that are read, written and joined, said by masks."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import Node, ancestors, apply, evaluate, leaf
from backproof.retrain.masks import with_masks

MATRIX, VECTOR = np.random.default_rng(0).normal(size=(5, 7)), np.random.default_rng(1).normal(size=5)
ALL, ROWS, COLUMNS = slice(None), np.arange(5), np.array([3, 0, 6, 3, 1])


def nodes() -> list[Node]:
    """Values made of two leaves."""
    a, v = leaf(MATRIX), leaf(VECTOR)
    number = apply("sum", v, axis=None, keepdims=False)
    return [
        apply("index", a, index=(ROWS, COLUMNS)),
        apply("index_update", a, v, index=(ROWS, COLUMNS)),
        apply("index_update", a, number, index=(ROWS, COLUMNS)),
        apply("index_update", a, v, index=(ALL, 2)),
        apply("index_update", a, number, index=(1, 3)),
        apply("index_update", a, number, index=slice(1, 4)),
        apply("index_update", v, number, index=3),
        apply("stack", number, apply("exp", number), apply("index", v, index=1), axis=0),
        apply("stack", v, apply("exp", v), axis=1),
        apply("index", a, index=np.array([1, 1, 4])),
        apply("index_add", v, apply("index", v, index=slice(1, 4)), index=np.array([0, 4, 2])),
    ]


@pytest.mark.parametrize("position", range(len(nodes())))
def test_a_mask_says_the_same(position):
    """At other values too, to the last digit, and without the operations that were there."""
    node = nodes()[position]
    (found,) = with_masks([node])
    below = ancestors([found])
    assert not {"index_update", "index_add", "stack"} & {each.operation for each in below}
    point = {each: np.asarray(each.value) * 1.7 - 0.3 for each in below if each.operation == "leaf"}
    table = evaluate([node, found], point)
    assert np.array_equal(table[node], table[found])


def test_what_no_mask_says_stays():
    """Rows that are written by an array, and a slice that is shifted: they are as they were."""
    a = leaf(MATRIX)
    for node in (
        apply("index_update", a, 0.5, index=np.array([1, 1])),
        apply("index_update", a, apply("index", a, index=slice(0, 2)), index=slice(2, 4)),
    ):
        assert with_masks([node])[0].operation == node.operation
