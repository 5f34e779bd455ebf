"""Batches that are lists of samples, whose gradients are added up one by one."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.retrain.listed import MoreToSeeError
from backproof.retrain.taken_over import seen, take_over, taken_over
from backproof.runner import Runner
from backproof.source import Program

# 13 steps of 3 samples are more than an epoch of 12; the gradients of a batch are added up one by one.
BATCHES = """
import random
import numpy as np
np.random.seed(1); random.seed(2)
xs = [np.random.randn(4, 1) for _ in range(12)]
data = [(x, np.tanh(x[:2] * x[2:])) for x in xs]
w1 = np.random.randn(5, 4) * 0.5; b1 = np.random.randn(5, 1) * 0.1
w2 = np.random.randn(2, 5) * 0.5; b2 = np.random.randn(2, 1) * 0.1
eta = 0.3
for epoch in range(40):
    random.shuffle(data)
    for batch in [data[k:k + 3] for k in range(0, 12, 3)]:
        sums = [np.zeros(p.shape) for p in (w1, b1, w2, b2)]
        for x, y in batch:
            h = np.tanh(w1 @ x + b1)
            e = w2 @ h + b2 - y
            back = w2.T @ e * (1 - h ** 2)
            sums = [s + g for s, g in zip(sums, (back @ x.T, back, e @ h.T, e))]
        w1 = w1 - eta / len(batch) * sums[0]; b1 = b1 - eta / len(batch) * sums[1]
        w2 = w2 - eta / len(batch) * sums[2]; b2 = b2 - eta / len(batch) * sums[3]
"""


def whole(w1, b1, w2, b2, data) -> float:
    """The mean loss of the program over its data."""
    outs = [(w2 @ np.tanh(w1 @ x + b1) + b2, y) for x, y in data]
    return float(np.mean([0.5 * np.sum((out - y) ** 2) for out, y in outs]))


def test_a_shuffled_list_is_taken_over():
    """All samples are known, the batches are drawn anew, and the loss is the mean over the samples."""
    with Runner() as runner:
        found = take_over(Program("net.py", BATCHES), runner)
    order = found.order
    assert (order.kind, order.count, order.batch) == ("shuffled", 12, 3)
    assert found.machine.kernel is not None
    assert found.deviation < 1e-12
    space: dict = {}
    exec(compile(BATCHES.replace("range(40)", "range(0)"), "net.py", "exec"), space)
    names = ("w1", "b1", "w2", "b2")
    assert found.machine.loss(found.machine.first, order.all(100)) == pytest.approx(
        whole(*(space[name] for name in names), space["data"])
    )


def test_in_the_order_of_the_list():
    """Without a shuffle the batches follow one another as they stand there."""
    with Runner() as runner:
        found = take_over(Program("net.py", BATCHES.replace("random.shuffle(data)", "pass")), runner)
    assert found.order.kind == "cycle"
    assert found.order.rows.tolist() == np.arange(12).reshape(4, 3).tolist()


def test_samples_that_were_not_seen_are_not_left_out():
    """Where no sample has come again, there may be more of them: then it is looked at for longer."""
    text = BATCHES.replace("range(12)", "range(600)").replace("range(0, 12, 3)", "range(0, 600, 3)")
    with Runner() as runner:
        found = seen(Program("net.py", text), runner)
    with pytest.raises(MoreToSeeError, match="different ones in the first"):
        taken_over(found)
