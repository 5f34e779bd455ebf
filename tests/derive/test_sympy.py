"""SymPy, which knows nothing of graphs, agrees on the formulas of a few numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backproof.derive.points import random_points
from backproof.derive.statements import statements
from backproof.derive.verified import computed
from backproof.graph import ancestors
from backproof.runner import Runner

from .corpus import neurons
from .test_corpus import MEMBERS, derived

SCALARS = (
    *("one_neuron", "line", "quotient", "hypotenuse", "sines", "logarithm", "powers", "nested_tanh"),
    "two_paths",
)


def symbolic(function: Callable[..., Any], sympy: Any) -> tuple[Any, dict[str, Any]]:
    """The formula that a function computes, and the symbols of its arguments."""
    names = list(inspect.signature(function).parameters)
    symbols = {name: sympy.Symbol(name, real=True) for name in names}
    calls = ("exp", "tanh", "sqrt", "sin", "cos", "atan", "log")
    space = {"math": SimpleNamespace(**{call: getattr(sympy, call) for call in calls})}
    exec(inspect.getsource(function), space)
    return space[function.__name__](**symbols), symbols  # type: ignore[operator]


@pytest.mark.peer
@pytest.mark.parametrize("name", SCALARS)
def test_sympy_agrees(name: str) -> None:
    """The derived Python computes what SymPy's derivative does."""
    sympy = pytest.importorskip("sympy")
    formula, symbols = symbolic(getattr(neurons, name), sympy)
    with Runner() as runner:
        found = derived(*next(m for m in MEMBERS if m[1] == name), runner)
    forward = found.forward
    (point,) = random_points(forward, 1, seed=2)
    given = computed(found, statements(found), point)
    assert given is not None
    values = {
        forward.names[n]: float(np.asarray(point.get(n, n.value)))
        for n in ancestors([forward.loss])
        if n.operation == "leaf" and forward.names.get(n) in symbols
    }
    for p in forward.parameters:
        true = float(
            sympy.diff(formula, symbols[p.name]).evalf(30, subs={symbols[k]: v for k, v in values.items()})
        )
        assert math.isclose(float(given[p.leaf]), true, rel_tol=1e-9, abs_tol=1e-12), p.name
