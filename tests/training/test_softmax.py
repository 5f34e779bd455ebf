"""Softmax of the kernel against extended precision: stated accuracy, padded lanes, large values."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import apply, leaf
from backproof.training.kernel import compile_step
from backproof.training.network import Step

RATE = 0.5


def stepped(operation: str, z: np.ndarray, *, unrolled: bool, **attributes: object) -> np.ndarray:
    """The operation's value, as what one step adds to a parameter of zeros."""
    parameter, x, y, rate = leaf(z, "p"), leaf(np.ones(1)), leaf(np.ones(1)), leaf(RATE)
    value = apply(operation, parameter, **attributes)
    memory = leaf(np.zeros(np.shape(value.value)), "value")
    step = Step(x, y, rate, value, value, (parameter,), (parameter, memory), (parameter, value))
    kernel = compile_step(step, unrolled=unrolled)
    one = np.ones((1, 1))
    return kernel.run([z, memory.value], one, one, np.zeros(1, np.int32), RATE)[1]


def exact(z: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Softmax and logarithm of the sum in extended precision."""
    wide = z.astype(np.longdouble)
    top = wide.max(axis=axis, keepdims=True)
    powers = np.exp(wide - top)
    total = powers.sum(axis=axis, keepdims=True)
    return powers / total, top + np.log(total)


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("shape", [(2,), (3,), (4,), (9,), (5, 3), (7, 10), (3, 1), (2, 33)])
@pytest.mark.parametrize("size", [1.0, 30.0, 700.0])
def test_accuracy(shape, size, unrolled):
    """A probability is as close as stated, whatever stands in the unused lanes."""
    z = np.random.default_rng(len(shape) + shape[-1]).normal(size=shape) * size
    probabilities, logarithm = exact(z, -1)
    found = stepped("softmax", z, unrolled=unrolled, axis=-1)
    assert found.shape == shape
    distance = z.max(axis=-1, keepdims=True) - z + 6 + 4 * np.log2(shape[-1])
    normal = probabilities > np.finfo(np.float64).tiny
    unit = np.spacing(np.maximum(probabilities.astype(np.float64), np.finfo(np.float64).tiny))
    assert (np.abs(found - probabilities) <= unit * distance)[normal].all()
    assert (found[~normal] < 1e-300).all()
    sums = stepped("logsumexp", z, unrolled=unrolled, axis=-1, keepdims=True)
    np.testing.assert_allclose(sums, logarithm.astype(np.float64), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("unrolled", [True, False])
def test_other_axes(unrolled):
    """It runs along the lines as well, and over everything."""
    z = np.random.default_rng(3).normal(size=(5, 6)) * 4
    for axis in (0, 1, None):
        probabilities, logarithm = exact(z, axis)
        np.testing.assert_allclose(
            stepped("softmax", z, unrolled=unrolled, axis=axis), probabilities.astype(float), rtol=1e-14
        )
        found = stepped("logsumexp", z, unrolled=unrolled, axis=axis, keepdims=False)
        np.testing.assert_allclose(found, np.squeeze(logarithm.astype(float), axis), rtol=1e-15)


@pytest.mark.parametrize("unrolled", [True, False])
def test_ends_of_the_range(unrolled):
    """What is far below the largest is 0, equal ones share alike, and not-a-number spreads over its line."""
    z = np.array([[1e308, 0.0, -1e308], [-1e308, -1e308, -1e308], [0.0, np.nan, 2.0]])
    found = stepped("softmax", z, unrolled=unrolled, axis=-1)
    np.testing.assert_array_equal(found[0], [1.0, 0.0, 0.0])
    np.testing.assert_allclose(found[1], 1 / 3, rtol=1e-15)
    assert np.isnan(found[2]).all()
