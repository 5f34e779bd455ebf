from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special

from backproof.graph.numeric import directional, ridders


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (math.sin, 1.0),
        (lambda t: math.exp(3 * t), 3.0),
        (lambda t: 1 / (2 + t), -0.25),
        (lambda t: t * t, 0.0),
    ],
)
def test_ridders(function: object, slope: float) -> None:
    """Ridders' extrapolation finds derivatives to ten digits, and says how large its error may be."""
    found, error = ridders(function)
    assert found == pytest.approx(slope, abs=1e-10)
    assert abs(found - slope) <= 10 * error + 1e-14
    assert error < 1e-8


def test_ridders_of_arrays() -> None:
    """A function that gives an array has an array of derivatives."""
    found, _ = ridders(lambda t: np.array([[t, t * t], [np.cos(t + 1), 5.0]]))
    np.testing.assert_allclose(found, [[1, 0], [-np.sin(1), 0]], atol=1e-10)


def test_ridders_admits_a_jump() -> None:
    """At a jump there is no derivative, and the error says so."""
    assert ridders(math.floor)[1] > 1.0


def test_complex_step_is_taken_only_where_it_works() -> None:
    """Analytic functions are derived to rounding; those that drop or refuse complex numbers by Ridders."""
    x, d = np.array([0.3, -0.7, 1.1]), np.array([0.5, 2.0, -1.0])
    analytic, exact = directional(lambda v: np.sum(np.exp(v) * v), (x,), (d,))
    assert analytic == pytest.approx(np.sum(d * np.exp(x) * (1 + x)), rel=1e-15)
    assert exact
    dropping, exact = directional(lambda v: np.sum(np.abs(v) ** 3), (x,), (d,))
    assert dropping == pytest.approx(np.sum(d * 3 * x * np.abs(x)), rel=1e-8)
    assert not exact
    refusing, exact = directional(lambda v: sum(math.gamma(3 + float(e)) for e in v), (x,), (d,))
    assert not exact
    assert refusing == pytest.approx(
        np.sum(d * scipy.special.gamma(3 + x) * scipy.special.psi(3 + x)), rel=1e-8
    )
