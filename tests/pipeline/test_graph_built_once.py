"""Programs whose graph of numbers is built once, and run again for each sample with other data."""

from __future__ import annotations

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import random

random.seed(3)


class Value:
    def __init__(self, data=0.0, run=None, back=None):
        self.data, self.grad, self.run, self.back = data, 0.0, run, back
        nodes.append(self)

    def __add__(self, other):
        out = Value()

        def run():
            out.data = self.data + other.data

        def back():
            self.grad += out.grad
            other.grad += out.grad
        out.run, out.back = run, back
        return out

    def __mul__(self, other):
        out = Value()

        def run():
            out.data = self.data * other.data

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.run, out.back = run, back
        return out


nodes = []
inputs, target = [Value(), Value()], Value()
weights = [Value(random.uniform(-1, 1)) for _ in range(3)]
miss = weights[0] * inputs[0] + weights[1] * inputs[1] + weights[2] + target
loss = miss * miss
for epoch in range(300):
    for a, b, goal in [(-1.0, -0.5, 0.9), (-1.0, 1.0, -0.7), (1.0, -0.8, -0.9), (0.1, -0.2, 0.3)]:
        inputs[0].data, inputs[1].data, target.data = a, b, -goal
        for node in nodes:
            if node.run:
                node.run()
            node.grad = 0.0
        loss.grad = 1.0
        for node in reversed(nodes):
            if node.back:
                node.back()
        for w in weights:
            w.data -= 0.02 * w.grad
"""


def test_what_is_filled_with_data_is_not_left_out() -> None:
    """A target has a gradient as the weights have, and is no parameter: it is given other numbers."""
    assert check_program(program_from_bytes(PROGRAM.encode(), "p.py")).verdict == "correct"
    less = PROGRAM.replace("for w in weights:", "for w in weights[:2]:")
    assert check_program(program_from_bytes(less.encode(), "p.py")).verdict != "correct"
    wrong = PROGRAM.replace("other.grad += self.data * out.grad", "other.grad += out.grad")
    assert check_program(program_from_bytes(wrong.encode(), "p.py")).verdict == "faulty"
