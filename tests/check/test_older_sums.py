"""What an old value was made of is not looked through for it: a buffer may be added to for many steps."""

from __future__ import annotations

from backproof.graph import Node, apply, leaf
from backproof.step.update import forgotten, keeps
from backproof.trace.events import Origin


def made(operation: str, time: int, *operands: Node) -> Node:
    """A value that a program computed at a time."""
    return apply(operation, *operands, origin=Origin(-1, (), 0, time))


def test_sums_that_are_older() -> None:
    """A sum that doubles forty times before the old value was made is left aside."""
    total = leaf(1e-13)
    for time in range(1, 41):
        total = made("add", time, total, total)
    before = made("multiply", 50, leaf(0.5), leaf(3.0))
    after = made(
        "subtract", 60, made("subtract", 52, before, made("multiply", 51, leaf(0.01), before)), total
    )
    assert forgotten(after, before) == 0.01
    assert keeps(after, before)
    assert not keeps(total, before, limit=10**9)
