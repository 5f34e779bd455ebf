"""Compute the values of a graph again: at other leaves, in another precision, or along a complex step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from backproof.graph.node import Node, ancestors
from backproof.graph.operations import OPERATIONS


def cast(value: Any, dtype: Any) -> Any:
    """Convert a floating value to a type; leave integers, booleans and everything else alone."""
    kind = type(value)
    if kind is float or kind is np.float64:
        return value if dtype is np.float64 else dtype(value)
    if isinstance(value, np.ndarray):
        return value.astype(dtype) if value.dtype.kind == "f" and value.dtype != dtype else value
    return dtype(value) if isinstance(value, np.floating) else value


def evaluate(
    results: Iterable[Node], replace: Mapping[Node, Any] | None = None, dtype: Any = np.float64
) -> dict[Node, Any]:
    """Give the value of every node that the results are computed from, up to those that are replaced.

    ``replace`` gives other values to leaves (or to any node, whose operands then do not matter). ``dtype`` is
    ``np.float64``, ``np.longdouble`` for the size of rounding, or ``np.complex128`` for a complex step, where
    real parts decide comparisons and imaginary parts carry a derivative. Floating point warnings are off:
    what is not finite is seen in the values.

    Examples
    --------
    >>> from backproof.graph import apply, evaluate, leaf
    >>> x = leaf(2.0)
    >>> z = apply("square", x)
    >>> float(evaluate([z], {x: 3.0})[z])
    9.0
    >>> float(evaluate([z], {x: 3.0 + 1e-200j}, np.complex128)[z].imag / 1e-200)
    6.0
    """
    replace = replace or {}
    return _Line(ancestors(results, replace.__contains__), dtype).at(replace)


def evaluate_at(
    results: Iterable[Node], points: Iterable[Mapping[Node, Any]], dtype: Any = np.float64
) -> Iterator[dict[Node, Any]]:
    """Evaluate the results at one point after the other, each given as ``replace``, when asked for."""
    line = _Line(ancestors(results), dtype)
    for point in points:
        yield line.at(point)


Prepared = tuple[Node, Callable[..., Any], tuple[Node, ...], Mapping[str, Any], bool]


class _Line:
    """Nodes, operands first, with what is looked up once for all points: values, functions, attributes."""

    def __init__(self, nodes: Iterable[Node], dtype: Any) -> None:
        self.dtype = dtype
        self.own: dict[Node, Any] = {}  # values of leaves and constants
        self.computed: list[Prepared] = []
        for node in nodes:
            if not node.operands and node.operation in ("leaf", "constant"):
                self.own[node] = cast(node.value, dtype)
            else:
                self.computed.append(_prepared(node, dtype))

    def at(self, replace: Mapping[Node, Any]) -> dict[Node, Any]:
        """The value of every node, some replaced."""
        dtype, own = self.dtype, self.own
        values = {node: cast(replace[node], dtype) if node in replace else own[node] for node in own}
        widen = dtype is np.longdouble
        with np.errstate(all="ignore"):
            for node, function, operands, attributes, exact in self.computed:
                if node in replace:
                    values[node] = cast(replace[node], dtype)
                elif attributes or widen:
                    given = [values[operand] for operand in operands]
                    result = function(*given, **attributes)
                    if widen and exact and _is_narrow(result):  # integers only came in, such as 1 / 3
                        result = function(*[_widened(operand) for operand in given], **attributes)
                    values[node] = result
                elif len(operands) == 2:  # most of a graph of single numbers
                    x, y = operands
                    values[node] = function(values[x], values[y])
                else:
                    values[node] = function(*[values[operand] for operand in operands])
        return values


def _prepared(node: Node, dtype: Any) -> Prepared:
    """A node, and what computes it: its function, operands, attributes, exactness."""
    attributes = node.attributes
    if attributes and "dtype" in attributes and np.dtype(attributes["dtype"]).kind == "f":
        attributes = {**attributes, "dtype": dtype}
    operation = OPERATIONS[node.operation]
    return node, operation.value, node.operands, attributes, operation.exact


def _is_narrow(value: Any) -> bool:
    return isinstance(value, float) or getattr(value, "dtype", None) == np.float64 != np.longdouble


def _widened(value: Any) -> Any:
    return np.asarray(value, np.longdouble)[()] if np.asarray(value).dtype.kind in "iuf" else value
