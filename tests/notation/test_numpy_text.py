from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.graph import Node, ancestors, apply, constant, leaf
from backproof.notation import to_numpy

X = leaf(np.array([[0.5, 1.5, 2.0], [3.0, 0.25, 1.0]]), "x")
Y = leaf(np.array([[0.75, 0.5, 1.0], [2.0, 1.25, 3.0]]), "y")
S = leaf(2.5, "s")


def do(operation: str, *operands: object, **attributes: object) -> Node:
    """Apply an operation; short, for tables."""
    return apply(operation, *operands, **attributes)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (do("subtract", X, do("subtract", Y, S)), "x - (y - s)"),
        (do("subtract", do("subtract", X, Y), S), "x - y - s"),
        (do("add", X, do("add", Y, S)), "x + (y + s)"),
        (do("multiply", do("add", X, Y), S), "(x + y) * s"),
        (do("divide", X, do("multiply", Y, S)), "x / (y * s)"),
        (do("negative", do("add", X, Y)), "-(x + y)"),
        (do("negative", do("multiply", X, Y)), "-(x * y)"),
        (do("multiply", do("negative", X), Y), "-x * y"),
        (do("negative", do("power", X, 2)), "-x**2"),
        (do("power", do("negative", X), 2.0), "(-x)**2"),
        (do("power", do("power", X, Y), S), "(x**y)**s"),
        (do("power", X, do("power", Y, S)), "x**y**s"),
        (do("power", X, do("negative", Y)), "x**-y"),
        (do("power", X, -2.0), "x**-2.0"),
        (do("power", -2.0, do("floor", X)), "(-2.0)**np.floor(x)"),
        (do("square", do("add", X, 1.0)), "(x + 1)**2"),
        (do("matmul", do("transpose", X), do("subtract", X, Y)), "x.T @ (x - y)"),
        (do("transpose", do("matmul", X, do("transpose", Y))), "(x @ y.T).T"),
        (do("greater", do("add", X, Y), 1.0), "x + y > 1"),
        (do("multiply", do("greater", X, 0.0), Y), "(x > 0) * y"),
        (do("equal", do("greater", X, Y), True), "(x > y) == True"),
        (
            do("sum", do("square", do("subtract", X, Y)), axis=0, keepdims=True),
            "np.sum((x - y)**2, axis=0, keepdims=True)",
        ),
        (do("index", do("add", X, Y), index=(slice(None), 0)), "(x + y)[:, 0]"),
        (do("multiply", S, do("sigmoid", X)), "s * (1 / (1 + np.exp(-x)))"),
        (do("maximum", 0.0, X), "np.maximum(0.0, x)"),
        (do("identity", do("add", X, Y)), "x + y"),
        (do("multiply", do("identity", do("add", X, Y)), S), "(x + y) * s"),
        (do("concatenate", X, Y, axis=1), "np.concatenate([x, y], axis=1)"),
        (do("einsum", X, Y, subscripts="ij,ij->i"), "np.einsum('ij,ij->i', x, y)"),
        (do("subtract", X, -1.0), "x - -1"),
        (do("multiply", X, 0.1), "x * 0.1"),
        (do("transpose", constant(np.ones((2, 3)))), "np.ones((2, 3)).T"),
    ],
)
def test_as_a_person_writes_it(node: Node, text: str) -> None:
    """Operators, transposes, indices and calls have the parentheses that they need and no others."""
    assert to_numpy(node) == text
    np.testing.assert_allclose(eval(text, {"np": np, "x": X.value, "y": Y.value, "s": S.value}), node.value)


def test_names() -> None:
    """Named nodes are written as their names, and expressions as names are enclosed where they have to be."""
    inner = do("add", X, Y)
    z = do("multiply", inner, S)
    assert to_numpy(z, {inner: "h"}) == "h * s"
    assert to_numpy(z, {inner: "layers[0].out", X: "unused"}) == "layers[0].out * s"
    assert to_numpy(z, {inner: "a + b"}) == "(a + b) * s"
    assert to_numpy(z, {z: "out"}) == "out"
    assert to_numpy(z, {X: "inputs"}) == "(inputs + y) * s"
    assert to_numpy(do("multiply", constant(1.0), X), {}) == "1 * x"
    assert to_numpy(do("add", leaf(0.25), X)) == "0.25 + x"


def test_depth() -> None:
    """An expression deeper than the recursion limit is written all the same."""
    z = S
    for _ in range(3000):
        z = do("sin", z)
    assert to_numpy(z) == "np.sin(" * 3000 + "s" + ")" * 3000


INFIX = ("add", "subtract", "multiply", "divide", "power", "maximum", "floor_divide", "remainder")
PREFIX = ("negative", "exp", "square", "sigmoid", "reciprocal", "identity", "abs")


@st.composite
def expressions(draw: st.DrawFn) -> Node:
    """Expressions of operators that could be mistaken for one another."""
    pool = [leaf(np.float64(draw(st.floats(0.5, 2))), name) for name in "abc"] + [
        constant(c) for c in (-1.0, 2.0, 0.5)
    ]
    for _ in range(draw(st.integers(1, 9))):
        name = draw(st.sampled_from(INFIX + PREFIX))
        operands = [draw(st.sampled_from(pool)) for _ in range(2 if name in INFIX else 1)]
        pool.append(apply(name, *operands))
    if draw(st.booleans()):
        return apply("greater", pool[-1], apply("equal", pool[-1], draw(st.sampled_from(pool))))
    return pool[-1]


class NumPyNumbers(ast.NodeTransformer):
    """Give literals NumPy's arithmetic, in which 1 / 0 and (-1)**0.5 raise no error and are not complex."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # noqa: D102
        return ast.parse(f"np.float64({node.value})", mode="eval").body


@settings(max_examples=150, deadline=None)
@given(node=expressions())
def test_random_expressions(node: Node) -> None:
    """Whatever is nested in whatever, the text evaluates to the value, and no parentheses are superfluous."""
    text = to_numpy(node)
    names = {n.name: n.value for n in ancestors([node]) if n.name} | {"np": np}
    with np.errstate(all="ignore"):
        value = eval(compile(NumPyNumbers().visit(ast.parse(text, mode="eval")), text, "eval"), names)
    np.testing.assert_allclose(float(value), float(node.value), rtol=1e-12)
    tree = ast.dump(ast.parse(text))
    for start in (k for k, c in enumerate(text) if c == "(" and (k == 0 or not (text[k - 1].isalnum()))):
        depth = 0
        for end in range(start, len(text)):
            depth += (text[end] == "(") - (text[end] == ")")
            if depth == 0:
                break
        without = text[:start] + text[start + 1 : end] + text[end + 1 :]
        assert "," in text[start:end] or ast.dump(ast.parse(without)) != tree
