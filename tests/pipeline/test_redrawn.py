"""Parameters that get new values in every step: what a step learns of them is lost."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import program_from_bytes

NETWORK = """
import numpy as np

rng = np.random.default_rng(5)
X, y = rng.normal(size=(29, 4)), rng.normal(size=(29, 2))
FIRST
for t in range(300):
    ROUND
    h = np.tanh(X @ W1 + b1)
    o = h @ W2 + b2
    loss = 0.5 * np.mean(np.sum((o - y) ** 2, axis=1))
    d = (o - y) / 29
    dh = d @ W2.T * (1 - h ** 2)
    dW1, db1, dW2, db2 = X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)
    BEFORE
    W1 -= 0.1 * dW1; b1 -= 0.1 * db1; W2 -= 0.1 * dW2; b2 -= 0.1 * db2
    LAST
    if t % 100 == 0: print(loss)
"""
INITIAL = (
    "W1, b1 = rng.normal(0, 0.5, (4, 6)), rng.normal(0, 0.2, 6);"
    " W2, b2 = rng.normal(0, 0.5, (6, 2)), rng.normal(0, 0.2, 2)"
)
DRAWN: dict[str, tuple[dict[str, str], str]] = {
    "one matrix, at the beginning": ({"ROUND": "W1 = rng.normal(0, 0.5, (4, 6))"}, "W1 has"),
    "a bias, set to zero": ({"ROUND": "b2 = np.zeros(2)"}, "b2 has"),
    "one matrix, before its update": ({"BEFORE": "W2 = rng.normal(0, 0.5, (6, 2))"}, "W2 has"),
    "a bias, behind its update": ({"LAST": "b1 = np.full(6, 0.1)"}, "b1 has"),
    "all of them": ({"FIRST": "", "ROUND": INITIAL}, "W1, b1, W2 and b2 have"),
}
OBJECTS = """
import numpy as np

rng = np.random.default_rng(8)
X, y = rng.normal(size=(21, 3)), rng.normal(size=21)
class Line:
    def __init__(self):
        self.w, self.b = rng.normal(size=3), 0.4
    def step(self):
        e = X @ self.w + self.b - y
        loss = 0.5 * np.mean(e ** 2)
        self.w -= 0.1 * X.T @ e / 21
        self.b -= 0.1 * e.mean()
        return loss
FIRST
for k in range(60):
    ROUND
        print(line.step())
"""


def _checked(text: str, changed: dict[str, str]) -> FileReport:
    for word, by in changed.items():
        text = text.replace(word, by)
    return check_program(program_from_bytes(text.encode(), "drawn.py"))


def _network(changed: dict[str, str]) -> FileReport:
    return _checked(NETWORK, {"FIRST": INITIAL, "ROUND": "", "BEFORE": "", "LAST": "", **changed})


@pytest.mark.parametrize("what", DRAWN)
def test_what_is_drawn_in_every_round_is_said(what: str) -> None:
    """A parameter that the loop draws anew is named, wherever in the round that is."""
    changed, names = DRAWN[what]
    report = _network({"FIRST": INITIAL, **changed})
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert f"{names} new values in every step" in report.reason


def test_what_is_drawn_before_the_loop_is_certified() -> None:
    """The same network, whose parameters are drawn once."""
    assert _network({}).verdict == "correct"


def test_an_object_that_is_made_in_every_round_loses_what_it_learned() -> None:
    """Each round makes a step of a model that it has just made."""
    changed = {"FIRST": "", "    ROUND\n        print": "    line = Line()\n    print"}
    report = _checked(OBJECTS, changed)
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "new values in every step" in report.reason


def test_a_model_for_each_fold_is_certified() -> None:
    """A model that is made anew after several steps has learned in these."""
    changed = {
        "FIRST": "",
        "    ROUND\n        print": "    line = Line()\n    for _ in range(7):\n        print",
    }
    assert _checked(OBJECTS, changed).verdict == "correct"


def test_several_models_that_are_made_before_are_certified() -> None:
    """Models that learn in turn are not made anew, though the first steps are of different ones."""
    changed = {
        "FIRST": "lines = [Line() for _ in range(9)]",
        "    ROUND\n        print": "    for line in lines:\n        print",
    }
    assert _checked(OBJECTS, changed).verdict == "correct"


def test_a_code_that_is_found_anew_for_every_sample_is_certified() -> None:
    """What is inferred in a step and used in it, as a sparse code is, is no parameter that is lost."""
    text = """
import numpy as np

rng = np.random.default_rng(4)
X, D = rng.normal(size=(40, 5)), rng.normal(0, 0.4, (5, 7))
for turn in range(4000):
    x = X[turn % 40]
    z = np.zeros(7)
    for _ in range(3):
        z = z - 0.1 * D.T @ (D @ z - x)
    r = D @ z - x
    loss = 0.5 * np.sum(r ** 2)
    D -= 0.05 * np.outer(r, z)
    if turn % 500 == 0: print(loss)
"""
    report = _checked(text, {})
    assert report.reason is None or "new values" not in report.reason
    assert report.verdict != "faulty"
