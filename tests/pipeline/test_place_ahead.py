"""Gradients that are taken at the place to which a velocity leads, which is no parameter for that."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(5)
x, y = rng.normal(size=(21, 3)), rng.normal(size=(21, 2))
net = {"w": rng.normal(size=(3, 2)) * 0.4, "b": rng.normal(size=2) * 0.1}
speed = {name: np.zeros_like(value) for name, value in net.items()}
for epoch in range(1000):
    ahead = {name: value - 0.9 * speed[name] for name, value in net.items()}
    z = np.tanh(x @ ahead["w"] + ahead["b"])
    loss = 0.5 * np.sum((z - y) ** 2)
    dz = (z - y) * (1 - z ** 2)
    grads = {"w": x.T @ dz, "b": dz.sum(axis=0)}
    for name in net:
        speed[name] = 0.9 * speed[name] + 0.01 * grads[name]
        net[name] -= speed[name]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        ("", "", "correct"),
        ("value - 0.9 * speed[name]", "value + 0.9 * speed[name]", "correct"),  # ahead, where it came from
        ("(z - y) * (1 - z ** 2)", "(z - y) * (1 - z)", "faulty"),
        ('"b": dz.sum(axis=0)}', '"b": dz[0]}', "faulty"),
    ],
)
def test_a_velocity_that_the_loss_depends_on(right: str, wrong: str, verdict: str) -> None:
    """The gradients are judged as those of the weights, and no velocity is called a parameter."""
    report = check_program(program_from_bytes(PROGRAM.replace(right, wrong).encode(), "net.py"))
    assert report.verdict == verdict
    assert {p.name for p in report.parameters} == {"net['w']", "net['b']"}


NORMALISED = PROGRAM.replace(
    'z = np.tanh(x @ ahead["w"] + ahead["b"])',
    """u = x @ ahead["w"] + ahead["b"]
    length = np.sqrt(np.sum(u ** 2, axis=1, keepdims=True) + 0.1)
    z = u / length""",
).replace(
    "dz = (z - y) * (1 - z ** 2)",
    """e = z - y
    dz = e / length - u * np.sum(e * u, axis=1, keepdims=True) / length ** 3""",
)


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [("", "", "correct"), ("length ** 3", "length ** 2", "faulty")],
)
def test_a_root_in_the_forward_pass(right: str, wrong: str, verdict: str) -> None:
    """A velocity that the loss reaches under a root is no sum of squares."""
    report = check_program(program_from_bytes(NORMALISED.replace(right, wrong).encode(), "net.py"))
    assert (report.verdict, len(report.parameters)) == (verdict, 2)
