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
few = np.array([True, False, True, True])
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
        "w -= 0.1 * dw; w = np.array([max(0, i) for i in w])",
        "w -= 0.1 * dw; w[~few] = 0",
        "w -= 0.1 * dw; w *= few",
        "w -= 0.1 * dw; long = np.abs(w) > 0.4; w[long] *= 0.4 / np.abs(w[long])",
        "w = w - 0.1 * dw; w = w / max(1, np.linalg.norm(w))",
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
        ("w += 0.1 * dw; w[~few] = 0", "sign-flipped"),
        ("dw = X.T @ y; w -= 0.1 * dw; w = np.array([max(0, i) for i in w])", "wrong-operand"),
        ("w = np.where(k % 2 == 0, w + 0.1 * dw, w)", "sign-flipped"),
    ],
)
def test_a_mistake_before_the_bounds_is_found(update: str, name: str) -> None:
    """The step inside is held against the truth."""
    assert _verdict(update) == ("faulty", [name])


@pytest.mark.parametrize(
    "update",
    [
        "w = np.where(k % 2 == 0, w - 0.1 * dw, w)",
        "w = np.where(k % 2 == 1, w, w - 0.1 * dw)",
        "w = np.where(w > 0, w - 0.1 * dw, w)",
    ],
)
def test_a_step_beside_the_old_value(update: str) -> None:
    """Where a condition keeps a parameter as it is, the step is right where it is made, and that is said."""
    program = program_from_bytes(PROGRAM.replace("UPDATE", update).encode(), "kept.py")
    report = check_program(program)
    assert report.verdict == "correct"
    assert "keeps w where a condition says so" in " ".join(report.certified)


@pytest.mark.parametrize(
    "update",
    [
        "w = (w - 0.1 * dw) / 23",
        "w = (w - 0.1 * dw) * X[0]",
    ],
)
def test_what_scales_otherwise_is_not_set_aside(update: str) -> None:
    """A factor of its own, which may have slipped out of the step, is no way back within bounds."""
    assert _verdict(update)[0] != "correct"


@pytest.mark.parametrize(
    "update", ["w -= 0.1 * dw; w[1] = 0", "w = w - 0.1 * dw; w[1] = 0.0", "w -= 0.1 * dw; w[1:3] *= 0"]
)
def test_a_part_that_is_set_to_zero_is_said(update: str) -> None:
    """It may be the wrong part, unless it was zero from the beginning."""
    report = check_program(program_from_bytes(PROGRAM.replace("UPDATE", update).encode(), "zero.py"))
    assert report.verdict == "inconclusive"
    assert "set to zero in every step" in (report.reason or "")
    begun = PROGRAM.replace("few = ", "w[1] = 0\nfew = ")
    report = check_program(program_from_bytes(begun.replace("UPDATE", update).encode(), "zero.py"))
    assert report.verdict == ("inconclusive" if "1:3" in update else "correct")
    assert [parameter.name for parameter in report.parameters] == ["b", "w"]


@pytest.mark.parametrize("name", ["shrunk", "w"])
def test_a_part_that_is_set_to_zero_ahead_of_the_forward_pass_is_said(name: str) -> None:
    """As where a copy was meant, of which the bias is not to be counted."""
    text = PROGRAM.replace("UPDATE", "w -= 0.1 * (dw + 0.01 * shrunk)")
    head, loop, body = text.partition("for k in ")
    first, rest = body.split("\n", 1)
    indent = rest[: len(rest) - len(rest.lstrip())]
    ahead = f"{indent}shrunk = w\n{indent}{name}[0] = 0\n"
    report = check_program(program_from_bytes(f"{head}{loop}{first}\n{ahead}{rest}".encode(), "zero.py"))
    assert report.verdict == "inconclusive"
    assert "set to zero in every step" in (report.reason or "")
