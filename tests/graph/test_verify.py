from __future__ import annotations

import numpy as np
import pytest

from backproof.graph import Node, apply, constant, leaf, verify

X = leaf(np.ones((2, 3)), "x")


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        (Node("frobnicate", (X,), {}, 1.0), "not in the table"),
        (Node("add", (X,), {}, X.value), "1 operands, but its operation takes 2"),
        (Node("exp", (X, X), {}, X.value), "2 operands, but its operation takes 1"),
        (Node("sum", (X,), {"axes": 0}, np.ones(3)), "no attribute 'axes'"),
        (Node("reshape", (X,), {}, np.ones(6)), "attribute 'shape' is missing"),
        (Node("sum", (X,), {"axis": 0}, np.ones(2)), r"should have shape \(3,\)"),
        (Node("matmul", (X, X), {}, np.ones((2, 2))), "cannot be computed from its operands"),
        (Node("sum", (X,), {"axis": 5}, 1.0), "cannot be computed from its operands"),
        (Node("exp", (X,), {}, None), "no value"),
        (Node("leaf", (X,), {}, 1.0), "it has operands"),
    ],
)
def test_illegal_graphs(node: Node, problem: str) -> None:
    """Each way to be illegal is refused in a sentence, also where it lies deep inside."""
    for graph in (node, Node("identity", (node,), {}, 1.0)):
        with pytest.raises(ValueError, match=problem):
            verify([X, graph])


def test_legal_graphs() -> None:
    """What apply makes is legal; functions with no rule are not called to see that."""
    z = apply("sum", apply("multiply", X, constant(2.0)), axis=(0, 1))
    verify([z])
    verify([Node("opaque", (X,), {"function": "nowhere.at_all"}, 1.0)])
