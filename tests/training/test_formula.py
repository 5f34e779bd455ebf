"""Formulas: the value is NumPy's, and nothing but arithmetic on x gets in."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from backproof.training.formula import FormulaError, compute

X = np.random.default_rng(1).uniform(0.3, 0.9, (7, 1))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sin(x)", np.sin(X)),
        ("np.sin(2*x) - math.pi", np.sin(2 * X) - np.pi),
        ("-x**2 / 3 + 1", -(X**2) / 3 + 1),
        ("2**x % 1", 2**X % 1),
        ("maximum(x, 0.5) // 0.25", np.maximum(X, 0.5) // 0.25),
        ("exp(-x) * log(x) + e", np.exp(-X) * np.log(X) + np.e),
        ("7", np.full_like(X, 7.0)),
    ],
)
def test_values(formula, expected):
    """A formula has the value that NumPy gives."""
    np.testing.assert_allclose(compute(formula, X), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("", "not a formula"),
        ("sin(", "not a formula"),
        ("x; x", "not a formula"),
        ("y + x", "'y' is not known"),
        ("__import__('os').system('true')", "no function"),
        ("x.__class__", "not known"),
        ("(lambda: x)()", "no function"),
        ("[x for x in x]", "not known"),
        ("sin(x, out=x)", "not known"),
        ("sin(x, x)", "number of arguments"),
        ("maximum(x)", "number of arguments"),
        ("np.load('f')", "no function"),
        ("True + x", "not known"),
        ("'a' * 3", "not known"),
        ("x + " * 400 + "x", "longer"),
        ("-" * 900 + "x", ""),
    ],
)
def test_everything_else_is_refused(formula, words):
    """What is not arithmetic on x is refused with a sentence, and nothing of it is run."""
    if words:
        with pytest.raises(FormulaError, match=words):
            compute(formula, X)
    else:
        with contextlib.suppress(FormulaError):  # as deep as the parser goes: a value or a sentence, no crash
            compute(formula, X)


@pytest.mark.parametrize("formula", ["log(x - 1)", "1/(x - x)", "9**9**9**9 * x"])
def test_not_finite(formula):
    """A formula that is not finite on the range is refused and says where."""
    with pytest.raises(FormulaError, match=r"not finite at x = 0\."):
        compute(formula, X)
