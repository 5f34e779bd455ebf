"""Values that a program computes from data alone, as it writes them: ``-y``, ``np.sqrt(y @ y)``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.trace import Trace

LONGEST = 30
ALLOWED = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Constant, ast.Name, ast.Load),
    *(ast.Call, ast.Attribute),
)


def calculations(
    trace: Trace, texts: Mapping[Node, str], time: int
) -> tuple[dict[Node, str], dict[str, np.ndarray[Any, Any]]]:
    """Leaves that are short calculations with named data, as their text, and what the names in it hold.

    A name has to have the same value in every call; and what is written has to give the value of the leaf.
    """
    known: dict[str, Any] = {}
    several: set[str] = set()
    for binding in trace.bindings:
        if binding.time <= time:
            if binding.name in known and not _same(known[binding.name], binding.node.value):
                several.add(binding.name)
            known[binding.name] = binding.node.value
    found: dict[Node, str] = {}
    read: dict[str, np.ndarray[Any, Any]] = {}
    for node, text in texts.items():
        names = None if node.operands else _names(text)
        if not names or not names <= known.keys() - several:
            continue
        space = {name: known[name] for name in names}
        try:
            value = eval(text, {"np": np, "__builtins__": {}}, dict(space))
        except Exception:
            continue
        if _same(value, node.value):
            found[node] = text
            read |= {name: np.asarray(value) for name, value in space.items()}
    return found, read


def _names(text: str) -> set[str] | None:
    """The names in a calculation of operators and of NumPy's functions; None for anything else."""
    if text.isidentifier() or len(text) > LONGEST:
        return None
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    if not all(isinstance(node, ALLOWED) for node in ast.walk(tree)):
        return None
    modules = {
        id(n.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "np"
    }
    attributes = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    if len(attributes) != len(modules) or "random" in text:
        return None
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in modules}


def _same(one: Any, other: Any) -> bool:
    return np.shape(one) == np.shape(other) and bool(np.array_equal(np.asarray(one), np.asarray(other)))
