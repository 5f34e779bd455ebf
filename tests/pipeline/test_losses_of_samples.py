"""A loss that each sample of a batch computes for itself, while the gradients of the batch are added up."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import Program

PROGRAM = """
import numpy as np
np.random.seed(1)
data = [(x, np.tanh(x[:2] * x[2:])) for x in [np.random.randn(4, 1) for _ in range(12)]]

class Net:
    def __init__(self):
        self.w = [np.random.randn(5, 4) * 0.5, np.random.randn(2, 5) * 0.5]
        self.b = [np.random.randn(5, 1) * 0.1, np.random.randn(2, 1) * 0.1]

    def backprop(self, x, y):
        h = np.tanh(self.w[0] @ x + self.b[0])
        out = self.w[1] @ h + self.b[1]
        loss = 0.5 * np.sum((out - y) ** 2)
        self.last = loss
        delta = out - y
        back = self.w[1].T @ delta * (1 - h ** 2)
        return [back @ x.T, delta @ h.T], [back, delta]

    def update(self, batch, eta):
        sums_w = [np.zeros(w.shape) for w in self.w]
        sums_b = [np.zeros(b.shape) for b in self.b]
        for x, y in batch:
            gw, gb = self.backprop(x, y)
            sums_w = [s + g for s, g in zip(sums_w, gw)]
            sums_b = [s + g for s, g in zip(sums_b, gb)]
        self.w = [w - eta / len(batch) * s for w, s in zip(self.w, sums_w)]
        self.b = [b - eta / len(batch) * s for b, s in zip(self.b, sums_b)]

net = Net()
for epoch in range(40):
    for batch in [data[k:k + 3] for k in range(0, 12, 3)]:
        net.update(batch, 0.3)
"""


def test_the_gradient_is_of_their_sum():
    """What is added up is no mistake; the report says what it is the gradient of."""
    report = check_program(Program("net.py", PROGRAM))
    assert report.verdict == "correct", [f.message for f in report.findings]
    assert report.loss is not None
    assert report.loss.formula == "0.5 * np.sum((out - y) ** 2), added up over the step"


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("sums_w = [s + g for", "sums_w = [g for", "missing-term"),
        ("delta = out - y", "delta = y - out", "sign-flipped"),
        ("* (1 - h ** 2)", "", "missing-factor"),
    ],
)
def test_mistakes_are_named_under_the_sum(right, wrong, name):
    """A sum that is dropped for one kind of parameter, and mistakes in the gradient of each sample."""
    report = check_program(Program("net.py", PROGRAM.replace(right, wrong)))
    assert (report.verdict, [f.name for f in report.findings][:1]) == ("faulty", [name])
