"""What many nodes are computed from, asked for all of them at once."""

from __future__ import annotations

import random

import pytest

from backproof.graph import Node, ancestors, apply, depend, dependence, leaf


@pytest.mark.parametrize("at_once", [3, 64])
def test_as_one_by_one(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what looking through the ancestors of each gives, however many are looked at in a pass."""
    monkeypatch.setattr(dependence, "AT_ONCE", at_once)
    choose = random.Random(5)
    nodes = [leaf(1.5), leaf(0.25)]
    for _ in range(80):
        nodes.append(apply("add", choose.choice(nodes), choose.choice(nodes)))
    questions = [(choose.sample(nodes, 2), choose.choice(nodes)) for _ in range(200)]
    order = ancestors(nodes)
    assert depend(order, questions) == [_one(asked, goal) for asked, goal in questions]


def test_what_is_not_passed_is_not_looked_through() -> None:
    """A node that is left out of the order, and what is known by it only, depends on nothing."""
    x = leaf(2.0)
    y = apply("exp", x)
    z = apply("exp", y)
    assert depend([x, y, z], [([z], x), ([z], y)]) == [True, True]
    assert depend([x, z], [([z], x), ([z], y)]) == [False, True]


def _one(asked: list[Node], goal: Node) -> bool:
    return goal in ancestors(asked)
