from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.graph import Node, adjoints, ancestors, apply, constant, evaluate, leaf, simplify, verify
from backproof.notation import to_numpy

from .table import DERIVED, draw, floating, weighted_sum

X = leaf(np.array([[0.5, -1.5, 2.0], [3.0, 0.25, 1.0]]), "x")
Y = leaf(np.array([0.5, 2.0, 5.0]), "y")
S = leaf(2.5, "s")


def do(operation: str, *operands: object, **attributes: object) -> Node:
    """Apply an operation; short, for tables."""
    return apply(operation, *operands, **attributes)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (do("multiply", X, 1.0), "x"),
        (do("multiply", 1, X), "x"),
        (do("multiply", -1.0, X), "-x"),
        (do("multiply", np.ones((2, 3)), X), "x"),
        (do("add", X, 0.0), "x"),
        (do("add", np.zeros(3), X), "x"),
        (do("subtract", X, 0), "x"),
        (do("subtract", 0.0, X), "-x"),
        (do("divide", X, 1.0), "x"),
        (do("power", X, 1), "x"),
        (do("negative", do("negative", X)), "x"),
        (do("negative", do("subtract", X, Y)), "y - x"),
        (do("add", X, do("negative", Y)), "x - y"),
        (do("add", do("negative", X), Y), "y - x"),
        (do("subtract", X, do("negative", Y)), "x + y"),
        (do("sum", S), "s"),
        (do("sum", X, axis=()), "x"),
        (do("transpose", do("transpose", X)), "x"),
        (do("transpose", Y), "y"),
        (
            do("transpose", do("transpose", do("stack", X, X), axes=(1, 2, 0)), axes=(2, 0, 1)),
            "np.stack([x, x])",
        ),
        (do("reshape", X, shape=(2, 3)), "x"),
        (do("reshape", do("reshape", X, shape=(6,)), shape=(3, 2)), "np.reshape(x, (3, 2))"),
        (do("broadcast_to", X, shape=(2, 3)), "x"),
        (do("multiply", do("broadcast_to", Y, shape=(2, 3)), X), "y * x"),
        (do("multiply", do("broadcast_to", S, shape=(2, 3)), X), "s * x"),
        (do("identity", X), "x"),
        (do("multiply", do("add", 2.0, 3.0), X), "5 * x"),
        (do("subtract", 1.0, do("negative", do("multiply", X, 1.0))), "1 + x"),
        (do("multiply", do("multiply", X, 2.0), 0.5), "x"),
        (do("multiply", 3.0, do("multiply", 2.0, Y)), "6 * y"),
        (do("add", do("multiply", 3.0, X), do("multiply", Y, 3.0)), "3 * (x + y)"),
        (do("subtract", do("multiply", 3.0, X), do("multiply", 3.0, Y)), "3 * (x - y)"),
        (do("add", do("multiply", -3.0, X), do("multiply", 3.0, Y)), "3 * (y - x)"),
        (do("subtract", do("multiply", 3.0, X), do("multiply", -3.0, Y)), "3 * (x + y)"),
        (do("subtract", do("multiply", 3.0, X), do("multiply", 2.0, Y)), "3 * x - 2 * y"),
        (
            do("multiply", do("negative", do("broadcast_to", constant(2.0), shape=(2, 3))), X),
            "-2 * x",
        ),
    ],
)
def test_a_rule(node: Node, text: str) -> None:
    """What says nothing disappears, and the value, its shape and its type stay."""
    (found,) = simplify([node])
    verify([found])
    assert to_numpy(found) == text
    np.testing.assert_array_equal(found.value, node.value)
    assert np.asarray(evaluate([found])[found]).dtype == np.asarray(node.value).dtype


