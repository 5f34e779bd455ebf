"""Learning rates that differ from parameter to parameter, each under a name of its own."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(12)
X, Y = rng.normal(size=(13, 3)), rng.normal(size=(13, 2))
W1, b1 = rng.normal(size=(3, 5)) * 0.6, rng.normal(size=5) * 0.2
W2, b2 = rng.normal(size=(5, 2)) * 0.6, rng.normal(size=2) * 0.2
lr_w, lr_b = 0.02, 0.05
for turn in range(100):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    loss = 0.5 * np.sum((o - Y) ** 2) / len(X)
    d = (o - Y) / len(X)
    e = d @ W2.T * (1 - h**2)
    W2 -= lr_w * (h.T @ d)
    b2 -= lr_b * d.sum(axis=0)
    W1 -= lr_w * (X.T @ e)
    b1 -= lr_b * e.sum(axis=0)
"""


def test_rates_with_names_of_their_own() -> None:
    """They are the program's own choice, and the certificate says so."""
    report = check_program(program_from_bytes(PROGRAM.encode(), "p.py"))
    assert report.verdict == "correct"
    assert "`lr_w` and `lr_b`" in " ".join(report.certified)


def test_rates_of_a_table() -> None:
    """A rate may be the item of what is called rates; a factor beside it is a part of the gradient."""
    text = PROGRAM.replace("lr_w, lr_b = 0.02, 0.05", 'rates = {"w": 0.02, "b": 0.05}')
    text = text.replace("lr_w *", 'rates["w"] *').replace("lr_b *", 'rates["b"] *')
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    text = text.replace('rates["b"] * e', '-rates["b"] * e')
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["sign-flipped"]


def test_rates_that_a_loop_hands_to_one_statement() -> None:
    """A statement that multiplies each gradient by a number of its own has their rates by any name."""
    text = PROGRAM[: PROGRAM.index("    W2 -= ")] + (
        "    grads = [h.T @ d, d.sum(axis=0), X.T @ e, e.sum(axis=0)]\n"
        "    for p, g, a in zip([W2, b2, W1, b1], grads, [lr_w, 0.05, 0.02, 0.01]):\n"
        "        p -= a * g\n"
    )
    text = text.replace("lr_w, lr_b = 0.02, 0.05", "lr_w = 0.03")
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"
    wrong = text.replace("(1 - h**2)", "(1 - h)")
    report = check_program(program_from_bytes(wrong.encode(), "p.py"))
    assert [f.name for f in report.findings if f.severity == "error"] == ["wrong-activation-derivative"]


def test_a_rate_inside_a_product() -> None:
    """It scales the input of the product first, as in `lr * X.T @ e`."""
    text = PROGRAM.replace("lr_w * (X.T @ e)", "lr_w * X.T @ e").replace("lr_w * (h.T @ d)", "lr_w * h.T @ d")
    assert check_program(program_from_bytes(text.encode(), "p.py")).verdict == "correct"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("lr_b * e.sum(axis=0)", "2 * lr_b * e.sum(axis=0)"),
        ("lr_b * e.sum(axis=0)", "-lr_b * e.sum(axis=0)"),
        ("lr_w * (X.T @ e)", "lr_w * (X.T @ e) * 13"),
    ],
)
def test_a_factor_that_is_no_rate(right: str, wrong: str) -> None:
    """What is multiplied beside a rate is a part of the gradient."""
    text = PROGRAM.replace(right, wrong)
    assert text != PROGRAM
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    assert report.verdict == "faulty"
