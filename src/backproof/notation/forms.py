"""Templates that are much alike in all frameworks, but for what functions and keywords are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.errors import DerivationError
from backproof.graph import Node, attribute
from backproof.graph.literal import Written, index_literal, literal
from backproof.graph.node import shape_of
from backproof.notation.dialect import Template

FUNCTIONS = (
    *("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "floor", "ceil"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos"),
)


def reduction(function: str, axis_name: str, keep_name: str) -> Callable[[Node], str]:
    """The template of a sum or the like; the names are those of its keywords."""

    def template(node: Node) -> str:
        axis, keep = attribute(node, "axis"), attribute(node, "keepdims")
        text = f"{function}($0"
        text += "" if axis is None else f", {axis_name}={literal(axis)}"
        return text + (f", {keep_name}=True)" if keep else ")")

    return template


def index(module: str) -> Callable[[Node], str]:
    """The template of a part taken out of an array, by slices and by arrays of numbers."""

    def template(node: Node) -> str:
        return f"$0[{index_text(attribute(node, 'index'), module)}]"

    return template


def index_text(index: Any, module: str) -> str:
    """An index as source; arrays of numbers as tensors of the module."""
    parts = index if isinstance(index, tuple) else (index,)
    found = []
    for part in parts:
        text = part.text if isinstance(part, Written) else None
        if text is not None and text.startswith("np.arange("):
            found.append(module + text.removeprefix("np"))
        elif text is None and isinstance(part, (np.ndarray, list)):
            made = {"torch": "torch.tensor", "jnp": "jnp.array"}.get(module, "tf.constant")
            found.append(f"{made}({np.asarray(part).tolist()!r})")
        else:
            found.append(index_literal((part,)).rstrip(","))
    return ", ".join(found)


def flat_write(node: Node, module: str) -> tuple[str, str, str, str]:
    """Shape, the places written to as numbers of the flat array, the value there, and how many elements."""
    shape, index = shape_of(node), attribute(node, "index")
    places = np.zeros(shape, dtype=bool)[index].shape
    text, count = index_text(index, module), int(np.prod(shape))
    return repr(shape), text, repr(tuple(places)), str(count)


def flat(node: Node) -> None:
    """``np.dot`` of many axes sums along others than a product of matrices does."""
    x, y = (len(shape_of(o)) for o in node.operands)
    if node.operation == "dot" and x >= 2 and y >= 3:
        raise DerivationError("--emit: there is no way yet to write np.dot of more than two axes.")


def product(node: Node) -> str:
    """The template of ``np.dot``, of up to two axes each."""
    flat(node)
    return "$0 * $1" if any(shape_of(o) == () for o in node.operands) else "$0 @ $1"


def one_axis(node: Node) -> int:
    """The axis of an operation that a framework does along one axis only."""
    axis = attribute(node, "axis")
    if axis is None:
        raise DerivationError(f"--emit: there is no way yet to write {node.operation} of all axes at once.")
    return int(axis)


def outer(function: str, flat: str) -> Callable[[Node], str]:
    """The template of an outer product, of which the operands are made flat."""

    def template(node: Node) -> str:
        parts = [
            f"${k}" if len(shape_of(o)) == 1 else f"{flat}(${k}, (-1,))" for k, o in enumerate(node.operands)
        ]
        return function.format(*parts)

    return template


def joined(function: str, axis: str) -> Callable[[Node], str]:
    """The template of arrays put together along an axis."""
    return lambda node: f"{function}([$*], {axis}={one_axis(node)})"


def softmax(function: str, axis: str) -> Callable[[Node], str]:
    """The template of a softmax along an axis."""
    return lambda node: f"{function}($0, {axis}={one_axis(node)})"


def clip(function: str, lower: str, upper: str) -> Callable[[Node], str]:
    """The template of a clipping, either bound of which may be missing."""

    def template(node: Node) -> str:
        bounds = ((lower, attribute(node, "lower")), (upper, attribute(node, "upper")))
        refuse_arrays(*(bound for _, bound in bounds))
        return f"{function}($0" + "".join(f", {k}={literal(v)}" for k, v in bounds if v is not None) + ")"

    return template


def refuse_arrays(*bounds: Any) -> None:
    """Refuse bounds that are arrays."""
    if any(np.ndim(bound) for bound in bounds if bound is not None):
        raise DerivationError("--emit: there is no way yet to write bounds that are arrays.")


def floating(node: Node) -> str:
    """Another floating type: everything is in double precision."""
    if np.dtype(attribute(node, "dtype")).kind != "f":
        raise DerivationError(
            f"--emit: there is no way yet to write a conversion to {attribute(node, 'dtype')}."
        )
    return "$0"


def named(module: str) -> dict[str, Template]:
    """The functions of one value that have the same name everywhere."""
    return {name: f"{module}.{name}($0)" for name in FUNCTIONS}


def number_of(node: Node) -> str | None:
    """A constant that is one number, as a floating one; None for anything else."""
    one = node.operation == "constant" and np.ndim(node.value) == 0
    return literal(float(node.value)) if one else None


def padded(node: Node) -> list[tuple[int, int]]:
    """How many zeros stand before and behind along each axis."""
    count = len(shape_of(node))
    width = np.broadcast_to(np.asarray(attribute(node, "pad_width")), (count, 2))
    return [(int(before), int(behind)) for before, behind in width]


def equal_repeats(node: Node) -> str:
    """Refuse rows that are repeated unequally often, or give how they are along which axis."""
    if not isinstance(attribute(node, "repeats"), (int, np.integer)):
        raise DerivationError("--emit: there is no way yet to repeat rows unequally often.")
    axis = attribute(node, "axis")
    return "$0, $repeats" if axis is None else "$0, $repeats, $axis"
