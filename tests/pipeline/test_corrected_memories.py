"""Adam's corrections of its empty memory: by the rate of the other memory, or by a count of epochs."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

PROGRAM = """
import numpy as np

rng = np.random.default_rng(6)
x = rng.normal(size=(24, 4))
y = (x.sum(axis=1, keepdims=True) > 0.2).astype(float)
net = {"w": 0.4 * rng.normal(size=(4, 1)), "b": 0.1 * rng.normal(size=1)}
m = {key: np.zeros_like(value) for key, value in net.items()}
v = {key: np.zeros_like(value) for key, value in net.items()}
one, two, t = 0.9, 0.999, 0
for epoch in range(300):
    for k in range(0, 24, 8):
        t += 1
        p = 1 / (1 + np.exp(-(x[k:k + 8] @ net["w"] + net["b"])))
        loss = -np.mean(y[k:k + 8] * np.log(p) + (1 - y[k:k + 8]) * np.log(1 - p))
        d = (p - y[k:k + 8]) / len(p)
        slopes = {"w": x[k:k + 8].T @ d, "b": d.sum(axis=0)}
        for key in net:
            m[key] = one * m[key] + (1 - one) * slopes[key]
            v[key] = two * v[key] + (1 - two) * slopes[key] ** 2
            mean = m[key] / (1 - one ** t)
            size = v[key] / (1 - two ** t)
            net[key] -= 0.01 * mean / (np.sqrt(size) + 1e-8)
"""
INLINE = PROGRAM.replace("mean = m[key] / (1 - one ** t)", "c = 1 - one ** t\n            mean = m[key] / c")
WAYS = [
    ("as it is", PROGRAM, []),
    ("with a name", INLINE, []),
    ("inverse decay", PROGRAM.replace("one ** t", "0.9 ** t"), []),
    (
        "exchanged",
        PROGRAM.replace("two ** t", "0 ** t").replace("one ** t", "two ** t").replace("0 ** t", "one ** t"),
        ["wrong-operand", "wrong-operand"],
    ),
    ("one for both", PROGRAM.replace("two ** t", "one ** t"), ["wrong-operand"]),
    ("epochs", PROGRAM.replace("t += 1", "t = epoch + 1"), ["wrong-scale"]),
    (
        "epochs in place",
        PROGRAM.replace("        t += 1\n", "").replace("** t", "** (epoch + 1)"),
        ["wrong-scale"],
    ),
]


@pytest.mark.parametrize(("program", "names"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_corrections_are_held_against_the_memories(program: str, names: list[str]) -> None:
    """The gradients are right, and the verdict says so; what is off is warned of, and nothing else is."""
    report = check_program(program_from_bytes(program.encode(), "adam.py"))
    assert report.verdict == "correct", report.reason
    found = [f for f in report.findings if f.name in ("wrong-operand", "wrong-scale")]
    assert [f.name for f in found] == names
    assert all(f.severity == "warning" and f.span is not None for f in found)
