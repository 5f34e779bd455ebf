"""The operations of the table in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backproof.errors import DerivationError
from backproof.graph import Node, attribute
from backproof.graph.literal import literal
from backproof.graph.node import shape_of
from backproof.notation.dialect import Dialect
from backproof.notation.forms import (
    clip,
    equal_repeats,
    flat_write,
    floating,
    index,
    joined,
    named,
    number_of,
    one_axis,
    outer,
    padded,
    product,
    reduction,
    softmax,
)


def _reduced(function: str) -> Callable[[Node], str]:
    plain = reduction(f"torch.{function}", "dim", "keepdim")

    def template(node: Node) -> str:
        if attribute(node, "axis") is None and attribute(node, "keepdims"):
            every = tuple(range(len(shape_of(node.operands[0]))))
            return f"torch.{function}($0, dim={every!r}, keepdim=True)"
        return plain(node)

    return template


def _extreme(sign: str) -> Callable[[Node], str]:
    """``maximum`` of tensors; of a number ``clamp``, the slope of which is zero there as in the table."""

    def template(node: Node) -> str:
        x, y = node.operands
        for number, other in ((x, "$1"), (y, "$0")):
            if number.operation == "constant" and np.ndim(number.value) == 0:
                bound = "min" if sign == "maximum" else "max"
                if number.value == 0 and sign == "maximum":
                    return f"torch.relu({other})"
                return f"torch.clamp({other}, {bound}={literal(number.value)})"
        return f"torch.{sign}($0, $1)"

    return template


def _transpose(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    if axes is None:
        return "$0.T" if count == 2 else f"torch.permute($0, {tuple(range(count))[::-1]!r})"
    return f"torch.permute($0, {tuple(int(a) for a in axes)!r})"


def _write(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        shape, place, part, count = flat_write(node, "torch")
        rows = f"torch.arange({count}).reshape({shape})[{place}].reshape(-1)"
        number = number_of(node.operands[1])
        value = f"torch.broadcast_to($1, {part})" if number is None else f"torch.full({part}, {number})"
        function = "index_add" if add else "index_copy"
        return f"torch.reshape($0, (-1,)).{function}(0, {rows}, {value}.reshape(-1)).reshape({shape})"

    return template


def _pad(node: Node) -> str:
    every = [str(n) for before, behind in reversed(padded(node)) for n in (before, behind)]
    return f"torch.nn.functional.pad($0, ({', '.join(every)}))"


def _flip(node: Node) -> str:
    axis, count = attribute(node, "axis"), len(shape_of(node))
    every = range(count) if axis is None else np.atleast_1d(axis).tolist()
    return f"torch.flip($0, {tuple(every)!r})"


def _roll(node: Node) -> str:
    axis = attribute(node, "axis")
    return "torch.roll($0, $shift" + ("" if axis is None else f", dims={literal(axis)}") + ")"


def _log_sum(node: Node) -> str:
    axis, keep = attribute(node, "axis"), attribute(node, "keepdims")
    every = tuple(range(len(shape_of(node.operands[0])))) if axis is None else axis
    return f"torch.logsumexp($0, dim={literal(every)}" + (", keepdim=True)" if keep else ")")


def _trace(node: Node) -> str:
    if len(shape_of(node.operands[0])) != 2:
        raise DerivationError("--emit torch: there is no way yet to write the trace of more than two axes.")
    return "torch.trace($0)"


TORCH = Dialect(
    "torch",
    "PyTorch",
    {
        **named("torch"),
        "sigmoid": "torch.sigmoid($0)",
        "softplus": "torch.nn.functional.softplus($0)",
        "erf": "torch.erf($0)",
        "arctan": "torch.arctan($0)",
        "arctan2": "torch.arctan2($0, $1)",
        "log2": "torch.log2($0)",
        "log10": "torch.log10($0)",
        "hypot": "torch.hypot($0, $1)",
        "logaddexp": "torch.logaddexp($0, $1)",
        "logical_not": "torch.logical_not($0)",
        "logical_and": "torch.logical_and($0, $1)",
        "logical_or": "torch.logical_or($0, $1)",
        "logical_xor": "torch.logical_xor($0, $1)",
        "logsumexp": _log_sum,
        "relu": "torch.relu($0)",
        "softmax": softmax("torch.softmax", "dim"),
        "maximum": _extreme("maximum"),
        "minimum": _extreme("minimum"),
        "where": "torch.where($0, $1, $2)",
        "clip": clip("torch.clamp", "min", "max"),
        "sum": _reduced("sum"),
        "mean": _reduced("mean"),
        "max": reduction("torch.amax", "dim", "keepdim"),
        "min": reduction("torch.amin", "dim", "keepdim"),
        "cumsum": lambda node: f"torch.cumsum($0, dim={one_axis(node)})",
        "transpose": _transpose,
        "reshape": "torch.reshape($0, $shape)",
        "broadcast_to": "torch.broadcast_to($0, $shape)",
        "index": index("torch"),
        "index_update": _write(add=False),
        "index_add": _write(add=True),
        "concatenate": joined("torch.cat", "dim"),
        "stack": joined("torch.stack", "dim"),
        "dot": product,
        "outer": outer("torch.outer({}, {})", "torch.reshape"),
        "einsum": "torch.einsum($subscripts, $*)",
        "inv": "torch.linalg.inv($0)",
        "det": "torch.linalg.det($0)",
        "solve": "torch.linalg.solve($0, $1)",
        "flip": _flip,
        "roll": _roll,
        "pad": _pad,
        "repeat": lambda node: f"torch.repeat_interleave({equal_repeats(node)})",
        "tile": "torch.tile($0, $reps)",
        "triu": "torch.triu($0, $k)",
        "tril": "torch.tril($0, $k)",
        "diag": "torch.diag($0, $k)",
        "trace": _trace,
        "astype": floating,
    },
)
