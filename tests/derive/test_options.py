"""What can be derived, how it is asked for, and what is said where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backproof.cli import main

QUESTION = """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_deriv(x):
    return sigmoid(x) * (1 - sigmoid(x))

rng = np.random.default_rng(4)
w1, w2 = rng.normal(size=10), rng.normal(size=10)
for step in range(100):
    x = rng.random() * 15
    y = np.sin(x)
    layer2 = w1 * x
    layer3 = sum(sigmoid(layer2) * w2)
    error = .5 * (layer3 - y) ** 2
    error_wrt_w2 = (y - layer3) * sigmoid(layer2)
    error_wrt_w1 = (y - layer3) * w2 * sigmoid_deriv(sigmoid(layer2)) * x
    w2 -= .01 * error_wrt_w2
    w1 -= .01 * error_wrt_w1
"""
FUNCTION = """
import numpy as np

def loss(W, b, x, t, scale=0.5, *, decay=0.03):
    out = np.tanh(x @ W + b)
    return scale * np.sum((out - t) ** 2) + decay * np.sum(W**2), out

def rows(W, x):
    return x @ W
"""


@pytest.fixture
def derive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Give a function that derives with options, and gives the exit code, the output and the errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "question.py").write_text(QUESTION)
    (tmp_path / "function.py").write_text(FUNCTION)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["derive", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_functions_of_the_program_are_used_where_they_are_right(derive) -> None:
    """The helper is called with what its formula is for, and names follow those of the author."""
    code, text, _ = derive("question.py", "--format", "python")
    assert code == 0
    assert text.splitlines()[1:] == [
        "error_wrt_layer3 = layer3 - y",
        "error_wrt_w2 = error_wrt_layer3 * sigmoid(layer2)",
        "error_wrt_w1 = error_wrt_layer3 * w2 * sigmoid_deriv(layer2) * x",
    ]


def test_a_wrong_function_is_not_used(derive, tmp_path: Path) -> None:
    """A derivative function with a mistake in it stays out of the derivation."""
    (tmp_path / "question.py").write_text(QUESTION.replace("* (1 - sigmoid(x))", "* (1 + sigmoid(x))"))
    code, text, _ = derive("question.py", "--format", "python")
    assert code == 0
    assert "sigmoid_deriv" not in text
    assert "(1 - " in text


def test_the_chain_is_whole(derive) -> None:
    """Every value between a weight and the loss has its factor."""
    _, text, _ = derive("question.py")
    chain = "∂error/∂layer3 · ∂layer3/∂sigmoid(layer2) · ∂sigmoid(layer2)/∂layer2 · ∂layer2/∂w1"
    assert f"∂error/∂w1 = {chain}" in text


def test_a_notebook(derive, tmp_path: Path) -> None:
    """The cells of a notebook are one program."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": part}
        for part in QUESTION.split("rng = ", 1)
    ]
    cells[1]["source"] = "rng = " + str(cells[1]["source"])
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    code, text, _ = derive("book.ipynb", "--format", "python")
    assert code == 0
    assert "sigmoid_deriv(layer2)" in text


def test_a_function_with_defaults_and_two_results(derive) -> None:
    """A default has its name and is no weight; of a tuple the first number is derived."""
    shapes = ("--shapes", "W=5,3", "b=3", "x=7,5", "t=7,3")
    code, text, _ = derive("function.py:loss", *shapes, "--format", "python")
    assert code == 0
    assert "2 * decay * W" in text
    assert "d_scale" not in text
    assert "(out - t) * (1 - out**2)" in text


def test_sizes_in_letters(derive) -> None:
    """Shapes are printed in the letters that they were given in."""
    code, text, _ = derive("function.py:loss", "--shapes", "W=(n,m)", "b=(m)", "x=(N,n)", "t=(N,m)")
    assert code == 0
    assert "∂loss/∂W, shape (n, m)" in text
    assert "∂loss/∂z, shape (N, m), one row a sample" in text


def test_what_hangs_on_the_sizes_is_not_claimed_for_all(derive) -> None:
    """A mean over a part of a vector divides by a number: that number is no letter."""
    code, _, said = derive("--formula", "mean((W@x)[1:])", "--wrt", "W", "--shapes", "W=(n,m)", "x=(m)")
    assert code == 2
    assert "hangs on the sizes" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("function.py:rows", "--shapes", "W=5,3", "x=7,5"), "sum it up, or take its mean"),
        (("function.py:rows",), "--shapes W=5,3"),
        (("function.py:none",), "it has: loss, rows"),
        (("question.py", "--loss", "nothing"), "--loss NAME"),
        (("question.py", "--wrt", "w9"), "no variable w9"),
        (("question.py", "--wrt", "y", "--loss", "error", "--order", "2", "--format", "html"), "--order 2"),
        (("--formula", "W@x", "--wrt", "W", "--shapes", "W=2,3", "x=3"), "shape (2,)"),
        (("--formula", "w*x", "--wrt", "w", "--shapes", "w5"), "no shape"),
        ((), "PROGRAM or --formula"),
        (("question.py", "--emit", "numpy", "--output", "none/here.py"), "cannot be written"),
        (("function.py:loss", "--emit", "numpy"), "give their shapes"),
        (("missing.py",), "no file missing.py"),
    ],
)
def test_what_cannot_be_done_is_said(derive, arguments: tuple[str, ...], said: str) -> None:
    """The message says what to do, and the exit code is 2."""
    code, out, error = derive(*arguments)
    assert code == 2
    assert said in error
    assert not out


def test_weights_in_lists_and_objects(derive, tmp_path: Path) -> None:
    """What containers and objects hold can be named, and is found by its name."""
    (tmp_path / "lists.py").write_text(
        "import numpy as np\nrng = np.random.default_rng(0)\nX, Y = rng.normal(size=(2, 6, 4))\n"
        "Ws = [rng.normal(size=(4, 4)) for _ in range(2)]\nout = X\n"
        "for W in Ws:\n    out = np.tanh(out @ W)\nloss = np.mean((out - Y) ** 2)\n"
    )
    for arguments in ((), ("--wrt", "Ws[0],Ws[1]")):
        code, text, _ = derive("lists.py", *arguments, "--format", "python")
        assert code == 0
        assert "return dWs0, dWs1" in text


def test_the_transcript_of_the_readme(derive) -> None:
    """What the README shows is what is printed."""
    root = Path(__file__).parents[2]
    (Path.cwd() / "waves.py").write_text((root / "src/backproof/examples/waves.py").read_text())
    code, text, _ = derive("waves.py")
    assert code == 0
    assert text.rstrip() in (root / "README.md").read_text()


def test_a_formula_may_begin_with_a_minus(derive) -> None:
    """It is no option."""
    code, text, _ = derive("--formula", "-sum(x**2)", "--wrt", "x", "--shapes", "x=5", "--format", "python")
    assert code == 0
    assert text.endswith("dx = -2 * x\n")
