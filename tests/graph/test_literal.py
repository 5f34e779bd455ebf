from __future__ import annotations

import numpy as np
import pytest

from backproof.graph.literal import index_literal, literal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0.5, "0.5"), (np.float64(0.1), "0.1"), (np.float32(0.1), "0.1"), (-2, "-2"), (np.int32(7), "7")],
        *[
            (np.inf, "np.inf"),
            (-np.inf, "-np.inf"),
            (np.nan, "np.nan"),
            (True, "True"),
            (np.bool_(False), "False"),
        ],
        *[(None, "None"), ("a", "'a'"), ((1, 2), "(1, 2)"), ((3,), "(3,)"), ([1.5], "[1.5]"), ((), "()")],
        *[(np.zeros((2, 3)), "np.zeros((2, 3))"), (np.ones(5), "np.ones(5)"), (np.array(2.5), "2.5")],
        *[
            (np.array([[1, 2], [3, 4]]), "np.array([[1, 2], [3, 4]])"),
            (np.array([True, False]), "np.array([True, False])"),
        ],
        *[(np.array([0.1, np.nan]), "np.array([0.1, np.nan])"), (np.array([0.0]), "np.array([0.0])")],
        *[
            (float, "np.float64"),
            (np.dtype("int8"), "np.int8"),
            ({"k": 1.0}, "{'k': 1.0}"),
            (Ellipsis, "..."),
        ],
        *[(np.zeros((0, 3)), "np.empty((0, 3), np.float64)"), (np.zeros(2, int), "np.array([0, 0])")],
    ],
)
def test_literals(value: object, text: str) -> None:
    """A value is written in short Python that evaluates to it."""
    assert literal(value) == text
    evaluated = eval(text, {"np": np})
    if not isinstance(value, (type, np.dtype)):
        np.testing.assert_equal(np.shape(evaluated), np.shape(value))
        if np.size(value) and not isinstance(value, (str, dict)) and value is not None:
            np.testing.assert_allclose(
                np.asarray(evaluated, object).astype(float) if value is not ... else 0,
                np.asarray(value).astype(float) if value is not ... else 0,
                rtol=1e-7,
            )


def test_numbers_keep_all_digits() -> None:
    """Arrays of any numbers come back bit for bit, as long as they are short."""
    values = np.random.default_rng(1).normal(size=(3, 5)) * 10.0 ** np.arange(-2, 3)
    np.testing.assert_array_equal(eval(literal(values), {"np": np}), values)
    assert len(literal(np.arange(10_000.0))) < 200


@pytest.mark.parametrize(
    ("index", "text"),
    [
        *[(2, "2"), (-1, "-1"), (slice(None), ":"), (slice(1, None), "1:"), (slice(None, -1), ":-1")],
        *[(slice(4, None, -2), "4::-2"), (Ellipsis, "..."), (None, "None"), ((Ellipsis, 0), "..., 0")],
        *[((slice(None), 3), ":, 3"), ((2,), "2,"), ((slice(1, 2),), "1:2"), ([0, 2], "[0, 2]"), ((), "()")],
        *[((np.arange(2), slice(0, 3)), "np.array([0, 1]), 0:3"), ((slice(None), None), ":, None")],
    ],
)
def test_indices(index: object, text: str) -> None:
    """An index stands between brackets as a person writes it, and takes the same elements."""
    assert index_literal(index) == text
    x = np.random.default_rng(2).normal(size=(5, 7))
    np.testing.assert_array_equal(eval(f"x[{text}]", {"x": x, "np": np}), x[index])
