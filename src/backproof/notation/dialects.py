"""A graph as an expression of NumPy, PyTorch, JAX or TensorFlow: one place an operation and framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.errors import DerivationError
from backproof.graph import OPERATIONS, Node, attribute
from backproof.graph.literal import Written, index_literal, literal
from backproof.graph.node import shape_of
from backproof.notation.numpy_text import python_text
from backproof.notation.template import expand

Template = str | Callable[[Node], str]
SHARED = frozenset(
    {
        *("negative", "add", "subtract", "multiply", "divide", "power", "matmul", "square", "reciprocal"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "identity"),
        *("remainder", "floor_divide"),
    }
)
FUNCTIONS = (
    *("exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "floor", "ceil"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a framework, called ``module`` by people, writes the operations of the table."""

    name: str
    module: str
    templates: Mapping[str, Template]

    def text(self, node: Node, names: Mapping[Node, str] | None = None) -> str:
        """Write a node as one expression; a node in ``names`` and a leaf with a name as that name.

        Raises
        ------
        DerivationError
            When the framework has no template for one of the operations.
        """
        return python_text(node, names or {}, self.template)

    def template(self, node: Node) -> str:
        """The template of a node."""
        given = self.templates.get(node.operation)
        if given is None and node.operation in SHARED:
            given = OPERATIONS[node.operation].numpy
        if given is None:
            raise DerivationError(
                f"--emit {self.name}: there is no way yet to write '{node.operation}' for {self.module}; "
                "--emit numpy can."
            )
        return expand(given if isinstance(given, str) else given(node), node)


def _axes(node: Node) -> tuple[Any, bool]:
    return attribute(node, "axis"), bool(attribute(node, "keepdims"))


def _reduction(function: str, axis_name: str, keep_name: str) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        axis, keep = _axes(node)
        text = f"{function}($0"
        text += "" if axis is None else f", {axis_name}={literal(axis)}"
        return text + (f", {keep_name}=True)" if keep else ")")

    return template


def _torch_sum(function: str) -> Callable[[Node], str]:
    plain = _reduction(f"torch.{function}", "dim", "keepdim")

    def template(node: Node) -> str:
        axis, _ = _axes(node)
        if axis is None and attribute(node, "keepdims"):
            every = tuple(range(len(shape_of(node.operands[0]))))
            return f"torch.{function}($0, dim={every!r}, keepdim=True)"
        return plain(node)

    return template


def _torch_extreme(sign: str) -> Callable[[Node], str]:
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


