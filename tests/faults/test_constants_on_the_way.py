"""Constants of the forward pass that lie between some parameters and the loss."""

from __future__ import annotations

from backproof.findings import Finding
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

SPREAD = """
import numpy as np

rng = np.random.default_rng(8)
x, t = rng.normal(size=(13, 3)), rng.normal(size=(13, 2))
M, S, b = 0.5 * rng.normal(size=(3, 2)), 0.4 * rng.normal(size=(3, 2)), 0.2 * rng.normal(size=2)
for turn in range(3000):
    noise = rng.normal(size=(13, 2))
    logvar = x @ S
    std = np.exp(0.5 * logvar)
    out = x @ M + b + std * noise
    loss = np.sum((out - t) ** 2) / len(x)
    d = 2 * (out - t) / len(x)
    dlogvar = d * noise * std * 0.5
    M -= 0.05 * x.T @ d
    b -= 0.05 * d.sum(axis=0)
    S -= 0.05 * x.T @ dlogvar
"""

POOLED = """
import numpy as np

rng = np.random.default_rng(9)
maps, t = rng.normal(size=(7, 2, 5, 3)), rng.normal(size=(7, 2))
gain, shift = 1 + 0.3 * rng.normal(size=(2, 1, 1)), 0.3 * rng.normal(size=(2, 1, 1))
W, V, c = rng.normal(size=(2, 2)), rng.normal(size=(4, 2)), 0.2 * rng.normal(size=2)
direct = rng.normal(size=(7, 4))
for turn in range(3000):
    n, channels, height, width = maps.shape
    z = gain * maps + shift
    a = np.where(z > 0, z, 0.2 * z)
    pooled = a.mean(axis=(2, 3))
    out = pooled @ W + direct @ V + c
    loss = np.sum((out - t) ** 2) / n
    d = 2 * (out - t) / n
    dW = pooled.T @ d
    dpooled = d @ W.T
    da = np.ones_like(a) * dpooled[:, :, None, None] / (height * width)
    dz = da * np.where(z > 0, 1.0, 0.2)
    dgain = (dz * maps).sum(axis=(0, 2, 3)).reshape(2, 1, 1)
    dshift = dz.sum(axis=(2, 3)).sum(axis=0).reshape(2, 1, 1)
    gain -= 0.05 * dgain
    shift -= 0.05 * dshift
    W -= 0.05 * dW
    V -= 0.05 * direct.T @ d
    c -= 0.05 * d.sum(axis=0)
"""


def found(text: str) -> list[Finding]:
    """The errors of a program, each of which has its mend."""
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    findings = [f for f in report.findings if f.severity == "error"]
    assert all(f.fix is not None and f.fix.applicability == "safe" for f in findings)
    return findings


def test_a_factor_of_the_exponent_comes_before_a_length_that_is_its_inverse() -> None:
    """Two columns are two by chance; the half stands in the forward pass."""
    assert found(SPREAD) == []
    (finding,) = found(SPREAD.replace("d * noise * std * 0.5", "d * noise * std"))
    assert finding.name == "missing-factor"
    assert finding.expected == "d * noise * std * 0.5"


def test_what_a_mean_is_taken_over_is_counted_by_the_names_of_its_axes() -> None:
    """The backward pass divides by it where it spreads what comes back."""
    assert found(POOLED) == []
    (finding,) = found(POOLED.replace(" / (height * width)", ""))
    assert finding.expected == "np.ones_like(a) * dpooled[:, :, None, None] / (height * width)"


def test_constants_that_differ_are_found_behind_another_mistake() -> None:
    """With the slope put right, one gradient is too large by the one constant, another by both."""
    text = POOLED.replace(" / (height * width)", "").replace("(z > 0, 1.0, 0.2)", "(z > 0, 1.0, 0.3)")
    text = text.replace("dz.sum(axis=(2, 3)).sum(axis=0)", "dz.sum(axis=(2, 3)).mean(axis=0)")
    rows = [finding.span.row for finding in found(text) if finding.span is not None]
    lines = text.splitlines()
    assert [lines[row - 1].split()[0] for row in sorted(rows)] == ["da", "dz", "dshift"]
