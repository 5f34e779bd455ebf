from __future__ import annotations

import pickle

import numpy as np

from backproof.graph import Node, ancestors, apply, constant, leaf
from backproof.graph.node import shape_of


def test_operands_come_first_and_once() -> None:
    """Every node is listed once, after its operands, in the order of first use."""
    x, y = leaf(2.0), leaf(3.0)
    a = apply("add", x, y)
    b = apply("multiply", a, a)
    c = apply("subtract", b, x)
    assert ancestors([c, a, c]) == [x, y, a, b, c]
    assert ancestors([]) == []


def test_a_walk_may_stop() -> None:
    """Where a walk is told to stop, the node is listed and its operands are not looked at."""
    x = leaf(2.0)
    inner = apply("exp", x)
    outer = apply("sin", inner)
    assert ancestors([outer], lambda node: node is inner) == [inner, outer]


def test_many_paths_take_no_time() -> None:
    """A chain of values that are each used twice, with 2^200 paths, is walked once a node."""
    z = leaf(1.0)
    for _ in range(200):
        z = apply("add", z, z)
    assert len(ancestors([z])) == 201


def test_nodes_are_compared_by_identity() -> None:
    """Two nodes of equal contents are two nodes."""
    assert leaf(1.0) != leaf(1.0)
    assert len({leaf(1.0), leaf(1.0)}) == 2


def test_nodes_travel_between_processes() -> None:
    """A graph can be pickled, and its shared nodes stay shared."""
    x = leaf(np.array([1.0, 2.0]), "x", origin=(3, 4))
    z = pickle.loads(pickle.dumps(apply("multiply", x, apply("sum", x, axis=0), name="z")))
    assert (z.name, z.operands[0].name, z.operands[0].origin) == ("z", "x", (3, 4))
    assert z.operands[0] is z.operands[1].operands[0]
    assert dict(z.operands[1].attributes) == {"axis": 0}


def test_shapes() -> None:
    """Numbers of Python and of NumPy have shape (), arrays and lists their own."""
    shapes = [
        shape_of(constant(value)) for value in (1.5, 2, True, np.float32(1), np.ones((2, 3)), [[1.0, 2.0]])
    ]
    assert shapes == [(), (), (), (), (2, 3), (1, 2)]
    assert repr(Node("leaf", value=np.ones((2, 3)), name="W")) == "<leaf W (2, 3)>"
