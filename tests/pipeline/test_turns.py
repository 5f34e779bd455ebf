"""Parameters that take turns: blocks that are updated in other rounds, and players of one round."""

from __future__ import annotations

import pytest

from backproof.pipeline import check_program
from backproof.source import program_from_bytes

BLOCKS = """
import numpy as np

rng = np.random.default_rng(14)
X, y = rng.normal(size=(19, 3)), rng.normal(size=(19, 1))
W, c = rng.normal(size=(3, 5)), rng.normal(size=5)
V, d = rng.normal(size=(5, 1)), rng.normal(size=1)
for k in range(100):
    H = np.tanh(X @ W + c)
    E = (H @ V + d - y) / len(X)
    loss = np.sum(E ** 2) * len(X) / 2
    if k % 2:
        V -= 0.1 * H.T @ E
        d -= 0.1 * E.sum(0)
    else:
        D = E @ V.T * (1 - H ** 2)
        W -= 0.1 * X.T @ D
        c -= 0.1 * D.sum(0)
    if k % 20 == 0: print(loss)
"""
PLAYERS = """
import numpy as np

rng = np.random.default_rng(23)
real = rng.normal(2, 0.5, size=(17, 2))
Wg, bg = rng.normal(size=(3, 2)), rng.normal(size=2)
wd, bd = rng.normal(size=2), 0.1
sig = lambda z: 1 / (1 + np.exp(-z))
for k in range(60):
    z = rng.normal(size=(17, 3))
    fake = z @ Wg + bg
    pr, pf = sig(real @ wd + bd), sig(fake @ wd + bd)
    d_loss = -np.mean(np.log(pr)) - np.mean(np.log(1 - pf))
    gr, gf = (pr - 1) / 17, pf / 17
    wd = wd - 0.05 * (real.T @ gr + fake.T @ gf)
    bd = bd - 0.05 * (gr.sum() + gf.sum())
    pf = sig(fake @ wd + bd)
    g_loss = -np.mean(np.log(pf))
    df = np.outer((pf - 1) / 17, wd)
    Wg = Wg - 0.05 * z.T @ df
    bg = bg - 0.05 * df.sum(0)
    if k % 10 == 0: print(d_loss, g_loss)
"""


def _verdict(text: str) -> tuple[str, list[str]]:
    report = check_program(program_from_bytes(text.encode(), "turns.py"))
    return report.verdict, [f.name for f in report.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("1 - H ** 2", "1 + H ** 2", "sign-flipped"),
        ("d -= 0.1 * E", "d += 0.1 * E", "sign-flipped"),
        ("V -= 0.1 * H.T @ E", "V -= 0.1 * H.T @ y", "wrong-operand"),
    ],
)
def test_blocks_in_other_rounds(right: str, wrong: str, name: str) -> None:
    """Each block is judged in the rounds in which it is updated."""
    assert _verdict(BLOCKS) == ("correct", [])
    assert _verdict(BLOCKS.replace(right, wrong)) == ("faulty", [name])


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("gf = (pr - 1) / 17, pf / 17", "gf = (pr - 1) / 17, (pf - 1) / 17", "wrong-operand"),
        ("bg - 0.05 * df", "bg + 0.05 * df", "sign-flipped"),
    ],
)
def test_players_of_one_round(right: str, wrong: str, name: str) -> None:
    """A loss that is computed anew with what was updated is that of those that are updated next."""
    assert _verdict(PLAYERS) == ("correct", [])
    assert _verdict(PLAYERS.replace(right, wrong)) == ("faulty", [name])


def test_updated_weights_are_no_turn() -> None:
    """Where no loss is computed anew, the weights were updated too early."""
    text = (
        BLOCKS.replace("if k % 2:", "if True:")
        .replace("    else:\n", "")
        .replace("        D = E", "    D = E")
    )
    text = text.replace("        W -=", "    W -=").replace("        c -=", "    c -=")
    assert _verdict(text) == ("faulty", ["updated-weights"])


def test_two_losses_at_once() -> None:
    """Where no loss is computed anew, two losses may be meant, or parts of one: nothing is called wrong."""
    at_once = PLAYERS.replace("    pf = sig(fake @ wd + bd)\n    g_loss", "    g_loss").replace(
        "(pf - 1) / 17, wd)", "(pf - 1) / 17, old)"
    )
    at_once = at_once.replace("    gr, gf =", "    old = wd.copy()\n    gr, gf =")
    report = check_program(program_from_bytes(at_once.encode(), "at_once.py"))
    assert report.verdict == "inconclusive"
    assert report.reason is not None
    assert "`g_loss`" in report.reason


def test_the_call_that_applies_sums_of_gradients_is_no_turn() -> None:
    """What a backward pass has added up is no block that was updated: the step is the whole round."""
    text = """
import numpy as np

class Layer:
    def __init__(self, rng):
        self.w, self.b = rng.normal(size=(3, 2)), rng.normal(size=2)
        self.dw, self.db = np.zeros((3, 2)), np.zeros(2)
    def apply(self, rate):
        self.w -= rate * self.dw
        self.b -= rate * self.db
        self.dw, self.db = np.zeros_like(self.w), np.zeros_like(self.b)

rng = np.random.default_rng(4)
X, Y, layer = rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), Layer(rng)
for k in range(50):
    loss = 0
    for x, y in zip(X, Y):
        e = np.tanh(x @ layer.w + layer.b) - y
        loss += np.sum(e ** 2)
        d = 2 * e * (1 - (e + y) ** 2)
        layer.dw += np.outer(x, d)
        layer.db += d
    layer.apply(0.01)
    print(loss)
"""
    assert _verdict(text) == ("correct", [])
    assert _verdict(text.replace("(1 - (e + y) ** 2)", "(1 - (e + y))"))[0] == "faulty"
