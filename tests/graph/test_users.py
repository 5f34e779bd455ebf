"""Who uses a value, and whether all of it comes together again in one place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.graph import Node, Users, apply, leaf

SUMS = frozenset({"add", "subtract", "index_update"})


def _only(before: Node, after: Node, *others: Node) -> bool:
    users = Users()
    users.enter([after, *others])
    return users.only(before, after, SUMS)


def test_a_buffer_is_used_by_what_is_added_to_it_only() -> None:
    """Neither a sum nor the parts that it is put together from tell anybody else about the old value."""
    buffer, x = leaf(1.0), leaf(2.0)
    assert _only(buffer, apply("add", buffer, apply("multiply", x, x)))
    row = leaf(np.array([1.0, 2.0]))
    part = apply("add", apply("index", row, index=0), x)
    assert _only(row, apply("index_update", row, part, index=0))


def test_a_weight_is_used_by_its_gradient_too() -> None:
    """Its update is computed from it by more than sums."""
    weight, x = leaf(1.0), leaf(2.0)
    gradient = apply("multiply", weight, x)
    assert not _only(weight, apply("subtract", weight, gradient))
    assert not _only(weight, gradient)


def test_a_use_elsewhere_counts() -> None:
    """What else was made of the value may have found its way into what is added."""
    value, x = leaf(1.0), leaf(2.0)
    assert not _only(value, apply("add", value, x), apply("exp", value))
    assert not _only(value, apply("add", x, x))


def test_a_part_of_a_sum_is_more_than_a_part_of_the_value() -> None:
    """An item of a sum is a term like any other."""
    row, x = leaf(np.array([1.0, 2.0])), leaf(2.0)
    total = apply("add", row, x)
    assert not _only(row, apply("subtract", row, apply("index", total, index=0)))


def test_what_is_entered_later_is_seen() -> None:
    """The graph grows while it is asked about."""
    value, x = leaf(1.0), leaf(2.0)
    after, users = apply("add", value, x), Users()
    users.enter([after])
    assert users.only(value, after, SUMS)
    users.enter([apply("exp", value)])
    assert not users.only(value, after, SUMS)


class _Counted(list[Node]):
    """Nodes that count how many of them were looked at."""

    seen = 0

    def __iter__(self) -> Iterator[Node]:
        for node in super().__iter__():
            self.seen += 1
            yield node


def test_only_so_many_uses_are_looked_at() -> None:
    """A zero that every gradient of a scalar autodiff begins with is used by thousands."""
    zero, x = leaf(0.0), leaf(2.0)
    sums = [apply("add", zero, x) for _ in range(5000)]
    users = Users()
    users.enter(sums)
    counted = users.of[zero] = _Counted(sums)
    assert not users.only(zero, sums[-1], SUMS)
    assert counted.seen < 100
