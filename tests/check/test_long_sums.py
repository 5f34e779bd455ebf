"""Sums that grow from step to step are read as far as one step goes, however long they are."""

from __future__ import annotations

from backproof.graph import Node, apply, leaf
from backproof.step.bootstrapped import shares

LONG = 3000  # terms, more than calls may stand in one another


def test_a_share_is_found_beside_a_long_sum() -> None:
    """What is learnt of the state behind, less so much of that before it, with data summed up for long."""
    before, after, reward = leaf(0.7, "before"), leaf(0.4, "after"), leaf(1.5, "reward")
    line: list[Node] = []
    total = reward
    for _ in range(LONG):
        total = apply("add", total, 0.5)
        line.append(total)
    share = apply("multiply", 0.9, after)
    target = apply("add", total, share)
    error = apply("subtract", target, before)
    moving = {before, after, share, target, error}
    assert list(shares([*line, share, target, error], moving)) == [share]
    assert list(shares([share, target, error], moving)) == [share]
