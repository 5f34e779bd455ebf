"""The exponential and its relatives against NumPy's extended precision."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from backproof.train.kernel import exponential, host
from tests.train.emitted import BASELINE, Array, emitted

TARGETS = [pytest.param(host(), id="host")]
if platform.machine().lower() in ("x86_64", "amd64"):
    TARGETS.append(pytest.param(BASELINE, id="baseline"))

RANDOM = np.random.default_rng(20)
POINTS = np.concatenate(
    [
        RANDOM.uniform(-708, 708, 200_003),
        RANDOM.uniform(-40, 40, 200_001),
        RANDOM.uniform(-1, 1, 100_001),
        RANDOM.standard_normal(10_001) * 10.0 ** RANDOM.uniform(-300, 0, 10_001),
        np.log(2.0) * (np.arange(-1021, 1022) + 0.5),  # where the exponent changes
        [0.0, -0.0, 1e-320],
    ]
)


def errors(found: Array, exact: np.ndarray) -> Array:
    """Errors in units in the last place of the exact result."""
    nearest = exact.astype(np.float64)
    return np.asarray(np.abs(found.astype(np.longdouble) - exact) / np.spacing(np.abs(nearest)), dtype=float)


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("emit", "exact", "limit"),
    [
        (exponential.exp, np.exp, 1.0),
        (exponential.expm1, np.expm1, 2.0),
        (exponential.sigmoid, lambda z: 1 / (1 + np.exp(-z)), 5.0),
        (exponential.tanh, np.tanh, 3.0),
    ],
    ids=["exp", "expm1", "sigmoid", "tanh"],
)
def test_accuracy(emit, exact, limit, target, side_by_side):
    """No result is further from the true one than the stated units in the last place."""
    found = emitted(emit, POINTS, target=target, side_by_side=side_by_side)
    worst = errors(found, exact(POINTS.astype(np.longdouble)))
    assert worst.max() <= limit, f"{worst.max()} at {POINTS[worst.argmax()]!r}"


@pytest.mark.parametrize("target", TARGETS)
def test_exp_reaches_both_ends(target):
    """The exponential is 0, denormal, normal, infinite and NaN exactly where it should be."""
    z = np.array(
        [-np.inf, -746.0, -745.1, -740.0, -708.5, 709.7, 709.782712893384, 709.79, 1e300, np.inf, np.nan]
    )
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_allclose(
            emitted(exponential.exp, z, target=target), np.exp(z), rtol=1e-15, atol=5e-324
        )


@pytest.mark.parametrize("target", TARGETS)
def test_limits_of_the_others(target):
    """Far out, σ, tanh and expm1 are at their limits; NaN stays NaN."""
    z = np.array([-np.inf, -1e6, 1e6, np.inf, np.nan])
    sigmoid = emitted(exponential.sigmoid, z, target=target)
    assert 0 <= sigmoid[0] == sigmoid[1] < 1e-300
    np.testing.assert_array_equal(sigmoid[2:], [1.0, 1.0, np.nan])
    np.testing.assert_array_equal(emitted(exponential.tanh, z, target=target), [-1.0, -1.0, 1.0, 1.0, np.nan])
    np.testing.assert_array_equal(
        emitted(exponential.expm1, z, target=target), [-1.0, -1.0, np.inf, np.inf, np.nan]
    )
