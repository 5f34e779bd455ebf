from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import OPERATIONS, Node, apply, constant, leaf
from backproof.notation import to_latex
from backproof.notation.latex import latex_name, latex_value

X, Y = leaf(np.ones((2, 3)), "x"), leaf(np.ones((2, 3)), "y")
S = leaf(2.5, "s")


def do(operation: str, *operands: object, **attributes: object) -> Node:
    """Apply an operation; short, for tables."""
    return apply(operation, *operands, **attributes)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (do("multiply", do("add", X, Y), S), r"\left(x + y\right) \cdot s"),
        (do("multiply", X, Y), r"x \odot y"),
        (do("matmul", do("transpose", X), do("subtract", X, Y)), r"x^{\top} \, \left(x - y\right)"),
        (do("subtract", X, do("subtract", X, Y)), r"x - \left(x - y\right)"),
        (do("subtract", do("subtract", X, Y), X), "x - y - x"),
        (do("multiply", 2.0, do("negative", X)), r"2 \cdot \left(-x\right)"),
        (do("divide", do("add", X, Y), S), r"\frac{x + y}{s}"),
        (do("square", do("divide", X, Y)), r"\left(\frac{x}{y}\right)^{2}"),
        (do("square", do("exp", do("add", X, Y))), r"\left(\mathrm{e}^{x + y}\right)^{2}"),
        (do("square", do("transpose", X)), r"\left(x^{\top}\right)^{2}"),
        (do("power", X, do("negative", Y)), "x^{-y}"),
        (do("sum", do("square", X), axis=0), r"\sum_{\text{axis } 0} x^{2}"),
        (do("multiply", do("sum", do("add", X, Y)), S), r"\left(\sum \left(x + y\right)\right) \cdot s"),
        (do("index", X, index=(slice(None), 0)), "{x}_{:, 0}"),
        (do("index", X, index=(slice(None), None)), r"{x}_{:, \ast}"),
        (do("greater", do("add", X, Y), 0.5), r"x + y > \frac{1}{2}"),
        (do("sqrt", do("add", X, Y)), r"\sqrt{x + y}"),
        (do("exp", do("subtract", X, do("max", X))), r"\exp\left(x - \max\left(x\right)\right)"),
        (do("negative", do("sum", X)), r"-\sum x"),
        (do("add", do("sum", X), S), r"\left(\sum x\right) + s"),
        (do("add", S, do("sum", X)), r"s + \sum x"),
        (do("multiply", 0.5, X), r"\frac{1}{2} \cdot x"),
        (
            do("where", do("greater", X, 0.0), X, 0.0),
            r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        ),
        (do("clip", X, lower=None, upper=1e-7), r"\operatorname{clip}\left(x, \cdot, 10^{-7}\right)"),
        (do("sigmoid", do("matmul", do("transpose", X), Y)), r"\sigma\left(x^{\top} \, y\right)"),
    ],
)
def test_as_a_person_writes_it(node: Node, text: str) -> None:
    """Formulas have the parentheses that they need and no others."""
    assert to_latex(node) == text


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_record_gives_balanced_latex(name: str) -> None:
    """No template leaves a mark unfilled, a brace open, a name unescaped, or an index upon an index."""
    for seed in range(12):
        operands, attributes = OPERATIONS[name].domain(np.random.default_rng(seed))
        z = apply(name, *[leaf(x, f"layer_{k}") for k, x in enumerate(operands)], **attributes)
        for text in (to_latex(z), to_latex(apply("transpose", apply("multiply", 2.0, z)))):
            plain = text.replace(r"\{", "").replace(r"\}", "").replace(r"$\to$", "")
            assert "$" not in plain
            assert plain.count("{") == plain.count("}")
            assert text.count(r"\left") == text.count(r"\right")
            assert "}_{0}_{" not in text
            assert "None" not in text.replace("None, ", "").replace(", None", "") or name.startswith("index")


def test_names() -> None:
    """Names are set as mathematics; what LaTeX reserves is escaped; names stand for whole nodes."""
    pairs = {"W1": "W_{1}", "b_2": "b_{2}", "alpha": r"\alpha", "theta3": r"\theta_{3}", "y_hat": r"\hat{y}"}
    pairs |= {
        "dL_dW": r"\mathrm{dL\_dW}",
        "layer1": r"\mathrm{layer}_{1}",
        "x": "x",
        "σ": "σ",
        "a%b": r"\mathrm{a\%b}",
    }
    for name, text in pairs.items():
        assert latex_name(name) == text
    inner = do("add", X, Y)
    assert to_latex(do("square", inner), {inner: "hidden"}) == r"\mathrm{hidden}^{2}"


def test_constants() -> None:
    """Numbers are short, powers of ten powers, arrays of one number bold, small matrices written out."""
    values = {
        0.5: r"\frac{1}{2}",
        3.0: "3",
        -1.0: "-1",
        1e-8: "10^{-8}",
        2.5e-7: r"2.5 \cdot 10^{-7}",
        np.inf: r"\infty",
    }
    for value, text in values.items():
        assert latex_value(value)[0] == text
    assert latex_value(np.zeros((2, 3)))[0] == r"\mathbf{0}"
    assert latex_value(np.array([[1, 2], [3, 4]]))[0] == r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"
    assert latex_value(np.arange(20.0))[0] == r"\text{array of shape (20,)}"
    assert to_latex(do("power", constant(-2.0), 2)) == r"\left(-2\right)^{2}"
    assert to_latex(do("multiply", S, constant(np.nan))) == r"s \cdot \text{nan}"
