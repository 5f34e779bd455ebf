"""Parameters that are brought back within bounds after their gradient step."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(3)
X, y = rng.normal(size=(23, 4)), rng.normal(size=23)
w, b = rng.normal(size=4) * 0.3, 0.2
for k in range(500):
    e = X @ w + b - y
    loss = np.mean(e ** 2)
    dw, db = 2 * X.T @ e / 23, 2 * e.mean()
    b = b - 0.1 * db
    UPDATE
    if k % 50 == 0: print(loss)
"""


def _verdict(update: str) -> tuple[str, list[str]]:
    program = program_from_bytes(PROGRAM.replace("UPDATE", update).encode(), "bounded.py")
    report = check_program(program)
    return report.verdict, [finding.name for finding in report.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    "update",
    [
        "w = np.clip(w - 0.1 * dw, 0, None)",
        "w = np.where(w - 0.1 * dw > 0, w - 0.1 * dw, 0)",
        "w -= 0.1 * dw; w = np.clip(w, 0, None)",
        "w -= 0.1 * dw; w = np.where(w > 0, w, 0)",
        "w -= 0.1 * dw; w[w < 0] = 0",
        "w -= 0.1 * dw; w[:] = np.clip(w, -0.2, 0.25)",
        "v = w - 0.1 * dw; w = v.clip(0)",
    ],
)
def test_a_projected_gradient_step_is_right(update: str) -> None:
    """What the step takes off is the gradient, wherever the parameter is put after it."""
    assert _verdict(update) == ("correct", [])


@pytest.mark.parametrize(
    ("update", "name"),
    [
        ("w = np.clip(w + 0.1 * dw, 0, None)", "sign-flipped"),
        ("w -= 0.1 * X[0, 0] * dw; w[w < 0] = 0", "extra-factor"),
    ],
)
def test_a_mistake_before_the_bounds_is_found(update: str, name: str) -> None:
    """The step inside is held against the truth."""
    assert _verdict(update) == ("faulty", [name])
