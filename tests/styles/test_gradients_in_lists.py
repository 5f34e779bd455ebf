"""Gradients that are added up in the items of a list, which is made anew with zeros in each step."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

# what is pulled back through each node is added where it came from, by the number of the place
PULLED = """
import numpy as np

draw = np.random.default_rng(33)
X, Y = draw.normal(size=(17, 3)), draw.normal(size=(17, 2))
weights = [draw.normal(0, 0.5, (3, 5)), draw.normal(0, 0.2, 5), draw.normal(0, 0.5, (5, 2)), np.zeros(2)]
held, ways = [], []


def put(v, *back):
    held.append(v)
    ways.append(back)
    return len(held) - 1


def linear(x, w, b):
    a, m = held[x], held[w]
    return put(a @ m + held[b], (x, lambda g: g @ m.T), (w, lambda g: a.T @ g), (b, lambda g: g.sum(0)))


def bend(z):
    h = np.tanh(held[z])
    return put(h, (z, lambda g: g * (1 - h * h)))


def misfit(out, wanted):
    e = held[out] - wanted
    return put(0.5 * np.sum(e * e) / len(e), (out, lambda g: g * e / len(e)))


for turn in range(900):
    held.clear()
    ways.clear()
    places = [put(w) for w in weights]
    first = bend(linear(put(X), places[0], places[1]))
    last = misfit(linear(first, places[2], places[3]), Y)
    grads = [0.0] * len(held)
    grads[last] = 1.0
    for k in range(last, -1, -1):
        for source, back in ways[k]:
            grads[source] = grads[source] + back(grads[k])
    weights = [w - 0.1 * g for w, g in zip(weights, grads)]
"""


@pytest.mark.parametrize("text", [PULLED, PULLED.replace("[0.0] * len(held)", "[0.0 for _ in held]")])
def test_zeros_that_gradients_begin_with_are_no_parameters(text: str) -> None:
    """They are one number of the source, which every step begins with anew."""
    report = check_program(program_from_bytes(text.encode(), "pulled.py"))
    assert (report.verdict, report.reason) == ("correct", None)
    assert [p.name for p in report.parameters] == [f"weights[{k}]" for k in range(4)]


def test_a_mistake_in_what_is_pulled_back() -> None:
    """It is found in the function that stands in the list."""
    text = PULLED.replace("g * (1 - h * h)", "g * (1 - h)")
    report = check_program(program_from_bytes(text.encode(), "pulled.py"))
    (finding,) = [f for f in report.findings if f.severity == "error"]
    assert (finding.name, finding.mended) == ("wrong-activation-derivative", True)
