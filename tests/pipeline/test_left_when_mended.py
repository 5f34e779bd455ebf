"""Of several mistakes some show only when the others are mended: the mended program is looked at again."""

from __future__ import annotations

import pytest

from backproof.findings import FileReport
from backproof.pipeline import check_program
from backproof.source import apply_edits, program_from_bytes

NETWORK = """
import numpy as np

rng = np.random.default_rng(12)
dew, frost = rng.normal(size=(19, 3)), rng.normal(size=(19, 2))
W1, b1 = 0.6 * rng.normal(size=(3, 5)), 0.2 * rng.normal(size=5)
W2, b2 = 0.6 * rng.normal(size=(5, 2)), 0.2 * rng.normal(size=2)
for turn in range(10**6):
    h = np.tanh(dew @ W1 + b1)
    out = h @ W2 + b2
    loss = 0.5 * np.sum((out - frost) ** 2)
    d2 = out - frost
    dW2, db2 = h.T @ d2, d2.sum(axis=0)
    d1 = d2 @ W2.T * (1 - h ** 2)
    dW1, db1 = dew.T @ d1, d1.sum(axis=0)
    W1 -= 0.01 * dW1
    b1 -= 0.01 * db1
    W2 -= 0.01 * dW2
    b2 -= 0.01 * db2
"""
NO_UPDATE = ("    b1 -= 0.01 * db1\n", "")
WITH_IT = {
    "a slope": ("(1 - h ** 2)", "(1 - h)"),
    "a crash": ("h.T @ d2", "h @ d2"),
}


def _checked(text: str) -> FileReport:
    return check_program(program_from_bytes(text.encode(), "frost.py"))


def _with(text: str, *mistakes: tuple[str, str]) -> str:
    for right, wrong in mistakes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return text


@pytest.mark.parametrize("name", ["a slope", "a crash"])
def test_an_update_is_missing_beside_another_mistake(name: str) -> None:
    """Both are found where they are, and mended together."""
    text = _with(NETWORK, NO_UPDATE, WITH_IT[name])
    report = _checked(text)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert report.verdict == "faulty"
    assert [finding.name for finding in errors][1:] == ["never-updated"]
    assert "db1" in errors[1].message
    assert {"b1"} <= {row.name for row in report.parameters if row.verdict == "faulty"}
    edits = [edit for finding in errors if finding.fix for edit in finding.fix.edits]
    assert all(finding.fix is not None and finding.fix.applicability == "safe" for finding in errors)
    mended = apply_edits(program_from_bytes(text.encode(), "frost.py"), edits)
    assert _checked(mended.text).verdict == "correct"


LINE = """
import numpy as np

rng = np.random.default_rng(3)
plums, weights = rng.normal(size=(15, 3)), rng.normal(size=15)
w, b, lr = 0.4 * rng.normal(size=3), np.array(0.3), 0.1
for turn in range(10**6):
    r = plums @ w + b - weights
    small = np.abs(r) < 0.7
    huber = np.mean(np.where(small, 0.5 * r ** 2, 0.7 * (np.abs(r) - 0.35)))
    dr = np.where(small, r, 0.7 * np.sign(r)) / 15
    w = w - lr * plums.T @ dr
    b = b - lr * dr.sum()
"""


@pytest.mark.parametrize("kind", ["a number", "an array"])
def test_a_step_is_taken_off_another_value_beside_another_mistake(kind: str) -> None:
    """It is no update before the rest is right: then it is found as in a program that has nothing else."""
    if kind == "a number":
        text = _with(LINE, ("0.7 * np.sign(r)", "0.7"), ("b = b - ", "b = lr - "))
        wanted = ["0.7 * np.sign(r)", "b"]
    else:
        text = NETWORK.replace("for turn", "shift = b2 + 0.1\nfor turn")
        text = _with(text, ("b2 -= 0.01 * db2", "b2 = shift - 0.01 * db2"), WITH_IT["a slope"])
        wanted = ["1 - h ** 2", "b2"]
    report = _checked(text)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [finding.expected for finding in errors] == wanted
    assert all(finding.mended for finding in errors)
    assert wanted[1] in {row.name for row in report.parameters if row.verdict == "faulty"}


def test_nothing_is_added_where_one_mistake_is_all() -> None:
    """The mended program has no more to say."""
    report = _checked(_with(NETWORK, WITH_IT["a slope"]))
    assert len([finding for finding in report.findings if finding.severity == "error"]) == 1


WORDS = """
import numpy as np

rng = np.random.default_rng(31)
ids = np.array([0, 3, 1, 3, 2, 5, 4, 0, 6, 6, 1])
E, V = 0.5 * rng.normal(size=(7, 3)), 0.5 * rng.normal(size=(3, 7))
for turn in range(10**6):
    for k in range(2, 9):
        around = ids[[k - 2, k - 1, k + 1, k + 2]]
        h = E[around].mean(axis=0)
        z = h @ V
        p = np.exp(z) / np.exp(z).sum()
        loss = -np.log(p[ids[k]])
        d = p.copy()
        d[ids[k]] -= 1
        dh = V @ d
        V -= 0.1 * np.outer(h, d)
        E[around] -= 0.1 * dh
"""


def test_what_is_left_makes_the_first_mend_sure() -> None:
    """Where a word stands twice, a scale that is mended is not enough: both mends are verified together."""
    report = _checked(WORDS)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [finding.name for finding in errors] == ["wrong-scale", "not-accumulated"]
    assert all(finding.mended for finding in errors)
    edits = [edit for finding in errors if finding.fix for edit in finding.fix.edits]
    mended = apply_edits(program_from_bytes(WORDS.encode(), "words.py"), edits)
    assert "np.subtract.at(E, around, 0.1 * dh / len(around))" in mended.text.replace("4", "len(around)")
    assert _checked(mended.text).verdict == "correct"


NUMBERS = """
import math, random
random.seed(2)
sizes = [2, 3, 2]
W = [[[random.uniform(-1, 1) for _ in range(a)] for _ in range(b)] for a, b in zip(sizes, sizes[1:])]
data = [[random.random(), random.random()] for _ in range(6)]
for epoch in range(1500):
    for x in data:
        acts = [x]
        for w in W:
            acts.append([math.tanh(sum(v * a for v, a in zip(row, acts[-1]))) for row in w])
        off = [acts[-1][0] - x[0] + x[1], acts[-1][1] - x[0] * x[1]]
        loss = sum(d * d for d in off)
        delta = [2 * d * (1 - o * o) for d, o in zip(off, acts[-1])]
        for l in (1, 0):
            below = acts[l]
            down = [sum(W[l][i][j] * delta[j] for j in range(len(delta))) for i in range(len(below))]
            for j, d in enumerate(delta):
                for i, a in enumerate(below):
                    W[l][j][i] -= 0.05 * d * a
            delta = [d * (1 - a * a) for d, a in zip(down, below)]
"""


def test_a_crash_that_was_mended_wrongly_at_first() -> None:
    """Where the right mend is written around the one that stopped the crash, there is but the one finding."""
    (finding,) = [finding for finding in _checked(NUMBERS).findings if finding.severity == "error"]
    assert (finding.name, finding.found, finding.expected) == ("wrong-index", "W[l][i][j]", "W[l][j][i]")
    assert "`W[l][i][j]`" in finding.message
    assert finding.mended
