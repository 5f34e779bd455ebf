from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import adjoints, apply, constant, evaluate, leaf, verify
from backproof.graph.adjoint import un_broadcast

from .table import slopes


def test_a_network() -> None:
    """The adjoints of a two-layer network with biases are those of the complex step, for every parameter."""
    generator = np.random.default_rng(2)
    x, t = generator.normal(size=(7, 3)), generator.normal(size=(7, 2))
    parameters = [leaf(generator.normal(size=shape)) for shape in ((3, 5), (5,), (5, 2), (1, 2))]
    w1, b1, w2, b2 = parameters
    hidden = apply("sigmoid", apply("add", apply("matmul", x, w1), b1))
    output = apply("add", apply("matmul", hidden, w2), b2)
    loss = apply("mean", apply("square", apply("subtract", output, t)))
    for k, parameter in enumerate(parameters):
        by_adjoints, by_step, _, _ = slopes(loss, [parameter], np.random.default_rng(k))
        assert by_adjoints == pytest.approx(by_step, rel=1e-12)


def test_a_value_used_twice() -> None:
    """The adjoint of a value is the sum of the cotangents of all its uses, and of a use of both operands."""
    x = leaf(1.5)
    loss = apply("add", apply("multiply", x, x), apply("exp", x))
    assert adjoints(loss, [x])[x].value == pytest.approx(3.0 + np.exp(1.5))


def test_adjoints_of_inner_values_and_of_the_result() -> None:
    """Any node may be wanted: an inner value, together with what it is made of, and the result itself."""
    x = leaf(np.array([0.3, -0.7, 1.1]))
    z = apply("sin", x)
    loss = apply("sum", apply("square", z))
    found = adjoints(loss, [x, z, loss])
    np.testing.assert_allclose(found[z].value, 2 * np.sin(x.value))
    np.testing.assert_allclose(found[x].value, np.sin(2 * x.value))
    assert found[loss].value == 1.0


def test_no_dependence_gives_zeros() -> None:
    """What the result does not depend on, or only by steps, gets zeros of its own shape and floating type."""
    x, y, n = leaf(np.ones((2, 3), np.float32)), leaf(np.array([0.5, 1.5])), leaf(np.array([1, 2, 3]))
    loss = apply("sum", apply("floor", y))
    found = adjoints(loss, [x, y, n])
    for node, dtype in ((x, np.float32), (y, np.float64), (n, np.float64)):
        assert found[node].value.dtype == dtype
        np.testing.assert_array_equal(found[node].value, np.zeros(np.shape(node.value)))


def test_a_result_of_one_element_may_have_axes() -> None:
    """A loss of shape (1, 1) is a number, and its adjoint has that shape; a longer one is refused."""
    w = leaf(np.array([[2.0], [3.0]]))
    found = adjoints(apply("matmul", np.array([[5.0, 7.0]]), w), [w])
    np.testing.assert_array_equal(found[w].value, [[5.0], [7.0]])
    with pytest.raises(ValueError, match=r"shape \(2, 1\)"):
        adjoints(w, [w])


def test_integers_may_be_parameters() -> None:
    """A parameter that starts as an integer has an adjoint like any other."""
    w = leaf(3)
    assert adjoints(apply("power", w, 2), [w])[w].value == 6
    assert adjoints(apply("multiply", apply("astype", w, dtype=float), 2.5), [w])[w].value == 2.5


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((3, 5), (5,)),
        ((3, 5), (3, 1)),
        ((3, 5), (1, 5)),
        ((2, 3, 5), (1, 1)),
        ((3, 5), ()),
        ((2, 3, 5), (3, 1)),
        ((7,), (1,)),
    ],
)
def test_un_broadcast(given: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Summing back is the transpose of broadcasting: both give the same inner product with anything."""
    generator = np.random.default_rng(4)
    g, v = generator.normal(size=given), generator.normal(size=shape)
    found = un_broadcast(constant(g), shape)
    verify([found])
    assert np.shape(found.value) == shape
    assert np.sum(found.value * v) == pytest.approx(np.sum(g * np.broadcast_to(v, given)))


def test_only_what_lies_between_is_derived() -> None:
    """The reverse sweep does not visit what the wanted nodes have no part in."""
    x, w = leaf(np.ones((2, 3))), leaf(np.full((3, 2), 0.5))
    data = apply("opaque", x, function="numpy.linalg.norm")  # would be differentiated numerically
    loss = apply("sum", apply("multiply", apply("matmul", x, w), data))
    from backproof.graph import ancestors

    operations = [node.operation for node in ancestors([adjoints(loss, [w])[w]])]
    assert "opaque_vjp" not in operations


def test_deep_graphs() -> None:
    """Fifty thousand operations one after another are derived, without recursion, and rightly."""
    x = leaf(0.3)
    z = x
    for _ in range(25_000):
        z = apply("add", apply("multiply", z, 0.999), x)
    found = adjoints(z, [x])[x]
    step = evaluate([z], {x: 0.3 + 1e-200j}, np.complex128)[z].imag / 1e-200
    assert found.value == pytest.approx(step, rel=1e-10)
