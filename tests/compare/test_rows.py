"""Every kind of difference is seen, and named; and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backproof.compare.experiment import Experiment
from backproof.compare.pair import Row
from backproof.compare.report import Comparison
from backproof.compare.rows import rows
from tests.compare.conftest import NEURONS, SCRIPT

Read = Callable[[str], Experiment]
PARTS = {
    "range": ("rng.uniform(-1, 1, (21, 3))", "rng.uniform(-1, 1.5, (21, 3))"),
    "count": ("(21, 3)", "(24, 3)"),
    "target": ("np.sin(X @", "np.cos(X @"),
    "random": ("i = step % 21", "i = int(rng.integers(0, 21))"),
    "whole": ("x, t = X[i : i + 1], T[i : i + 1]", "x, t = X, T"),
    "activation": ("h * (1 - h)", "(1 - h**2)"),
    "start": ("rng.normal(0, 0.5, (3, 5))", "rng.normal(0, 0.7, (3, 5))"),
    "other seed": ("default_rng(3)", "default_rng(4)"),
    "rate": ("rate = 0.1", "rate = 0.05"),
    "steps": ("range(2000)", "range(2500)"),
    "wrong": ("W2.T * h * (1 - h)", "W2.T * h * (1 + h)"),
}


def changed(*names: str) -> str:
    """The script with some of its parts changed."""
    text = SCRIPT
    for name in names:
        assert PARTS[name][0] in text
        text = text.replace(*PARTS[name])
    return text


def differing(found: list[Row]) -> set[str]:
    """What differs."""
    return {row.what for row in found if row.same is False}


def verdict(found: list[Row]) -> str:
    """The verdict of some rows."""
    return Comparison(("a.py", "b.py"), tuple(found)).verdict


def test_a_program_is_the_same_experiment_as_itself(read: Read) -> None:
    """Nothing differs, and everything is known."""
    found = rows(read(SCRIPT), read(SCRIPT))
    assert verdict(found) == "same"
    assert {row.same for row in found} == {True}


def test_matrices_and_a_class_of_neurons_in_lists_are_the_same(read: Read) -> None:
    """Names, layout, the bias in the row of weights, and how sigmoid is written do not matter."""
    found = rows(read(SCRIPT), read(NEURONS))
    assert verdict(found) == verdict(rows(read(NEURONS), read(SCRIPT))) == "same"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["range"], {"inputs"}),
        (["count"], {"samples"}),
        (["target"], {"targets"}),
        (["random"], {"order"}),
        (["start"], {"first values"}),
        (["other seed"], set()),
        (["rate"], {"update", "length of a step"}),
        (["steps"], {"steps"}),
        (["wrong"], {"gradients", "first to differ"}),
    ],
)
def test_each_difference_is_named(names: list[str], expected: set[str], read: Read) -> None:
    """What was changed differs, and nothing else."""
    found = rows(read(SCRIPT), read(changed(*names)))
    if "count" in names or "range" in names or "random" in names:
        found = [row for row in found if row.what not in ("first values",)]  # drawn after the data
    assert differing(found) == expected
    assert verdict(found) == ("different" if expected else "same")


def test_what_is_shown_at_times_is_no_other_code(read: Read) -> None:
    """A loss that only every 500th step computes: samples and order are seen as where every step does."""
    shown = "    if step % 500 == 0:\n        print(0.5 * np.sum((o - t) ** 2))\n"
    text = SCRIPT.replace("    loss = 0.5 * np.sum((o - t) ** 2)\n", shown)
    found = rows(read(SCRIPT), read(text))
    assert not differing(found)
    assert {row.same for row in found} == {True}


def test_a_smaller_last_batch_is_not_taken_for_the_step(read: Read) -> None:
    """Where the epochs end with the steps that are seen, the size of a batch is still that of the others."""
    head, body = SCRIPT.replace("i + 1", "i + 8").split("for step in range(2000):\n    i = step % 21\n")
    loop = "for epoch in range(50):\n  for i in range(0, 21, 8):\n"
    network = read(head + loop + body).network
    assert network is not None
    assert network.batch == 8


def test_of_many_differences_only_names_are_in_the_sentence(read: Read) -> None:
    """The table has the values."""
    found = rows(read(SCRIPT), read(changed("range", "rate", "steps", "whole")))
    sentence = Comparison(("a.py", "b.py"), tuple(found)).sentence
    assert sentence.startswith("These are not the same experiment: they differ in inputs, ")
    assert sentence.endswith(" and steps.")


def test_the_sum_over_a_batch_makes_longer_steps(read: Read) -> None:
    """All samples at once, with the sum as the loss: another order, another loss, 21 times the step."""
    found = {row.what: row for row in rows(read(SCRIPT), read(changed("whole")))}
    assert differing(list(found.values())) == {"order", "loss", "length of a step"}
    assert found["length of a step"].second == "21"
    assert found["loss"].second == "½ squared error, sum over 21 samples"


def test_another_activation_is_another_model(read: Read) -> None:
    """The layers have the same sizes, and compute something else."""
    text = SCRIPT.replace("1 / (1 + np.exp(-(x @ W1 + b1)))", "np.tanh(x @ W1 + b1)")
    found = {row.what: row for row in rows(read(SCRIPT), read(text.replace(*PARTS["activation"])))}
    assert found["model"].same is False
    assert found["model"].first == "3-5-1, sigmoid, biases, 26 parameters"
    assert found["model"].second == "3-5-1, tanh, biases, 26 parameters"


def test_the_first_wrong_gradient_is_named_in_both(read: Read) -> None:
    """Of a class with lists, the neuron whose gradient differs; weights have other names there."""
    found = {row.what: row for row in rows(read(NEURONS), read(changed("wrong")))}
    assert found["gradients"].first == "right"
    assert found["gradients"].second == "wrong: W1, b1"
    assert found["first to differ"].first.startswith("net.hidden[")


LINE = """\
import numpy as np

