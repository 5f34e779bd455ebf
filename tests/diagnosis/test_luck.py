"""A gradient that is right only because the batch holds one sample is warned of; the others are not."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """\
import numpy as np

rng = np.random.default_rng(5)
inputs, targets = rng.standard_normal((40, 4)), rng.standard_normal((40, 2))
W, b = 0.5 * rng.standard_normal((4, 6)), 0.1 * rng.standard_normal((1, 6))
V = 0.5 * rng.standard_normal((6, 2))
for k in range(400):
    X, Y = inputs[k % 40 : k % 40 + {size}], targets[k % 40 : k % 40 + {size}]
    m = {m}
    H = np.tanh(X @ W + b)
    loss = {loss}
    d = H @ V - Y
    dh = d @ V.T * (1 - H**2)
    gV, gW, gb = H.T @ d / m, X.T @ dh / m, dh.sum(0, keepdims=True){by}
    V -= 0.02 * gV
    W -= 0.02 * gW
    b -= 0.02 * gb
"""
SUM = "0.5 * np.sum((H @ V - Y) ** 2) / m"


def check(size: int = 1, m: str = "X.shape[0]", loss: str = SUM, by: str = "") -> FileReport:
    """Check the program."""
    text = PROGRAM.format(size=size, m=m, loss=loss, by=by)
    return check_program(program_from_bytes(text.encode(), "p.py"))


@pytest.mark.parametrize("m", ["X.shape[0]", "len(X)"])
def test_a_size_that_one_gradient_leaves_out_is_warned_of(m: str) -> None:
    """With one sample the file is correct, and the warning names the fault, the parameter and the size."""
    report = check(m=m)
    assert report.verdict == "correct"
    (finding,) = report.findings
    assert (finding.name, finding.severity, finding.parameters) == ("wrong-scale", "warning", ("b",))
    assert "only because `m` is 1 here" in finding.message


def test_with_more_samples_it_is_an_error() -> None:
    """The same program with two samples a step is faulty, in the same gradient."""
    report = check(size=2)
    assert report.verdict == "faulty"
    assert {p.name for p in report.parameters if p.verdict == "faulty"} == {"b"}


@pytest.mark.parametrize(
    ("loss", "by"),
    [(SUM, " / m"), ("0.5 * np.mean((H @ V - Y) ** 2)", " / m"), ("0.5 * np.sum((H @ V - Y) ** 2)", " / m")],
)
def test_a_size_that_all_gradients_have_is_not(loss: str, by: str) -> None:
    """One factor for all gradients is the learning rate's, whatever the loss has."""
    report = check(loss=loss, by=by)
    assert report.verdict == "correct"
    assert not [f for f in report.findings if f.severity == "warning"]


def test_a_one_that_is_no_size_is_not() -> None:
    """A plain 1 of the program is what it says, not the size of a batch."""
    report = check(m="1")
    assert report.verdict == "correct"
    assert report.findings == ()
