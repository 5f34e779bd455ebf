from __future__ import annotations

import time

import numpy as np
import pytest

from backproof.graph import Node, apply, constant, evaluate, leaf


def chain(length: int, start: Node) -> Node:
    """Make a graph of numbers, each operation working on the result of the last."""
    z = start
    for k in range(length):
        z = apply("tanh", z) if k % 3 == 0 else apply("add" if k % 3 == 1 else "multiply", z, start)
    return z


def test_recorded_values_come_back() -> None:
    """Without replacements every value is the recorded one, bit for bit."""
    x = leaf(np.random.default_rng(1).normal(size=(3, 5)))
    z = apply("sum", apply("exp", apply("multiply", x, 0.5)), axis=0)
    values = evaluate([z])
    assert list(values) == [x, z.operands[0].operands[0].operands[1], *[n for n in values if n.operands]]
    for node, value in values.items():
        np.testing.assert_array_equal(value, node.value)


def test_replacing_leaves_and_inner_nodes() -> None:
    """A leaf, a constant or an inner node takes the value it is given; the recorded graph does not change."""
    x = leaf(np.array([1.0, 2.0]))
    inner = apply("square", x)
    z = apply("sum", inner)
    assert evaluate([z], {x: np.array([3.0, 5.0])})[z] == 34.0
    assert evaluate([z], {inner: np.array([7.0, 11.0])})[z] == 18.0
    assert z.value == 5.0


def test_what_is_behind_a_replaced_node_is_not_computed() -> None:
    """A value that is given needs none of its own operands, however many these are."""
    x = leaf(2.0)
    squared = apply("square", x)
    result = apply("add", squared, 1.0)
    table = evaluate([result], {squared: 5.0})
    assert table[result] == 6.0
    assert x not in table


def test_types() -> None:
    """Floats are cast to the type of the evaluation, integers and booleans are not."""
    x, n, b = leaf(np.array([0.1, 0.2], np.float32)), leaf(np.array([1, 2])), leaf(np.array([True, False]))
    z = apply("where", b, apply("multiply", x, n), 0.5)
    for dtype in (np.float64, np.longdouble, np.complex128):
        values = evaluate([z], dtype=dtype)
        assert values[x].dtype == values[z].dtype == dtype
        assert values[n].dtype == n.value.dtype
        assert values[b].dtype == bool


def test_casts_follow_the_evaluation() -> None:
    """A cast to a floating type goes to the type of the evaluation, so that a complex step survives it."""
    x = leaf(0.5)
    z = apply("square", apply("astype", x, dtype=np.float32))
    assert z.value.dtype == np.float32
    assert evaluate([z], {x: 0.1})[z] == 0.1 * 0.1
    assert evaluate([z], {x: 0.1 + 1e-200j}, np.complex128)[z].imag == pytest.approx(2e-201)
    cut = apply("astype", x, dtype=int)
    assert evaluate([cut], {x: 2.7 + 1e-200j}, np.complex128)[cut] == 2


def test_quotients_of_integers_in_higher_precision() -> None:
    """A third is a third in higher precision, also when it is made of integers."""
    for z in (apply("divide", leaf(1), leaf(3)), apply("mean", leaf(np.array([0, 0, 1])))):
        error = abs(3 * evaluate([z], dtype=np.longdouble)[z] - 1)
        assert error <= np.finfo(np.longdouble).eps


def test_rounding_is_seen_in_higher_precision() -> None:
    """What double precision loses to cancellation is there in higher precision."""
    z = apply("subtract", apply("add", leaf(1.0), leaf(1e-17)), leaf(1.0))
    assert evaluate([z])[z] == 0.0
    assert float(evaluate([z], dtype=np.longdouble)[z]) == pytest.approx(1e-17, rel=0.02)


def test_no_warning_is_given() -> None:
    """Overflow, division by zero and invalid operations are values, not warnings and not errors."""
    x = leaf(np.array([0.0, 1000.0]))
    z = apply("subtract", apply("exp", x), apply("divide", 1.0, x))
    np.testing.assert_array_equal(evaluate([z])[z], [-np.inf, np.inf])
    y = leaf(0.0)
    assert evaluate([w := apply("divide", 1.0, y)])[w] == np.inf


def test_constants_are_never_changed() -> None:
    """Evaluation does not write into the values it reads: updates work on copies."""
    x, v = leaf(np.zeros(3)), constant(np.array([5.0]))
    z = apply("index_update", x, v, index=slice(0, 1))
    assert evaluate([z])[z][0] == 5.0
    assert x.value[0] == 0.0


@pytest.mark.parametrize("start", [0.3, np.float64(0.3)])
def test_speed(start: float) -> None:
    """Ten thousand operations on numbers are evaluated in 50 ms, and applied in 20 µs each."""
    x = leaf(start)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        z = chain(10_000, x)
        applied = time.process_time()
        evaluate([z], {x: 0.4})
        seconds.append((applied - began, time.process_time() - applied))
    assert min(s for s, _ in seconds) < 10_000 * 20e-6
    assert min(s for _, s in seconds) < 50e-3


def test_depth() -> None:
    """Fifty thousand operations one after another do not meet the recursion limit."""
    z = chain(50_000, leaf(0.2))
    assert evaluate([z])[z] == z.value