def _torch_transpose(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    if axes is None:
        return "$0.T" if count == 2 else f"torch.permute($0, {tuple(range(count))[::-1]!r})"
    return f"torch.permute($0, {tuple(int(a) for a in axes)!r})"


def _index(module: str) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        return f"$0[{_index_text(attribute(node, 'index'), module)}]"

    return template


def _index_text(index: Any, module: str) -> str:
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


def _tensorflow_index(node: Node) -> str:
    """Slices as they are; arrays of numbers by ``gather``."""
    index = attribute(node, "index")
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [isinstance(p, (np.ndarray, list)) for p in parts]
    if not any(arrays):
        return f"$0[{_index_text(index, 'tf')}]"
    texts = [_index_text((part,), "tf") for part in parts]
    texts = [
        f"tf.range({text[len('tf.arange(') : -1]}, dtype=tf.int64)" if text.startswith("tf.arange(") else text
        for text in texts
    ]
    if len(parts) == 1:
        return f"tf.gather($0, {texts[0]})"
    if all(arrays):
        return f"tf.gather_nd($0, tf.stack([{', '.join(texts)}], axis=-1))"
    raise DerivationError(f"--emit tensorflow: there is no way yet to write the index [{', '.join(texts)}].")


def _written(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        place = _index_text(attribute(node, "index"), "jnp")
        return f"$0.at[{place}].{'add' if add else 'set'}($1)"

    return template


def _flat_write(node: Node, module: str) -> tuple[str, str, str, str]:
    """Shape, the places written to as numbers of the flat array, the value there, and how many elements."""
    shape, index = shape_of(node), attribute(node, "index")
    places = np.zeros(shape, dtype=bool)[index].shape
    text, count = _index_text(index, module), int(np.prod(shape))
    return repr(shape), text, repr(tuple(places)), str(count)


def _torch_write(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        shape, place, part, count = _flat_write(node, "torch")
        rows = f"torch.arange({count}).reshape({shape})[{place}].reshape(-1)"
        value = f"torch.broadcast_to($1, {part}).reshape(-1)"
        function = "index_add" if add else "index_copy"
        return f"torch.reshape($0, (-1,)).{function}(0, {rows}, {value}).reshape({shape})"

    return template


def _tensorflow_write(add: bool) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        index = attribute(node, "index")
        if any(isinstance(p, (np.ndarray, list)) for p in (index if isinstance(index, tuple) else (index,))):
            raise DerivationError(
                "--emit tensorflow: there is no way yet to write to places given by an array."
            )
        shape, place, part, count = _flat_write(node, "tf")
        rows = f"tf.reshape(tf.reshape(tf.range({count}), {shape})[{place}], (-1, 1))"
        value = f"tf.reshape(tf.broadcast_to($1, {part}), (-1,))"
        function = f"tf.tensor_scatter_nd_{'add' if add else 'update'}"
        return f"tf.reshape({function}(tf.reshape($0, (-1,)), {rows}, {value}), {shape})"

    return template


def _jax_transpose(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    return "$0.T" if axes is None and count else f"jnp.transpose($0, {literal(axes)})"


def _tensorflow_transpose(node: Node) -> str:
    axes = attribute(node, "axes")
    return "tf.transpose($0)" if axes is None else f"tf.transpose($0, {list(map(int, axes))!r})"


def _flat(node: Node) -> None:
    """``np.dot`` of many axes sums along others than a product of matrices does."""
    x, y = (len(shape_of(o)) for o in node.operands)
    if node.operation == "dot" and x >= 2 and y >= 3:
        raise DerivationError("--emit: there is no way yet to write np.dot of more than two axes.")


def _tensorflow_product(node: Node) -> str:
    _flat(node)
    x, y = (len(shape_of(o)) for o in node.operands)
    if 0 in (x, y):
        return "$0 * $1"
    if x >= 2 and y >= 2:
        return "$0 @ $1"
    return "tf.linalg.matvec($0, $1)" if x >= 2 else "tf.tensordot($0, $1, 1)"


def _product(node: Node) -> str:
    _flat(node)
    return "$0 * $1" if any(shape_of(o) == () for o in node.operands) else "$0 @ $1"


def _one_axis(node: Node) -> int:
    axis = attribute(node, "axis")
    if axis is None:
        raise DerivationError(f"--emit: there is no way yet to write {node.operation} of all axes at once.")
    return int(axis)


def _outer(function: str, flat: str) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        parts = [
            f"${k}" if len(shape_of(o)) == 1 else f"{flat}(${k}, (-1,))" for k, o in enumerate(node.operands)
        ]
        return function.format(*parts)

    return template


def _tensorflow_einsum(node: Node) -> str:
    sizes = [n for o in node.operands for n in shape_of(o)]
    if 1 in sizes:
        raise DerivationError(
            "--emit tensorflow: there is no way yet to write an einsum that repeats an axis."
        )
    return "tf.einsum($subscripts, $*)"


def _joined(function: str, axis: str) -> Callable[[Node], str]:
    return lambda node: f"{function}([$*], {axis}={_one_axis(node)})"


def _softmax(function: str, axis: str) -> Callable[[Node], str]:
    return lambda node: f"{function}($0, {axis}={_one_axis(node)})"


def _clip(function: str, lower: str, upper: str) -> Callable[[Node], str]:
    def template(node: Node) -> str:
        bounds = ((lower, attribute(node, "lower")), (upper, attribute(node, "upper")))
        if any(np.ndim(bound) for _, bound in bounds if bound is not None):
            raise DerivationError("--emit: there is no way yet to write bounds that are arrays.")
        return f"{function}($0" + "".join(f", {k}={literal(v)}" for k, v in bounds if v is not None) + ")"

    return template


def _floating(node: Node) -> str:
    """Another floating type: everything is in double precision."""
    if np.dtype(attribute(node, "dtype")).kind != "f":
        raise DerivationError(
            f"--emit: there is no way yet to write a conversion to {attribute(node, 'dtype')}."
        )
    return "$0"


def _named(module: str, **others: str) -> dict[str, Template]:
    return {name: f"{module}.{others.get(name, name)}($0)" for name in FUNCTIONS}


def _numpy(node: Node) -> str:
    text = OPERATIONS[node.operation].numpy
    return text if isinstance(text, str) else text(node)


NUMPY = Dialect(
    "numpy",
    "NumPy",
    {
        **dict.fromkeys(OPERATIONS, _numpy),
        "softmax": _softmax("softmax", "axis"),
        "relu": "np.maximum($0, 0)",
    },
)
TORCH = Dialect(
    "torch",
    "PyTorch",
    {
        **_named("torch"),
        "sigmoid": "torch.sigmoid($0)",
        "softplus": "torch.nn.functional.softplus($0)",
        "erf": "torch.erf($0)",
        "arctan": "torch.arctan($0)",
        "relu": "torch.relu($0)",
        "softmax": _softmax("torch.softmax", "dim"),
        "maximum": _torch_extreme("maximum"),
        "minimum": _torch_extreme("minimum"),
        "where": "torch.where($0, $1, $2)",
        "clip": _clip("torch.clamp", "min", "max"),
        "sum": _torch_sum("sum"),
        "mean": _torch_sum("mean"),
        "max": _reduction("torch.amax", "dim", "keepdim"),
        "min": _reduction("torch.amin", "dim", "keepdim"),
        "cumsum": lambda node: f"torch.cumsum($0, dim={_one_axis(node)})",
        "transpose": _torch_transpose,
        "reshape": "torch.reshape($0, $shape)",
        "broadcast_to": "torch.broadcast_to($0, $shape)",
        "index": _index("torch"),
        "index_update": _torch_write(add=False),
        "index_add": _torch_write(add=True),
        "concatenate": _joined("torch.cat", "dim"),
        "stack": _joined("torch.stack", "dim"),
        "dot": _product,
        "outer": _outer("torch.outer({}, {})", "torch.reshape"),
        "einsum": "torch.einsum($subscripts, $*)",
        "inv": "torch.linalg.inv($0)",
        "det": "torch.linalg.det($0)",
        "solve": "torch.linalg.solve($0, $1)",
        "astype": _floating,
    },
)
JAX = Dialect(
    "jax",
    "JAX",
    {
        **_named("jnp"),
        "sigmoid": "jax.nn.sigmoid($0)",
        "softplus": "jax.nn.softplus($0)",
        "erf": "jax.scipy.special.erf($0)",
        "arctan": "jnp.arctan($0)",
        "relu": "jax.nn.relu($0)",
        "softmax": _softmax("jax.nn.softmax", "axis"),
        "maximum": "jnp.maximum($0, $1)",
        "minimum": "jnp.minimum($0, $1)",
        "logaddexp": "jnp.logaddexp($0, $1)",
        "where": "jnp.where($0, $1, $2)",
        "clip": _clip("jnp.clip", "min", "max"),
        **{
            name: _reduction(f"jnp.{name}", "axis", "keepdims")
            for name in ("sum", "mean", "max", "min", "prod")
        },
        "cumsum": lambda node: f"jnp.cumsum($0, axis={attribute(node, 'axis')})",
        "transpose": _jax_transpose,
        "reshape": "jnp.reshape($0, $shape)",
        "broadcast_to": "jnp.broadcast_to($0, $shape)",
        "index": _index("jnp"),
        "index_update": _written(add=False),
        "index_add": _written(add=True),
        "concatenate": _joined("jnp.concatenate", "axis"),
        "stack": _joined("jnp.stack", "axis"),
        "dot": "jnp.dot($0, $1)",
        "outer": "jnp.outer($0, $1)",
        "einsum": "jnp.einsum($subscripts, $*)",
        "inv": "jnp.linalg.inv($0)",
        "det": "jnp.linalg.det($0)",
        "solve": "jnp.linalg.solve($0, $1)",
        "astype": _floating,
    },
)
TENSORFLOW = Dialect(
    "tensorflow",
    "TensorFlow",
    {
        **_named("tf.math"),
        "sigmoid": "tf.sigmoid($0)",
        "softplus": "tf.math.softplus($0)",
        "erf": "tf.math.erf($0)",
        "arctan": "tf.math.atan($0)",
        "relu": "tf.nn.relu($0)",
        "softmax": _softmax("tf.nn.softmax", "axis"),
        "maximum": "tf.maximum($0, $1)",
        "minimum": "tf.minimum($0, $1)",
        "where": "tf.where($0, $1, $2)",
        "sum": _reduction("tf.reduce_sum", "axis", "keepdims"),
        "mean": _reduction("tf.reduce_mean", "axis", "keepdims"),
        "max": _reduction("tf.reduce_max", "axis", "keepdims"),
        "min": _reduction("tf.reduce_min", "axis", "keepdims"),
        "prod": _reduction("tf.reduce_prod", "axis", "keepdims"),
        "transpose": _tensorflow_transpose,
        "reshape": "tf.reshape($0, $shape)",
        "broadcast_to": "tf.broadcast_to($0, $shape)",
        "index": _tensorflow_index,
        "index_update": _tensorflow_write(add=False),
        "index_add": _tensorflow_write(add=True),
        "concatenate": _joined("tf.concat", "axis"),
        "stack": _joined("tf.stack", "axis"),
        "matmul": _tensorflow_product,
        "dot": _tensorflow_product,
        "outer": _outer("tf.tensordot({}, {}, 0)", "tf.reshape"),
        "einsum": _tensorflow_einsum,
        "inv": "tf.linalg.inv($0)",
        "det": "tf.linalg.det($0)",
        "astype": _floating,
    },
)
DIALECTS = {dialect.name: dialect for dialect in (NUMPY, TORCH, JAX, TENSORFLOW)}
