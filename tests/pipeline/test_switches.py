"""What programs put into their updates on purpose: flags, masks, noise; and memories that are fed wrongly."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(8)
X, Y = rng.normal(size=(17, 3)), rng.normal(size=(17, 2))
W1, b1 = rng.normal(size=(3, 4)) * 0.6, rng.normal(size=4) * 0.2
W2, b2 = rng.normal(size=(4, 2)) * 0.6, rng.normal(size=2) * 0.2
mask = (rng.random((3, 4)) > 0.4) * 1.0
START
frozen = {"W1": True, "W2": False}
for epoch in range(300):
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    loss = 0.5 * np.mean(np.sum((o - Y) ** 2, axis=1))
    d = (o - Y) / 17
    dW2, db2 = h.T @ d, d.sum(0)
    e = d @ W2.T * (1 - h**2)
    dW1, db1 = X.T @ e, e.sum(0)
    b1 -= 0.1 * db1
    UPDATE
    if epoch % 100 == 0: print(loss)
"""
PLAIN = "W1 -= 0.1 * dW1; W2 -= 0.1 * dW2; b2 -= 0.1 * db2"


def _report(update: str, start: str = "", right: str = "", wrong: str = "") -> FileReport:
    text = PROGRAM.replace("START", start).replace("UPDATE", update).replace(right or "\0", wrong)
    return check_program(program_from_bytes(text.encode(), "switched.py"))


FROZEN = PLAIN.replace("0.1 * dW1", '0.1 * dW1 * (not frozen["W1"])').replace(
    "0.1 * dW2", '0.1 * dW2 * (not frozen["W2"])'
)
MASKED = PLAIN.replace("0.1 * dW1", "0.1 * dW1 * mask")
SHAKEN = PLAIN.replace("0.1 * dW2", "0.1 * (dW2 + 0.01 * rng.normal(size=dW2.shape))")


@pytest.mark.parametrize(
    ("update", "start", "said"),
    [(FROZEN, "", "lets no update through"), (MASKED, "W1 *= mask", "mask"), (SHAKEN, "", "noise")],
)
def test_what_stands_beside_the_gradient(update: str, start: str, said: str) -> None:
    """It is no part of the gradient, which is right; and a mistake beside it is found, and nothing else."""
    report = _report(update, start)
    assert report.verdict == "correct"
    assert said in " ".join(report.certified)
    wrong = _report(update, start, "(1 - h**2)", "(1 - h)")
    assert [f.name for f in wrong.findings if f.severity == "error"] == ["wrong-activation-derivative"]


def test_a_mask_of_what_is_not_zero() -> None:
    """What it lets stay as it is may be meant to be learned."""
    assert _report(MASKED).verdict == "inconclusive"


def test_a_flag_of_the_data_is_a_part_of_the_loss() -> None:
    """What chooses among samples by their labels is neither time nor a freezing of parameters."""
    text = """
import numpy as np

rng = np.random.default_rng(5)
X, labels = rng.normal(size=(40, 3)), [0, 1, 1, 0, 1, 0, 0, 1] * 5
w, v = rng.normal(size=3), rng.normal(size=3)
for k in range(200):
    x, y = X[k % 40], labels[k % 40]
    p, q = 1 / (1 + np.exp(-x @ w)), x @ v
    loss = -(y == 1) * np.log(p) - (y == 0) * np.log(1 - p) + (y == 1) * 0.5 * (q - 2) ** 2
    w -= 0.1 * (p - y) * x
    v -= 0.1 * (q - 2) * x * (y == 1)
    if k % 20 == 0: print(loss)
"""
    assert check_program(program_from_bytes(text.encode(), "labels.py")).verdict == "correct"


def test_a_flag_of_time() -> None:
    """A flag that lets through all updates of a time is a schedule; one of a single parameter may be none."""
    late = PLAIN.replace("b2 -= 0.1 * db2", "b2 -= 0.1 * db2 * (epoch > 2)")
    report = _report(late)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`epoch > 2`" in report.reason
    everywhere = "W1 -= 0.1 * dW1 * (epoch > 2); W2 -= 0.1 * dW2 * (epoch > 2); b2 -= 0.1 * db2 * (epoch > 2)"
    assert _report(everywhere, "", "b1 -= 0.1 * db1", "b1 -= 0.1 * db1 * (epoch > 2)").verdict == "correct"


@pytest.mark.parametrize(
    "fed", ["cache[k] = 0.9 * cache[k] + 0.1 * SIZE", "cache[k] += (1 - rho) * (SIZE - cache[k])"]
)
@pytest.mark.parametrize(
    ("size", "verdict"), [("g ** 2", "correct"), ("p ** 2", "inconclusive"), ("g", "inconclusive")]
)
def test_a_memory_of_sizes(size: str, verdict: str, fed: str) -> None:
    """What an optimizer divides by the root of is made of the squares of the gradients."""
    update = (
        "for k, (p, g) in enumerate(zip([W1, b1, W2, b2], [dW1, db1, dW2, db2])):\n"
        f"        {fed.replace('SIZE', size)}\n"
        "        p -= 0.01 * g / (np.sqrt(cache[k]) + 1e-8)"
    )
    start = "rho = 0.9; cache = [np.zeros((3, 4)), np.zeros(4), np.zeros((4, 2)), np.zeros(2)]"
    report = _report(update, start, "b1 -= 0.1 * db1", "pass")
    if verdict == "inconclusive":
        assert report.reason is not None
        assert "squares" in report.reason
    assert report.verdict == verdict
