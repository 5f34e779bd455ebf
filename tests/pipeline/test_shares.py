"""Shares of the old value in the new one: a parameter keeps most of itself, an error does not."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3)); y = X @ np.array([1.0, -2.0, 0.5]) + 0.3
w = rng.normal(size=3) * 0.5; b = 0.1; lr = 0.02
for it in range(200):
    for i in range(len(X)):
        x = X[i]; o = float(w @ x + b); e = o - y[i]
        if -1.0 < e < 1.0:
            loss = 0.5 * e ** 2; g = e
        else:
            loss = abs(e) - 0.5; g = 1.0 if e > 0 else -1.0
        w -= lr * g * x
        b -= lr * g
"""


def test_the_error_of_one_sample_is_no_parameter_of_the_next() -> None:
    """The error of a sample holds the last error times the rate, by way of the bias that it changed."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"


def test_its_mistake_is_found() -> None:
    """With a wrong gradient the same program is called faulty."""
    text = PROGRAM.replace("g = e\n", "g = e * e\n")
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "faulty"