@pytest.mark.parametrize(
    "node",
    [
        do("multiply", S, np.ones((2, 3))),
        do("add", Y, np.zeros((2, 3))),
        do("multiply", leaf(np.array([1, 2])), 1.0),
        do("broadcast_to", S, shape=(2,)),
        do("subtract", np.zeros((2, 3)), Y),
        do("transpose", do("transpose", do("stack", X, X), axes=(1, 2, 0)), axes=(1, 2, 0)),
        do("multiply", do("broadcast_to", S, shape=(2, 3)), S),
        do("multiply", X, 0.0),
        do("add", X, 1e-300),
    ],
)
def test_what_changes_the_value_stays(node: Node) -> None:
    """An operand that widens the shape or the type is not neutral, and 0·x is not 0 for every x."""
    (found,) = simplify([node])
    assert found is node


@pytest.mark.parametrize("name", DERIVED)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_values_stay(name: str, seed: int) -> None:
    """Over the whole table, a loss and its adjoints simplify to graphs of the same values at fresh points."""
    leaves, z = draw(name, seed)
    wanted, generator = floating(leaves), np.random.default_rng(seed)
    loss = weighted_sum([z], generator)
    before = [loss, *adjoints(loss, wanted).values()]
    after = simplify(before)
    verify(after)
    fresh = {x: x.value * generator.uniform(0.9, 1.1, np.shape(x.value)) for x in wanted}
    old, new = evaluate(before, fresh), evaluate(after, fresh)
    for a, b in zip(before, after, strict=True):
        assert np.shape(old[a]) == np.shape(new[b])
        np.testing.assert_allclose(new[b], old[a], rtol=1e-11, atol=1e-12)
    assert len(ancestors(after)) <= len(ancestors(before))
    assert all(a is b for a, b in zip(simplify(after), after, strict=True))


def test_equal_operations_become_one() -> None:
    """Two equal subexpressions become one node, also where attributes are arrays; different ones do not."""
    index = np.array([0, 2])
    a = [apply("index", Y, index=i) for i in (index, index.copy(), np.array([0, 1]), slice(0, 2), [0, 2])]
    found = simplify(a)
    assert found[0] is found[1]
    assert len(set(found)) == 4
    assert simplify([constant(2.0)])[0] is not simplify([constant(2)])[0]
    same = simplify([apply("add", X, 2.0), apply("add", X, 2.0), apply("add", X, 2)])
    assert same[0] is same[1] is not same[2]


def test_names_stay() -> None:
    """A node with a name is still there under its name; leaves are never renamed or merged."""
    kept = apply("multiply", X, 1.0, name="h")
    (found,) = simplify([apply("exp", kept)])
    assert found.operands[0] is kept
    (renamed,) = simplify([apply("negative", apply("negative", apply("exp", X)), name="e")])
    assert (renamed.name, renamed.operation) == ("e", "exp")
    p, q = simplify([apply("exp", X, name="p"), apply("exp", X, name="q")])
    assert (p.name, q.name) == ("p", "q")
    first, second = leaf(1.0), leaf(1.0)
    assert simplify([first, second]) == [first, second]


def test_functions_with_no_rule_are_kept_apart() -> None:
    """Two calls that may be random stay two calls, and a call with constant operands is not folded."""
    calls = [apply("opaque", 3.0, function="numpy.random.normal") for _ in range(2)]
    found = simplify(calls)
    assert found[0] is not found[1]
    assert [node.operation for node in found] == ["opaque", "opaque"]


def test_an_adjoint_reads_well() -> None:
    """The simplified gradients of a layer are what a person writes by hand."""
    x, w, b = leaf(np.ones((7, 3)), "x"), leaf(np.full((3, 5), 0.1), "W"), leaf(np.zeros(5), "b")
    t = leaf(np.zeros((7, 5)), "t")
    a = apply("sigmoid", apply("add", apply("matmul", x, w), b))
    e = apply("subtract", a, t)
    loss = apply("multiply", 0.5, apply("sum", apply("square", e)))
    found = dict(zip("Wb", simplify(adjoints(loss, [w, b]).values()), strict=True))
    names = {node: "a" for node in ancestors(found.values()) if node.operation == "sigmoid"}
    assert to_numpy(found["W"], names) == "x.T @ ((a - t) * (a * (1 - a)))"
    assert to_numpy(found["b"], names) == "np.sum((a - t) * (a * (1 - a)), axis=0)"
