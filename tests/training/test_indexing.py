"""Parts of arrays by numbers and slices, compiled."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import apply, leaf
from backproof.training.kernel import NotCompilableError, compile_step
from backproof.training.network import Step

MATRIX, VECTOR = np.random.default_rng(0).normal(size=(5, 7)), np.random.default_rng(1).normal(size=11)
ALL = slice(None)
PARTS = [
    (MATRIX, (2, 3)),
    (MATRIX, 1),
    (MATRIX, (ALL, 4)),
    (MATRIX, (..., -2)),
    (MATRIX, (slice(1, 4), slice(2, 7, 2))),
    (MATRIX, (slice(0, 2), slice(0, 3))),
    (MATRIX, (slice(2, 3), ALL)),
    (MATRIX, (ALL, slice(3, 4))),
    (MATRIX, (ALL, slice(None, None, -1))),
    (VECTOR, 3),
    (VECTOR, slice(2, 9)),
    (VECTOR, slice(0, 1)),
    (VECTOR, (None, ALL)),
    (VECTOR, (ALL, None)),
]


def step_of(values, index) -> Step:
    """A step that hands on a part of its state, and leaves the state as it is."""
    state, x, y, rate = leaf(values), leaf(np.ones(1)), leaf(np.ones(1)), leaf(1.0)
    part = apply("index", apply("multiply", state, 1.5), index=index)
    out = leaf(np.zeros(np.shape(part.value)))
    return Step(x, y, rate, part, part, (state,), (state, out), (state, apply("tanh", part)))


@pytest.mark.parametrize("unrolled", [True, False])
def test_a_part_is_numpys(unrolled):
    """Elements, rows, columns, slices with and without a stride, new axes."""
    for values, index in PARTS:
        step = step_of(values, index)
        kernel = compile_step(step, unrolled=unrolled)
        nothing = np.zeros((1, 1))
        state = [values, np.asarray(step.state[1].value)]
        same, found = kernel.run(state, nothing, nothing, np.zeros(3, np.int32), 0.1)
        assert np.array_equal(same, values)
        assert np.allclose(found, np.tanh(1.5 * values[index]), rtol=0, atol=1e-14), index


def test_rows_by_an_array_are_refused():
    """What the kernel has no instructions for it says."""
    with pytest.raises(NotCompilableError, match="numbers and slices"):
        compile_step(step_of(MATRIX, np.array([1, 3])))
