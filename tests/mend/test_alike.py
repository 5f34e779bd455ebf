"""Values that are the same are found by their first number, and by nothing less than all of them."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import leaf
from backproof.mend import alike
from backproof.mend.alike import Alike
from backproof.mend.inwards.evaluation import is_same

DRAW = np.random.default_rng(5)
VALUES = [
    *(DRAW.normal(size=(3, 5)) for _ in range(40)),
    *(float(x) for x in DRAW.normal(size=40)),
    *(10.0 ** float(x) * DRAW.normal(size=7) for x in DRAW.uniform(-290, 290, size=30)),
    np.zeros((3, 5)),
    0.0,
    4,
    np.True_,
    np.arange(7),
    np.array([np.inf, 1, 2, 3, 4, 5, 6]),
    np.array([0.0, 1, 2, 3, 4, 5, np.nan]),
    np.zeros((0, 5)),
    np.array(["a", "b"]),
]
NODES = [leaf(value) for value in VALUES]
TABLES = [dict(zip(NODES, VALUES, strict=True))] * 2


def test_it_finds_what_comparing_with_each_finds() -> None:
    """Also values that are no numbers, not finite, without elements, or the same but for rounding."""
    found = Alike(NODES, TABLES)
    asked = [*VALUES, *(v * (1 + 1e-14) for v in VALUES[:110]), *(v * 1.001 for v in VALUES[:110])]
    asked += [np.concatenate([VALUES[80][:6], [VALUES[80][6] + 1]]), np.full(7, np.nan), -np.arange(7)]
    with np.errstate(all="ignore"):
        for value in asked:
            expected = any(is_same(value, other) for other in VALUES if np.shape(other) == np.shape(value))
            assert found.holds([value, value]) == expected
        assert not found.holds([VALUES[0], VALUES[1]])


def test_few_are_compared_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of forty matrices begins as the one that is looked for."""
    calls: list[object] = []
    monkeypatch.setattr(alike, "is_same", lambda a, b: calls.append(a) or is_same(a, b))
    assert Alike(NODES, TABLES).holds([VALUES[30], VALUES[30]])
    assert len(calls) == 2
