"""Functions written in several operations are recognised by their values and differentiated as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import Node, adjoints, ancestors, apply, evaluate, leaf
from backproof.graph.compositions import compositions
from backproof.step.cut import dependent

DRAWN = np.random.default_rng(11)


def _logistic(x: Node) -> Node:
    return apply("divide", 1.0, apply("add", 1.0, apply("exp", apply("negative", x))))


def _odds(x: Node) -> Node:
    e = apply("exp", x)
    return apply("divide", e, apply("add", 1.0, e))


def _hyperbolic(x: Node) -> Node:
    up, down = apply("exp", x), apply("exp", apply("negative", x))
    return apply("divide", apply("subtract", up, down), apply("add", up, down))


def _rectified(x: Node) -> Node:
    return apply("multiply", x, apply("greater", x, 0.0))


def _softplus(x: Node) -> Node:
    return apply("log", apply("add", 1.0, apply("exp", x)))


def _softmax(x: Node) -> Node:
    shifted = apply("subtract", x, apply("max", x, axis=1, keepdims=True))
    e = apply("exp", shifted)
    return apply("divide", e, apply("sum", e, axis=1, keepdims=True))


def _standard(x: Node) -> Node:
    mean = apply("mean", x, axis=0)
    variance = apply("mean", apply("square", apply("subtract", x, mean)), axis=0)
    return apply("divide", apply("subtract", x, mean), apply("sqrt", apply("add", variance, 1e-3)))


def _half(x: Node) -> Node:
    return apply("divide", 0.5, apply("add", 1.0, apply("exp", apply("negative", x))))


KNOWN = [
    (_logistic, "sigmoid"),
    (_odds, "sigmoid"),
    (_hyperbolic, "tanh"),
    (_rectified, "relu"),
    (_softplus, "softplus"),
    (_softmax, "softmax"),
    (_standard, "standardize"),
]


def _loss(function):
    """A scalar that weights every element differently, its input, and all values at two points."""
    x = leaf(DRAWN.normal(size=(5, 3)), "x")
    y = function(x)
    loss = apply("sum", apply("multiply", y, leaf(DRAWN.normal(size=(5, 3)))))
    points = [{x: DRAWN.normal(size=(5, 3))} for _ in range(2)]
    return x, y, loss, points, [evaluate([loss], point) for point in points]


@pytest.mark.parametrize(("function", "name"), KNOWN)
def test_known_function(function, name):
    """However it is written it is found, and its rule gives the adjoint of the operations one by one."""
    x, y, loss, points, tables = _loss(function)
    order = ancestors([loss])
    found = compositions(order, dependent(order, [x]), tables)
    assert (found[y].name, found[y].inner) == (name, x)
    plain, whole = adjoints(loss, [x])[x], adjoints(loss, [x], found)[x]
    for point in points:
        values = evaluate([plain, whole], point)
        np.testing.assert_allclose(values[whole], values[plain], rtol=1e-9, atol=1e-12)


def test_another_function():
    """Half a logistic function is none."""
    x, y, loss, _, tables = _loss(_half)
    order = ancestors([loss])
    assert y not in compositions(order, dependent(order, [x]), tables)
