"""The exponential and its relatives against NumPy's extended precision."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from backproof.training.kernel import exponential, host
from backproof.training.kernel.precision import FLOAT32
from tests.training.emitted import BASELINE, Array, emitted

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


FUNCTIONS = pytest.mark.parametrize(
    ("emit", "exact", "limit"),
    [
        (exponential.exp, np.exp, 1.0),
        (exponential.expm1, np.expm1, 2.0),
        (exponential.sigmoid, lambda z: 1 / (1 + np.exp(-z)), 5.0),
        (exponential.tanh, np.tanh, 3.0),
    ],
    ids=["exp", "expm1", "sigmoid", "tanh"],
)


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("target", TARGETS)
@FUNCTIONS
def test_accuracy(emit, exact, limit, target, side_by_side):
    """No result is further from the true one than the stated units in the last place."""
    found = emitted(emit, POINTS, target=target, side_by_side=side_by_side)
    worst = errors(found, exact(POINTS.astype(np.longdouble)))
    assert worst.max() <= limit, f"{worst.max()} at {POINTS[worst.argmax()]!r}"


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("target", TARGETS)
@FUNCTIONS
def test_accuracy_in_float32(emit, exact, limit, target, side_by_side):
    """The same limits in units of float32, over the range in which e^z is a normal number."""
    points = np.concatenate([POINTS[np.abs(POINTS) < 86.5], RANDOM.uniform(-86.5, 86.5, 100_000)])
    points = points.astype(np.float32).astype(np.float64)
    found = emitted(emit, points, target=target, side_by_side=side_by_side, precision=FLOAT32)
    nearest = exact(points)
    units = np.abs(found - nearest) / np.spacing(np.abs(nearest).astype(np.float32))
    assert found.dtype == np.float32
    assert units.max() <= limit, f"{units.max()} at {points[units.argmax()]!r}"


@pytest.mark.parametrize("target", TARGETS)
def test_float32_far_out(target):
    """Beyond the range of float32 the exponential is 0 or infinite, and NaN stays NaN."""
    z = np.array([-np.inf, -200.0, -104.5, -90.0, 88.6, 88.8, 1e30, np.inf, np.nan])
    with np.errstate(over="ignore", under="ignore"):
        expected = np.exp(z.astype(np.float32))
    found = emitted(exponential.exp, z, target=target, precision=FLOAT32)
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=2e-45)
    sigmoid = emitted(exponential.sigmoid, z, target=target, precision=FLOAT32)
    np.testing.assert_array_equal(sigmoid[4:], [1.0, 1.0, 1.0, 1.0, np.nan])
    assert (sigmoid[:3] < 1e-37).all()


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
