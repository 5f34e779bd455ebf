"""One matrix under two names, of which one is a view of the other, and an update under each name."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import Program

TIED = """
import numpy as np
rng = np.random.default_rng(7)
data = rng.normal(size=(60, 5))
W = rng.normal(scale=0.3, size=(5, 3))
V = W.T
rate = 0.02
for step in range(3000):
    x = data[rng.integers(0, 60, 20)]
    h = np.tanh(x @ W)
    miss = h @ V - x
    loss = np.sum(miss * miss) / 40
    miss /= 20
    out = {out}
    inwards = x.T @ (miss @ V.T * (1.0 - h ** 2))
    {first}
    {second}
"""
RIGHT = {"out": "h.T @ miss", "first": "V -= rate * out", "second": "W -= rate * inwards"}
EACH_ITS_OWN = TIED.replace("V = W.T", "V = W.T.copy()")


def checked(text: str, **changed: str):
    """The report on a program with some of its lines otherwise."""
    return check_program(Program("net.py", text.format(**{**RIGHT, **changed})))


@pytest.mark.parametrize("turned", [False, True])
def test_both_updates_are_of_one_parameter(turned):
    """Its gradient is the sum of what both apply, in either order."""
    report = checked(TIED, **({"first": RIGHT["second"], "second": RIGHT["first"]} if turned else {}))
    assert report.verdict == "correct"
    assert [(p.name, p.shape) for p in report.parameters] == [("W", (5, 3))]


def test_a_mistake_in_one_of_them_is_found():
    """The other is no excuse for it."""
    report = checked(TIED, out="2 * h.T @ miss")
    assert [(f.name, f.span.row, f.mended) for f in report.findings] == [("wrong-scale", 14, True)]


def test_an_update_left_out_is_no_right_gradient():
    """The view's update alone is a part of the gradient."""
    assert checked(TIED, second="pass").verdict == "faulty"


def test_a_copy_is_a_parameter_of_its_own():
    """What is given to it the other does not have."""
    report = checked(EACH_ITS_OWN)
    assert report.verdict == "correct"
    assert [p.name for p in report.parameters] == ["V", "W"]
    assert checked(EACH_ITS_OWN, out="2 * h.T @ miss").verdict == "faulty"
