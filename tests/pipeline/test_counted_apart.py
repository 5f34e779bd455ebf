"""An Adam whose count of steps goes up with every parameter, so that each makes up for less than the last."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(6)
x = rng.normal(size=(21, 4))
y = (x.sum(axis=1, keepdims=True) > 0.2).astype(float)


class Adam:
    def __init__(self):
        self.m, self.v, self.count = {}, {}, 1

    def step(self, name, value, slope):
        self.m.setdefault(name, np.zeros_like(value))
        self.v.setdefault(name, np.zeros_like(value))
        self.count += 1
        self.m[name] = 0.9 * self.m[name] + 0.1 * slope
        self.v[name] = 0.99 * self.v[name] + 0.01 * slope ** 2
        m = self.m[name] / (1 - 0.9 ** self.count)
        v = self.v[name] / (1 - 0.99 ** self.count)
        return value - 0.01 * m / (np.sqrt(v) + 1e-8)


net = {"w1": 0.4 * rng.normal(size=(4, 5)), "b1": 0.1 * rng.normal(size=5),
       "w2": 0.4 * rng.normal(size=(5, 1)), "b2": 0.1 * rng.normal(size=1)}
adam = Adam()
for epoch in range(300):
    h = np.tanh(x @ net["w1"] + net["b1"])
    p = 1 / (1 + np.exp(-(h @ net["w2"] + net["b2"])))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    d = (p - y) / len(x)
    e = (d @ net["w2"].T) * (1 - h ** 2)
    slopes = {"w1": x.T @ e, "b1": e.sum(axis=0), "w2": h.T @ d, "b2": d.sum(axis=0)}
    for name in net:
        net[name] = adam.step(name, net[name], slopes[name])
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        ("", "", "correct"),
        ("(1 - h ** 2)", "(1 - h)", "faulty"),
        ('"b1": e.sum(axis=0)', '"b1": e[0]', "faulty"),
        ('"w2": h.T @ d', '"w2": -h.T @ d', "faulty"),
    ],
)
def test_an_adam_that_counts_every_parameter(right: str, wrong: str, verdict: str) -> None:
    """Its corrections differ from parameter to parameter, and no gradient is called wrong for that."""
    report = check_program(program_from_bytes(PROGRAM.replace(right, wrong).encode(), "net.py"))
    assert report.verdict == verdict, report.findings


@pytest.mark.parametrize(("count", "warned"), [("1", True), ("name == 'w1'", False)])
def test_a_count_that_goes_on_between_parameters_is_told(count: str, warned: bool) -> None:
    """The warning names those whose corrections are others than that of the first; one count has none."""
    text = PROGRAM.replace("self.count += 1", f"self.count += {count}")
    report = check_program(program_from_bytes(text.encode(), "net.py"))
    found = [each for each in report.findings if each.name == "wrong-scale"]
    assert report.verdict == "correct"
    assert [(each.severity, each.parameters) for each in found] == (
        [("warning", ("net['b1']", "net['w2']", "net['b2']"))] if warned else []
    )
