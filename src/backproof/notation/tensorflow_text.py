"""The operations of the table in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.errors import DerivationError
from backproof.graph import Node, attribute
from backproof.graph.literal import literal
from backproof.graph.node import shape_of
from backproof.notation.dialect import Dialect
from backproof.notation.forms import (
    equal_repeats,
    flat,
    flat_write,
    floating,
    index_text,
    joined,
    named,
    number_of,
    one_axis,
    outer,
    padded,
    reduction,
    refuse_arrays,
    softmax,
)


def _index(node: Node) -> str:
    return _taken("$0", attribute(node, "index"))


def _taken(array: str, index: Any) -> str:
    """Slices as they are; arrays of numbers by ``gather``."""
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [isinstance(p, (np.ndarray, list)) for p in parts]
    if not any(arrays):
        return f"{array}[{index_text(index, 'tf')}]"
    texts = [index_text((part,), "tf") for part in parts]
    texts = [
        f"tf.range({text[len('tf.arange(') : -1]}, dtype=tf.int64)" if text.startswith("tf.arange(") else text
        for text in texts
    ]
    if len(parts) == 1:
        return f"tf.gather({array}, {texts[0]})"
    if all(arrays):
        return f"tf.gather_nd({array}, tf.stack([{', '.join(texts)}], axis=-1))"
    raise DerivationError(f"--emit tensorflow: there is no way yet to write the index [{', '.join(texts)}].")


def _write(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        shape, _, part, count = flat_write(node, "tf")
        places = _taken(f"tf.reshape(tf.range({count}), {shape})", attribute(node, "index"))
        rows = f"tf.reshape({places}, (-1, 1))"
        number = number_of(node.operands[1])
        written = "$1" if number is None else f"tf.constant({number}, dtype=tf.float64)"
        value = f"tf.reshape(tf.broadcast_to({written}, {part}), (-1,))"
        function = f"tf.tensor_scatter_nd_{'add' if add else 'update'}"
        return f"tf.reshape({function}(tf.reshape($0, (-1,)), {rows}, {value}), {shape})"

    return template


def _transpose(node: Node) -> str:
    axes = attribute(node, "axes")
    return "tf.transpose($0)" if axes is None else f"tf.transpose($0, {list(map(int, axes))!r})"


def _product(node: Node) -> str:
    flat(node)
    x, y = (len(shape_of(o)) for o in node.operands)
    if 0 in (x, y):
        return "$0 * $1"
    if x >= 2 and y >= 2:
        return "$0 @ $1"
    return "tf.linalg.matvec($0, $1)" if x >= 2 else "tf.tensordot($0, $1, 1)"


def _einsum(node: Node) -> str:
    sizes = [n for o in node.operands for n in shape_of(o)]
    if 1 in sizes:
        raise DerivationError(
            "--emit tensorflow: there is no way yet to write an einsum that repeats an axis."
        )
    return "tf.einsum($subscripts, $*)"


def _solve(node: Node) -> str:
    matrix, right = (len(shape_of(o)) for o in node.operands)
    if matrix > 2 or right > 2:
        raise DerivationError("--emit tensorflow: there is no way yet to solve several systems at once.")
    return "tf.linalg.solve($0, $1)" if right == 2 else "tf.linalg.solve($0, $1[:, None])[:, 0]"


def _clip(node: Node) -> str:
    lower, upper = attribute(node, "lower"), attribute(node, "upper")
    refuse_arrays(lower, upper)
    if lower is None or upper is None:
        return f"tf.maximum($0, {literal(lower)})" if upper is None else f"tf.minimum($0, {literal(upper)})"
    return f"tf.clip_by_value($0, {literal(lower)}, {literal(upper)})"


def _flip(node: Node) -> str:
    axis, count = attribute(node, "axis"), len(shape_of(node))
    return f"tf.reverse($0, axis={list(range(count)) if axis is None else np.atleast_1d(axis).tolist()!r})"


def _roll(node: Node) -> str:
    axis = attribute(node, "axis")
    if axis is None:
        return f"tf.reshape(tf.roll(tf.reshape($0, (-1,)), $shift, axis=0), {shape_of(node)!r})"
    return f"tf.roll($0, $shift, axis={literal(axis)})"


def _pad(node: Node) -> str:
    return f"tf.pad($0, {[list(pair) for pair in padded(node)]!r})"


def _band(lower: str, upper: str) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        if attribute(node, "k"):
            raise DerivationError(
                f"--emit tensorflow: there is no way yet to write {node.operation} beside the diagonal."
            )
        return f"tf.linalg.band_part($0, {lower}, {upper})"

    return template


def _diagonal(node: Node) -> str:
    part = "" if len(shape_of(node.operands[0])) == 1 else "_part"
    return f"tf.linalg.diag{part}($0, k={attribute(node, 'k')})"


def _trace(node: Node) -> str:
    if len(shape_of(node.operands[0])) != 2:
        raise DerivationError(
            "--emit tensorflow: there is no way yet to write the trace of more than two axes."
        )
    return "tf.linalg.trace($0)"


def _tile(node: Node) -> str:
    array, reps = node.operands[0], attribute(node, "reps")
    every = list(map(int, np.atleast_1d(reps)))
    count = len(shape_of(array))
    if len(every) > count:
        shape = (1,) * (len(every) - count) + shape_of(array)
        return f"tf.tile(tf.reshape($0, {shape!r}), {every!r})"
    return f"tf.tile($0, {[1] * (count - len(every)) + every!r})"


TENSORFLOW = Dialect(
    "tensorflow",
    "TensorFlow",
    {
        **named("tf.math"),
        "sigmoid": "tf.sigmoid($0)",
        "softplus": "tf.math.softplus($0)",
        "erf": "tf.math.erf($0)",
        "arctan": "tf.math.atan($0)",
        "arcsin": "tf.math.asin($0)",
        "arccos": "tf.math.acos($0)",
        "arctan2": "tf.math.atan2($0, $1)",
        "log2": f"tf.divide(tf.math.log($0), {float(np.log(2))!r})",
        "log10": f"tf.divide(tf.math.log($0), {float(np.log(10))!r})",
        "hypot": "tf.sqrt(tf.square($0) + tf.square($1))",
        "logaddexp": "tf.add(tf.maximum($0, $1), tf.math.softplus(-tf.abs(tf.subtract($0, $1))))",
        "logical_not": "tf.logical_not($0)",
        "logical_and": "tf.logical_and($0, $1)",
        "logical_or": "tf.logical_or($0, $1)",
        "logical_xor": "tf.math.logical_xor($0, $1)",
        "clip": _clip,
        "logsumexp": reduction("tf.reduce_logsumexp", "axis", "keepdims"),
        "cumsum": lambda node: f"tf.cumsum($0, axis={one_axis(node)})",
        "relu": "tf.nn.relu($0)",
        "softmax": softmax("tf.nn.softmax", "axis"),
        "maximum": "tf.maximum($0, $1)",
        "minimum": "tf.minimum($0, $1)",
        "where": "tf.where($0, $1, $2)",
        "sum": reduction("tf.reduce_sum", "axis", "keepdims"),
        "mean": reduction("tf.reduce_mean", "axis", "keepdims"),
        "max": reduction("tf.reduce_max", "axis", "keepdims"),
        "min": reduction("tf.reduce_min", "axis", "keepdims"),
        "prod": reduction("tf.reduce_prod", "axis", "keepdims"),
        "transpose": _transpose,
        "reshape": "tf.reshape($0, $shape)",
        "broadcast_to": "tf.broadcast_to($0, $shape)",
        "index": _index,
        "index_update": _write(add=False),
        "index_add": _write(add=True),
        "concatenate": joined("tf.concat", "axis"),
        "stack": joined("tf.stack", "axis"),
        "matmul": _product,
        "dot": _product,
        "outer": outer("tf.tensordot({}, {}, 0)", "tf.reshape"),
        "einsum": _einsum,
        "inv": "tf.linalg.inv($0)",
        "det": "tf.linalg.det($0)",
        "solve": _solve,
        "flip": _flip,
        "roll": _roll,
        "pad": _pad,
        "repeat": lambda node: f"tf.repeat({equal_repeats(node)})",
        "tile": _tile,
        "triu": _band("0", "-1"),
        "tril": _band("-1", "0"),
        "diag": _diagonal,
        "trace": _trace,
        "astype": floating,
    },
)
