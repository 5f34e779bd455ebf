"""The reasons of a derivation: each line follows from those above it."""

from __future__ import annotations

from backproof.derive.account import Account, account
from backproof.derive.as_html import as_html
from backproof.derive.as_markdown import as_markdown
from backproof.derive.as_text import as_text
from backproof.deriving import Request, derive_formula, derive_program
from backproof.source import Program

CLASSIFIER = """
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(11, 5)), np.eye(3)[rng.integers(0, 3, 11)]
W, b = rng.normal(size=(5, 3)), rng.normal(size=3)
scores = X @ W + b
e = np.exp(scores - scores.max(axis=1, keepdims=True))
p = e / e.sum(axis=1, keepdims=True)
loss = -np.sum(Y * np.log(p)) / len(X)
"""
CURVE = """
import numpy as np
rng = np.random.default_rng(0)
angle, height, w, v = 0.7, 0.2, rng.normal(size=7), rng.normal(size=7)
inner = np.tanh(w * angle)
guess = np.sum(inner * v)
loss = 0.5 * (guess - height) ** 2
"""


def told(text: str) -> Account:
    """What is told of a program."""
    return account(derive_program(Program("net.py", text), Request()))


def reason(given: Account, name: str) -> str:
    """The reason of one line."""
    (found,) = [t.reason for section in given.sections for t in section.told if t.line.name == name]
    return found


def test_softmax_with_cross_entropy_is_explained() -> None:
    """What the logarithm leaves, what softmax takes from it, and why one is p and the other the target."""
    given = told(CLASSIFIER)
    because = reason(given, "dscores")
    assert "the logarithm gives −target/`p`" in because
    assert "as the targets of a row add up to one" in because
    assert because.endswith("over `len(X)`, for the loss is a mean")
    assert "loss = -np.sum(Y * np.log(p)) / len(X)\n" in as_text(given)
    assert r"e = \exp\left(\mathrm{scores} - " in as_markdown(given)


def test_the_square_and_the_sum_are_explained() -> None:
    """Where the 2 goes, and that every element of a sum gets the derivative."""
    given = told(CURVE)
    assert "the 2 and the ½ cancel" in reason(given, "dguess")
    assert "where all are summed up, a factor beside `inner`" in reason(given, "dv")


def test_functions_around_a_use_are_explained() -> None:
    """A square below a root: both derivatives are named, and no chain of one factor is written."""
    given = account(derive_formula("sqrt(w*w + v*v)", Request(("w", "v"))))
    assert (
        reason(given, "dw")
        == "squared in `loss`: times twice itself; and sqrt has the derivative `1 / (2 * loss)`"
    )
    text = as_text(given)
    assert "∂loss/∂w = ∂loss/∂w" not in text
    assert "The backward pass:\n  loss = np.sqrt(w * w + v * v)\n  dv = v / loss\n" in text


def test_the_lines_of_the_backward_pass_stand_below_as_equations() -> None:
    """What is used once stands inside what uses it."""
    markdown = as_markdown(told(CURVE))
    together = markdown.partition("Put together")[2].partition("## The backward pass")[0]
    assert r"\frac{\partial \mathrm{loss}}{\partial w} = " in together
    assert r"\frac{\partial \mathrm{loss}}{\partial \mathrm{inner}}" not in together
    assert "Put together" in as_html(told(CURVE))