rng = np.random.default_rng(9)
X = rng.normal(size=(19, 4))
labels = rng.integers(0, 3, 19)
W = rng.normal(0, 0.3, (4, 3))
for k in range(900):
    z = X @ W
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(19), labels]).mean() + 0.5 * 0.02 * np.sum(W**2)
    d = p.copy()
    d[np.arange(19), labels] -= 1
    W -= 0.4 * (X.T @ d / 19 + 0.02 * W)
"""


def test_classes_that_are_picked_and_a_penalty_are_read(read: Read) -> None:
    """The loss is a cross-entropy with its penalty; other labels for the same samples are other targets."""
    found = {row.what: row for row in rows(read(LINE), read(LINE.replace("0.02", "0.03")))}
    assert found["loss"].first == "cross-entropy, mean over 19 samples, penalty W: 0.02"
    assert found["loss"].second == "cross-entropy, mean over 19 samples, penalty W: 0.03"
    assert differing(list(found.values())) == {"loss"}
    other = LINE.replace("W = rng", "labels = (labels + 1) % 3\nW = rng")
    assert differing(rows(read(LINE), read(other))) == {"targets"}


DRAWN = """\
import math
import random

random.seed(2)
w = [random.gauss(0, 1), random.gauss(0, 1)]
b = random.gauss(0, 0.3)
for step in range(700):
    x = [random.uniform(-2, 2), random.uniform(0, 1)]
    want = math.sin(x[0]) * x[1]
    out = math.tanh(w[0] * x[0] + w[1] * x[1] + b)
    error = out - want
    loss = 0.5 * error**2
    d = error * (1 - out * out)
    w = [w[0] - 0.05 * d * x[0], w[1] - 0.05 * d * x[1]]
    b = b - 0.05 * d
"""


def test_samples_that_are_drawn_anew_have_a_law_and_a_target(read: Read) -> None:
    """No sample comes twice: the law of each number and what the target is made of are compared."""
    other = DRAWN.replace("random.uniform(0, 1)]", "random.uniform(0, 3)]").replace("sin(x[0])", "cos(x[0])")
    found = {row.what: row for row in rows(read(DRAWN), read(other))}
    assert differing(list(found.values())) == {"inputs", "targets"}
    assert found["inputs"].first == "2 numbers each, uniform on [-2, 2) and uniform on [0, 1)"
    assert found["order"].first == "one a step, drawn anew"


def test_what_only_looks_different_is_the_same_text(read: Read) -> None:
    """Comments and layout are no part of a program, even where a row is not known."""
    assert (
        verdict(
            rows(
                read(LINE),
                read(LINE.replace("z = X", "z = (  # here\n        X").replace("@ W\n", "@ W\n    )\n", 1)),
            )
        )
        == "same"
    )


def test_single_precision_is_no_other_model(read: Read) -> None:
    """What is rounded to float32 on its way into the step is compared in double precision."""
    narrow = SCRIPT.replace("x, t = X[i : i + 1]", "x, t = X[i : i + 1].astype(np.float32)")
    assert verdict(rows(read(SCRIPT), read(narrow))) == "same"


CARRIED = """\
import numpy as np

rng = np.random.default_rng(12)
series = rng.normal(size=(300, 2))
wanted = rng.normal(size=300)
A = rng.normal(0, 0.5, (4, 2))
R = rng.normal(0, 0.3, (4, 4))
v = rng.normal(0, 0.5, 4)
h = np.zeros(4)
for k in range(300):
    x = series[k]
    before = h
    h = np.tanh(A @ x + R @ before)
    error = v @ h - wanted[k]
    loss = 0.5 * error**2
    d = error * v * (1 - h**2)
    v = v - 0.05 * error * h
    A = A - 0.05 * np.outer(d, x)
    R = R - 0.05 * np.outer(d, before)
"""


def test_a_state_that_is_handed_on_makes_no_other_model(read: Read) -> None:
    """Two runs hand on other states: that says nothing of what is computed with them."""
    found = {row.what: row for row in rows(read(CARRIED), read(CARRIED.replace("rng(12)", "rng(13)")))}
    assert found["model"].same is not False
    assert found["update"].same


def test_what_cannot_be_computed_is_not_known(read: Read, monkeypatch) -> None:
    """One subject that fails leaves the others as they are, and is called neither the same nor different."""

    def failing(*_: object) -> None:
        raise ValueError("shapes (3,) and (5,)")

    monkeypatch.setattr("backproof.compare.samples._same_inputs", failing)
    found = rows(read(SCRIPT), read(NEURONS))
    assert verdict(found) == "inconclusive"
    assert [row.what for row in found if row.same is None and row.needed] == ["samples"]
