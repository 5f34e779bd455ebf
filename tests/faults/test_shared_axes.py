"""Axes of reductions that have a name."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NORMALISED = """
import numpy as np

rng = np.random.default_rng(4)
X, Y = rng.normal(0, 1, (7, 3, 4)), rng.normal(0, 1, (7, 3, 5))
W = rng.normal(0, 0.6, (4, 5))


def backward(d, n, s):
    axes = -1
    first = d.mean(axis=axes, keepdims=True)
    second = np.mean(d * n, axis=axes, keepdims=True)
    return (d - first - n * second) / s


for turn in range(500):
    z = X @ W
    s = np.sqrt(z.var(axis=-1, keepdims=True) + 1e-3)
    n = (z - z.mean(axis=-1, keepdims=True)) / s
    loss = np.mean((n - Y) ** 2)
    d = backward(2 * (n - Y) / Y.size, n, s)
    W -= 0.3 * np.einsum("ntf,nth->fh", X, d)
"""


@pytest.mark.parametrize("wrong", ["tuple(range(1, d.ndim))", "0"])
def test_an_axis_that_several_reductions_share(wrong: str) -> None:
    """One mistake where the name is given, though no reduction alone makes the gradient right."""
    assert check_program(program_from_bytes(NORMALISED.encode(), "p.py")).verdict == "correct"
    text = NORMALISED.replace("axes = -1", f"axes = {wrong}")
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.found, finding.expected, finding.mended) == (
        "wrong-axis",
        wrong,
        "-1",
        True,
    )


def test_an_axis_that_the_forward_pass_reads_too() -> None:
    """There the reductions of the backward pass are changed, and not what the name means."""
    text = NORMALISED.replace("def backward", "axes = -1\nover = 1\n\n\ndef backward").replace(
        "    axes = -1\n", ""
    )
    text = text.replace("axis=axes", "axis=over").replace(
        "n = (z - z.mean(axis=-1", "n = (z - z.mean(axis=axes"
    )
    report = check_program(program_from_bytes(text.encode(), "p.py"))
    (finding,) = (each for each in report.findings if each.severity == "error")
    assert (finding.name, finding.expected, finding.mended) == (
        "wrong-axis",
        "d.mean(axis=-1, keepdims=True)",
        True,
    )
