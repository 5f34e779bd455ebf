"""A sum of gradients that no step begins anew is said, also where all gradients have one direction."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

HINGE = """
import numpy as np

rng = np.random.default_rng(17)
rows, labels = rng.normal(size=(24, 3)), np.where(rng.random(24) > 0.5, 1.0, -1.0)
theta, lam = 0.5 * rng.normal(size=3), 0.01

def hinge(theta):
    lost = np.maximum(0, 1 - labels * (rows @ theta))
    return lost.mean() + 0.5 * lam * theta[1:] @ theta[1:]

grad = np.zeros(3)
for turn in range(10**6):
    RESET
    for row, label in zip(rows, labels):
        if label * (row @ theta) < 1:
            grad = grad - label * row / 24
    penalty = lam * theta.copy()
    penalty[0] = 0
    theta = theta - 0.05 * (grad + penalty)
    if turn % 100 == 0:
        print(turn, hinge(theta))
"""
COUNTS = """
import numpy as np

rng = np.random.default_rng(9)
worth = rng.normal(size=7)
value, count = rng.normal(size=7), np.zeros(7)
for t in range(3000):
    arms = rng.integers(0, 7, 5)
    count += np.bincount(arms, minlength=7) * 0 + 1.0
    error = value - worth
    loss = 0.5 * np.sum(error ** 2)
    value -= 0.1 * error / np.sqrt(count)
    if t % 500 == 0: print(loss)
"""


def _checked(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "hinge.py"))


def test_a_sum_that_goes_on_is_said() -> None:
    """Where every sample counts, its gradient has the direction of those before."""
    report = _checked(HINGE.replace("    RESET\n", ""))
    assert report.verdict != "correct"
    assert "grad" in (report.reason or report.findings[0].message)


def test_a_sum_that_begins_in_every_step_is_certified() -> None:
    """The same loop, with the sum set to zero."""
    assert _checked(HINGE.replace("RESET", "grad = np.zeros(3)")).verdict == "correct"


ZEROED = """
import numpy as np

rng = np.random.default_rng(12)
X, y = rng.normal(size=(19, 3)), rng.normal(size=19)
w, held = rng.normal(size=3), np.zeros(3)
for t in range(900):
    FIRST
    loss = 0.0
    for part in (slice(0, 8), slice(8, 19)):
        e = X[part] @ w - y[part]
        loss += 0.5 * np.sum(e ** 2) / 19
        held += X[part].T @ e / 19
    w -= 0.1 * held
    LAST
    if t % 100 == 0: print(loss)
"""


@pytest.mark.parametrize("place", ["FIRST", "LAST"])
@pytest.mark.parametrize("reset", ["held[...] = 0", "held.fill(0)", "held *= 0", "held = np.zeros(3)"])
def test_a_sum_that_is_zeroed_in_place_is_certified(place: str, reset: str) -> None:
    """Before the first gradient is added, or behind the update."""
    text = ZEROED.replace(place, reset).replace("FIRST", "pass").replace("LAST", "pass")
    assert _checked(text).verdict == "correct"


def test_a_count_is_no_gradient() -> None:
    """How often something was seen only gives each number its own rate."""
    report = _checked(COUNTS)
    assert report.verdict != "faulty"
    assert "none resets" not in (report.reason or "")


VELOCITY = """
import numpy as np

rng = np.random.default_rng(21)
X, Y = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
w, b = rng.normal(size=(4, 3)), rng.normal(size=3)
vw, vb = np.zeros((4, 3)), np.zeros(3)
for step in range(300):
    err = X @ w + b - Y
    loss = 0.5 * np.sum(err ** 2)
    KEEP
    vw += X.T @ err
    vb += err.sum(axis=0)
    w -= 0.01 * vw
    b -= 0.01 * vb
"""


@pytest.mark.parametrize("share", ["0.9", "1.0"])
@pytest.mark.parametrize("keep", ["vw *= SHARE; vb *= SHARE", "vw, vb = SHARE * vw, SHARE * vb"])
def test_a_velocity_that_forgets_nothing(keep: str, share: str) -> None:
    """Times the number 1 it is the sum of all gradients, which is said."""
    report = _checked(VELOCITY.replace("KEEP", keep.replace("SHARE", share)))
    assert report.verdict == ("correct" if share == "0.9" else "inconclusive")
    assert ("none resets" in (report.reason or "")) == (share == "1.0")


KEPT = """
import numpy as np
rng = np.random.default_rng(33)
x, t = rng.normal(size=(13, 4)), rng.normal(size=(13, 2))
W, held = 0.4 * rng.normal(size=(4, 2)), np.zeros((4, 2))
for turn in range(2000):
    total = np.zeros((4, 2))
    for k in range(13):
        total += np.outer(x[k], x[k] @ W - t[k])
    held[...] = total
    MORE
    W -= 0.01 * held
"""


@pytest.mark.parametrize("more", ["", "held += 0.2 * W"])
def test_an_array_that_is_given_a_sum_is_begun_anew(more: str) -> None:
    """What was added up has another name, and began with zeros; more may be added to it after."""
    assert check_program(program_from_bytes(KEPT.replace("MORE", more).encode(), "p.py")).verdict == "correct"
