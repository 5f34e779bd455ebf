"""A loop of the backward pass that goes along another axis than the forward pass does."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(5, 9))
wanted = np.cumsum(X, axis=1) * 0.3
params = [0.4, 0.7]


def states(X, w, r):
    S = np.zeros((X.shape[0], X.shape[1] + 1))
    for k in range(X.shape[1]):
        S[:, k + 1] = X[:, k] * w + S[:, k] * r
    return S


def backward(X, S, d, r):
    back = np.zeros((X.shape[0], X.shape[1] + 1))
    back[:, 1:] = d
    dw = dr = 0
    for i in range(X.shape[1], 0, -1):
        dw += np.mean(back[:, i] * X[:, i - 1])
        dr += np.mean(back[:, i] * S[:, i - 1])
        back[:, i - 1] += back[:, i] * r
    return dw, dr


for step in range(60):
    S = states(X, *params)
    loss = np.mean(np.sum((S[:, 1:] - wanted) ** 2, axis=1))
    grads = backward(X, S, 2 * (S[:, 1:] - wanted), params[1])
    if step % 20 == 0:
        print(loss)
    for p in range(2):
        params[p] -= 0.0005 * grads[p]
"""


@pytest.mark.parametrize(
    "loop", ["range(X.shape[1], 0, -1)", "reversed(range(1, X.shape[1] + 1))"], ids=["down", "reversed"]
)
def test_it_is_found_and_mended(loop: str) -> None:
    """By the number of samples for that of steps, whichever way it goes back."""
    right = PROGRAM.replace("range(X.shape[1], 0, -1)", loop)
    assert check_program(program_from_bytes(right.encode(), "count.py")).verdict == "correct"
    wrong = right.replace(loop, loop.replace("shape[1]", "shape[0]"))
    (finding,) = check_program(program_from_bytes(wrong.encode(), "count.py")).findings
    assert finding.name == "wrong-index"
    assert finding.found is not None
    assert finding.expected == finding.found.replace("shape[0]", "shape[1]")
    assert finding.mended
