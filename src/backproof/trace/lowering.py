"""Library calls as operations of the table: ``np.linalg.norm(x)`` is √Σx², ``x.mean(0)`` is mean with axis 0.

Each entry takes the call's own arguments and gives the node of its result, or refuses; what it gives is
compared with what the call gave, so an entry that misreads an unusual argument loses nothing but the
derivative.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graph import Node, apply, constant

if TYPE_CHECKING:
    from backproof.trace.recorder import Recorder


class UnloweredError(Exception):
    """This call, with these arguments, has no expression in the table."""


class Context:
    """Builds the nodes of one call: operands by value, new nodes at the call's own site."""

    def __init__(self, recorder: Recorder, site: int, own: dict[int, int]) -> None:
        self.recorder = recorder
        self.site = site
        self.own = own
        self.fresh = False

    def node(self, value: Any) -> Node:
        """The node of an argument."""
        if isinstance(value, Node):
            return value
        site = self.own.get(id(value))
        if isinstance(value, list | tuple):
            node = self.recorder.array_node(value, site)
            return node if node is not None else self.recorder.node(np.asarray(value), site)
        return self.recorder.refreshed(value, site) if self.fresh else self.recorder.node(value, site)

    def apply(self, operation: str, *operands: Any, **attributes: Any) -> Node:
        """A new node at the site of the call."""
        nodes = [self.node(operand) for operand in operands]
        sites = tuple(self.own.get(id(o)) if not isinstance(o, Node) else None for o in operands)
        origin = self.recorder.origin(self.site, sites)
        return self.recorder.add(apply(operation, *nodes, origin=origin, **attributes))


@dataclass(frozen=True, slots=True)
class Lowering:
    """How one library function is expressed; ``mutates`` says that it writes into its first argument."""

    build: Callable[..., Node]
    mutates: bool = False


LOWERINGS: dict[Any, Lowering] = {}
METHODS: dict[str, Lowering] = {}


def _add(functions: list[Any], build: Callable[..., Node], mutates: bool = False) -> None:
    for function in functions:
        if function is not None:
            LOWERINGS[function] = Lowering(build, mutates)


def _numpy(name: str) -> Any:
    owner: Any = np
    for part in name.split("."):
        owner = getattr(owner, part, None)
    return owner


# ---------------------------------------------------------------------- elementwise
def _refuse(**keywords: Any) -> None:
    for name, value in keywords.items():
        if value is not None and value is not np._NoValue:
            raise UnloweredError(name)


def _elementwise(operation: str) -> Callable[..., Node]:
    def build(context: Context, *operands: Any, where: Any = None, dtype: Any = None, **rest: Any) -> Node:
        _refuse(where=where, **rest)
        node = context.apply(operation, *operands)
        return context.apply("astype", node, dtype=np.dtype(dtype)) if dtype is not None else node

    return build


ELEMENTWISE = {
    "negative": ["negative"], "exp": ["exp"], "log": ["log"], "log2": ["log2"], "log10": ["log10"], "sqrt": ["sqrt"],
    "sin": ["sin"], "cos": ["cos"], "tan": ["tan"], "tanh": ["tanh"], "sinh": ["sinh"], "cosh": ["cosh"],
    "arctan": ["arctan"], "arcsin": ["arcsin"], "arccos": ["arccos"], "abs": ["abs", "absolute", "fabs"], "sign": ["sign"],
    "log1p": ["log1p"], "expm1": ["expm1"], "square": ["square"], "reciprocal": ["reciprocal"], "floor": ["floor"],
    "ceil": ["ceil"], "logical_not": ["logical_not"], "isnan": ["isnan"], "isfinite": ["isfinite"], "add": ["add"],
    "subtract": ["subtract"], "multiply": ["multiply"], "divide": ["divide", "true_divide"], "power": ["power", "float_power"],
    "maximum": ["maximum", "fmax"], "minimum": ["minimum", "fmin"], "floor_divide": ["floor_divide"],
    "remainder": ["remainder", "mod"], "arctan2": ["arctan2"], "hypot": ["hypot"], "logaddexp": ["logaddexp"],
    "greater": ["greater"], "greater_equal": ["greater_equal"], "less": ["less"], "less_equal": ["less_equal"],
    "equal": ["equal"], "not_equal": ["not_equal"], "logical_and": ["logical_and"], "logical_or": ["logical_or"],
    "logical_xor": ["logical_xor"],
}  # fmt: skip
for _operation, _names in ELEMENTWISE.items():
    _add([_numpy(name) for name in _names], _elementwise(_operation))
for _operation in (
    "exp",
    "log2",
    "log10",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sinh",
    "cosh",
    "log1p",
    "expm1",
    "hypot",
    "erf",
):
    _add([getattr(math, _operation)], _elementwise(_operation))
_add([math.fabs, builtins.abs], _elementwise("abs"))
_add([math.pow], _elementwise("power"))
_add([math.atan], _elementwise("arctan"))
_add([math.atan2], _elementwise("arctan2"))


def _math_log(context: Context, x: Any, base: Any = None) -> Node:
    node = context.apply("log", x)
    return node if base is None else context.apply("divide", node, context.apply("log", base))


_add([math.log], _math_log)


def _builtin_pow(context: Context, x: Any, y: Any, modulus: Any = None) -> Node:
    _refuse(modulus=modulus)
    return context.apply("power", x, y)


_add([builtins.pow], _builtin_pow)


def _where(context: Context, condition: Any, x: Any = None, y: Any = None) -> Node:
    if x is None or y is None:
        raise UnloweredError("np.where with one argument")
    return context.apply("where", condition, x, y)


_add([np.where], _where)


def _clip(context: Context, x: Any, a_min: Any = None, a_max: Any = None, **keywords: Any) -> Node:
    lower, upper = keywords.pop("min", a_min), keywords.pop("max", a_max)
    keywords.pop("out", None)
    _refuse(**keywords)
    return context.apply("clip", x, lower=lower, upper=upper)


_add([np.clip], _clip)
METHODS["clip"] = Lowering(_clip)


# ---------------------------------------------------------------------- reductions
def _axis(axis: Any) -> Any:
    if axis is None or axis is np._NoValue:
        return None
    return tuple(int(a) for a in axis) if isinstance(axis, tuple | list) else int(axis)


def _reduction(operation: str) -> Callable[..., Node]:
    def build(
        context: Context,
        x: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        **rest: Any,
    ) -> Node:
        _refuse(out=out, **rest)
        return context.apply(operation, x, axis=_axis(axis), keepdims=keepdims is True or keepdims == 1)

    return build


def _extreme(operation: str) -> Callable[..., Node]:
    def build(
        context: Context, x: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any
    ) -> Node:
        _refuse(out=out, **rest)
        return context.apply(operation, x, axis=_axis(axis), keepdims=keepdims is True or keepdims == 1)

    return build


for _operation in ("sum", "mean", "prod"):
    _add([_numpy(_operation)], _reduction(_operation))
    METHODS[_operation] = Lowering(_reduction(_operation))
_add([_numpy("average")], lambda c, x, axis=None, weights=None: _average(c, x, axis, weights))
for _operation, _names in {"max": ["max", "amax"], "min": ["min", "amin"]}.items():
    _add([_numpy(name) for name in _names], _extreme(_operation))
    METHODS[_operation] = Lowering(_extreme(_operation))


def _average(context: Context, x: Any, axis: Any, weights: Any) -> Node:
    if weights is None:
        return context.apply("mean", x, axis=_axis(axis), keepdims=False)
    raise UnloweredError("weights")


def _cumsum(context: Context, x: Any, axis: Any = None, dtype: Any = None) -> Node:
    _refuse(dtype=dtype)
    return context.apply("cumsum", x, axis=_axis(axis))


_add([np.cumsum], _cumsum)
METHODS["cumsum"] = Lowering(_cumsum)


def _variance(
    context: Context,
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
) -> Node:
    _refuse(dtype=dtype, out=out)
    node = context.node(x)
    axes = _axis(axis)
    centred = context.apply("subtract", node, context.apply("mean", node, axis=axes, keepdims=True))
    square = context.apply("square", centred)
    if not ddof:
        return context.apply("mean", square, axis=axes, keepdims=bool(keepdims))
    total = context.apply("sum", square, axis=axes, keepdims=bool(keepdims))
    count = np.size(node.value) / max(np.size(total.value), 1)
    return context.apply("divide", total, count - ddof)


def _deviation(context: Context, *arguments: Any, **keywords: Any) -> Node:
    return context.apply("sqrt", _variance(context, *arguments, **keywords))


_add([np.var], _variance)
_add([np.std], _deviation)
METHODS["var"], METHODS["std"] = Lowering(_variance), Lowering(_deviation)


def _norm(context: Context, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:  # noqa: A002
    node, axes = context.node(x), _axis(axis)
    if ord == 1 and (axes is not None or np.ndim(node.value) == 1):
        return context.apply("sum", context.apply("abs", node), axis=axes, keepdims=keepdims)
    if ord not in (None, 2, "fro") or (ord == 2 and axes is None and np.ndim(node.value) > 1):
        raise UnloweredError("this norm")
    total = context.apply("sum", context.apply("square", node), axis=axes, keepdims=keepdims)
    return context.apply("sqrt", total)


_add([np.linalg.norm], _norm)


def _plain(operation: str, *names: str) -> Callable[..., Node]:
    def build(context: Context, x: Any, *values: Any, **keywords: Any) -> Node:
        given = dict(zip(names, values, strict=False)) | keywords
        return context.apply(operation, x, **{name: given.get(name) for name in names})

    return build


for _operation in ("argmax", "argmin"):
    _add([_numpy(_operation)], _plain(_operation, "axis"))
    METHODS[_operation] = Lowering(_plain(_operation, "axis"))


# ---------------------------------------------------------------------- products
def _product(operation: str) -> Callable[..., Node]:
    def build(context: Context, x: Any, y: Any) -> Node:
        return context.apply(operation, x, y)

    return build


_add([np.dot, np.vdot], _product("dot"))
_add([np.matmul], _product("matmul"))
_add([np.outer], _product("outer"))
_add([np.kron], _product("kron"))
METHODS["dot"] = Lowering(_product("dot"))


def _inner(context: Context, x: Any, y: Any) -> Node:
    first, second = context.node(x), context.node(y)
    if np.ndim(second.value) == 2:
        second = context.apply("transpose", second, axes=None)
    return context.apply("dot", first, second)


def _tensordot(context: Context, x: Any, y: Any, axes: Any = 2) -> Node:
    return context.apply("tensordot", x, y, axes=axes)


def _einsum(context: Context, subscripts: Any, *operands: Any, **rest: Any) -> Node:
    rest.pop("optimize", None)
    _refuse(**rest)
    if not isinstance(subscripts, str):
        raise UnloweredError("einsum without subscripts")
    return context.apply("einsum", *operands, subscripts=subscripts)


_add([np.inner], _inner)
_add([np.tensordot], _tensordot)
_add([np.einsum], _einsum)
_add([np.linalg.inv], _plain("inv"))
_add([np.linalg.det], _plain("det"))
_add([np.linalg.solve], _product("solve"))
_add([np.trace], _plain("trace"))


# ---------------------------------------------------------------------- arrangement
def _shape_of(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 else arguments


def _reshape(
    context: Context, x: Any, *shape: Any, order: str = "C", newshape: Any = None, **keywords: Any
) -> Node:
    target = keywords.pop("shape", newshape)
    _refuse(**keywords)
    if order != "C":
        raise UnloweredError("order")
    node = context.node(x)
    wanted = target if target is not None else _shape_of(shape)
    return context.apply("reshape", x, shape=np.reshape(np.asarray(node.value), wanted).shape)


def _ravel(context: Context, x: Any, order: str = "C") -> Node:
    if order != "C":
        raise UnloweredError("order")
    return context.apply("reshape", x, shape=(np.size(context.node(x).value),))


def _transpose(context: Context, x: Any, *axes: Any) -> Node:
    order = _shape_of(axes) if axes else None
    return context.apply("transpose", x, axes=None if order is None else tuple(int(a) for a in order))


def _swapaxes(context: Context, x: Any, first: int, second: int) -> Node:
    order = list(range(np.ndim(context.node(x).value)))
    order[first], order[second] = order[second], order[first]
    return context.apply("transpose", x, axes=tuple(order))


def _moveaxis(context: Context, x: Any, source: Any, destination: Any) -> Node:
    moved = np.moveaxis(np.empty(tuple(range(2, 2 + np.ndim(context.node(x).value)))), source, destination)
    return context.apply("transpose", x, axes=tuple(n - 2 for n in moved.shape))


def _like_shape(function: Callable[..., Any]) -> Callable[..., Node]:
    def build(context: Context, x: Any, *arguments: Any, **keywords: Any) -> Node:
        shape = function(np.asarray(context.node(x).value), *arguments, **keywords).shape
        return context.apply("reshape", x, shape=shape)

    return build


for _function in (np.squeeze, np.expand_dims, np.atleast_1d, np.atleast_2d, np.atleast_3d):
    _add([_function], _like_shape(_function))
METHODS["squeeze"] = Lowering(_like_shape(np.squeeze))
_add([np.reshape], _reshape)
_add([np.ravel], _ravel)
_add([np.transpose], _transpose)
_add([np.swapaxes], _swapaxes)
_add([np.moveaxis], _moveaxis)
METHODS |= {
    "reshape": Lowering(_reshape), "ravel": Lowering(_ravel), "flatten": Lowering(_ravel),
    "transpose": Lowering(_transpose), "swapaxes": Lowering(_swapaxes),
}  # fmt: skip


def _broadcast(context: Context, x: Any, shape: Any, subok: bool = False) -> Node:
    return context.apply("broadcast_to", x, shape=tuple(shape) if not isinstance(shape, int) else (shape,))


def _concatenate(context: Context, parts: Any, axis: Any = 0, **rest: Any) -> Node:
    _refuse(**rest)
    nodes = [context.node(part) for part in parts]
    if axis is None:
        nodes = [context.apply("reshape", n, shape=(np.size(n.value),)) for n in nodes]
        axis = 0
    return context.apply("concatenate", *nodes, axis=int(axis))


def _stack(context: Context, parts: Any, axis: int = 0, **rest: Any) -> Node:
    _refuse(**rest)
    return context.apply("stack", *[context.node(part) for part in parts], axis=int(axis))


def _append(context: Context, x: Any, values: Any, axis: Any = None) -> Node:
    return (
        _concatenate(context, [x, values], axis=axis)
        if axis is not None
        else _hstack_flat(context, [x, values])
    )


def _hstack_flat(context: Context, parts: Any) -> Node:
    nodes = [context.node(part) for part in parts]
    return context.apply(
        "concatenate", *[context.apply("reshape", n, shape=(np.size(n.value),)) for n in nodes], axis=0
    )


def _at_least(context: Context, part: Any, dimensions: int, first: bool) -> Node:
    node = context.node(part)
    shape = np.shape(node.value)
    if len(shape) >= dimensions:
        return node
    extra = (1,) * (dimensions - len(shape))
    return context.apply("reshape", node, shape=extra + shape if first else shape + extra)


def _vstack(context: Context, parts: Any, **rest: Any) -> Node:
    _refuse(**rest)
    return context.apply("concatenate", *[_at_least(context, p, 2, True) for p in parts], axis=0)


def _hstack(context: Context, parts: Any, **rest: Any) -> Node:
    _refuse(**rest)
    nodes = [_at_least(context, p, 1, True) for p in parts]
    return context.apply("concatenate", *nodes, axis=0 if np.ndim(nodes[0].value) == 1 else 1)


def _column_stack(context: Context, parts: Any) -> Node:
    return context.apply("concatenate", *[_at_least(context, p, 2, False) for p in parts], axis=1)


_add([np.broadcast_to], _broadcast)
_add([np.concatenate], _concatenate)
_add([np.stack], _stack)
_add([np.append], _append)
_add([np.vstack, _numpy("row_stack")], _vstack)
_add([np.hstack], _hstack)
_add([np.column_stack], _column_stack)


def _insert(context: Context, x: Any, position: Any, values: Any, axis: Any = None) -> Node:
    node = context.node(x)
    if not isinstance(position, int) or (axis is None and np.ndim(node.value) != 1):
        raise UnloweredError("insert")
    along = 0 if axis is None else int(axis)
    new = context.node(values)
    before = context.apply("index", node, index=(slice(None),) * along + (slice(None, position),))
    after = context.apply("index", node, index=(slice(None),) * along + (slice(position, None),))
    shape = tuple(1 if k == along else n for k, n in enumerate(np.shape(node.value)))
    middle = context.apply("broadcast_to", new, shape=shape)
    return context.apply("concatenate", before, middle, after, axis=along)


def _tile(context: Context, x: Any, reps: Any) -> Node:
    return context.apply("tile", x, reps=reps)


def _repeat(context: Context, x: Any, repeats: Any, axis: Any = None) -> Node:
    return context.apply("repeat", x, repeats=repeats, axis=axis)


def _pad(context: Context, x: Any, pad_width: Any, mode: str = "constant", **rest: Any) -> Node:
    if mode != "constant" or np.any(rest.get("constant_values", 0)):
        raise UnloweredError("padding mode")
    return context.apply("pad", x, pad_width=pad_width)


def _flip(context: Context, x: Any, axis: Any = None) -> Node:
    return context.apply("flip", x, axis=_axis(axis))


def _take(context: Context, x: Any, indices: Any, axis: Any = None, **rest: Any) -> Node:
    _refuse(**rest)
    index = np.array(indices)
    if axis is None:
        return context.apply("index", context.apply("reshape", x, shape=(-1,)), index=index)
    along = int(axis) % np.ndim(context.node(x).value)
    return context.apply("index", x, index=(slice(None),) * along + (index,))


_add([np.insert], _insert)
_add([np.tile], _tile)
_add([np.repeat], _repeat)
_add([np.pad], _pad)
_add([np.flip], _flip)
_add([np.flipud], lambda c, x: c.apply("flip", x, axis=0))
_add([np.fliplr], lambda c, x: c.apply("flip", x, axis=1))
_add([np.roll], lambda c, x, shift, axis=None: c.apply("roll", x, shift=shift, axis=axis))
_add([np.rot90], lambda c, x, k=1, axes=(0, 1): _rot90(c, x, k, axes))
_add([np.triu], lambda c, x, k=0: c.apply("triu", x, k=k))
_add([np.tril], lambda c, x, k=0: c.apply("tril", x, k=k))
_add([np.diag, np.diagflat], lambda c, x, k=0: c.apply("diag", x, k=k))
_add([np.take], _take)
METHODS |= {
    "take": Lowering(_take),
    "repeat": Lowering(_repeat),
    "diagonal": Lowering(lambda c, x: c.apply("diag", x, k=0)),
}


def _rot90(context: Context, x: Any, k: int, axes: Any) -> Node:
    if k % 4 != 2:
        raise UnloweredError("rot90")
    return context.apply("flip", x, axis=tuple(int(a) for a in axes))


# ---------------------------------------------------------------------- copies and conversions
def _converted(context: Context, x: Any, dtype: Any = None, **rest: Any) -> Node:
    node = context.node(x)
    if dtype is None:
        return context.apply("identity", x)
    kind = np.dtype(dtype).kind
    if kind == np.asarray(node.value).dtype.kind == "f" and np.dtype(dtype) == np.asarray(node.value).dtype:
        return context.apply("identity", x)
    return context.apply("astype", x, dtype=np.dtype(dtype))


def _float(context: Context, x: Any = 0.0) -> Node:
    if isinstance(x, str | int):
        raise UnloweredError("float of text")
    node = context.node(x)
    return context.apply("reshape", x, shape=()) if np.ndim(node.value) else context.apply("identity", x)


_add(
    [
        np.array,
        np.asarray,
        np.ascontiguousarray,
        np.asanyarray,
        np.copy,
        np.matrix,
        _numpy("asmatrix"),
        np.asarray_chkfinite,
    ],
    _converted,
)
_add([float, np.float64, np.float32, np.float16, np.longdouble], _float)
METHODS |= {
    "copy": Lowering(lambda c, x, *a, **k: c.apply("identity", x)),
    "view": Lowering(lambda c, x, *a, **k: c.apply("identity", x)),
    "astype": Lowering(_converted),
    "item": Lowering(lambda c, x, *a: _item(c, x, *a)),
    "tolist": Lowering(lambda c, x: c.apply("identity", x)),
}
_add([np.squeeze], _like_shape(np.squeeze))


def _item(context: Context, x: Any, *position: Any) -> Node:
    if not position:
        return context.apply("reshape", x, shape=())
    return context.apply("index", x, index=position if len(position) > 1 else int(position[0]))


# ---------------------------------------------------------------------- writes into the first argument
def _add_at(context: Context, x: Any, index: Any, values: Any) -> Node:
    from backproof.trace.recorder import frozen_index

    return context.apply("index_add", x, values, index=frozen_index(index))


def _subtract_at(context: Context, x: Any, index: Any, values: Any) -> Node:
    from backproof.trace.recorder import frozen_index

    return context.apply("index_add", x, context.apply("negative", values), index=frozen_index(index))


def _fill(context: Context, x: Any, value: Any) -> Node:
    node = context.node(x)
    return context.apply("broadcast_to", value, shape=np.shape(node.value))


def _copyto(context: Context, x: Any, values: Any) -> Node:
    return context.apply("broadcast_to", values, shape=np.shape(context.node(x).value))


def _fill_diagonal(context: Context, x: Any, value: Any, wrap: bool = False) -> Node:
    side = min(np.shape(context.node(x).value))
    return context.apply("index_update", x, value, index=(np.arange(side), np.arange(side)))


_add([np.copyto], _copyto, mutates=True)
_add([np.fill_diagonal], _fill_diagonal, mutates=True)
_add([np.add.at], _add_at, mutates=True)
_add([np.subtract.at], _subtract_at, mutates=True)
METHODS["fill"] = Lowering(_fill, True)


# ---------------------------------------------------------------------- constants made from a shape
def _zeros_like(number: float) -> Callable[..., Node]:
    def build(context: Context, x: Any, *rest: Any, **keywords: Any) -> Node:
        dtype = keywords.get("dtype") or (rest[0] if rest else None) or np.asarray(x).dtype
        return context.recorder.add(
            constant(np.full(np.shape(x), number, dtype), None, context.recorder.origin(context.site, ()))
        )

    return build


def _filled(number: float) -> Callable[..., Node]:
    def build(context: Context, shape: Any, dtype: Any = float, **keywords: Any) -> Node:
        return context.recorder.add(
            constant(np.full(shape, number, dtype), None, context.recorder.origin(context.site, ()))
        )

    return build


_add([np.zeros_like], _zeros_like(0.0))
_add([np.ones_like], _zeros_like(1.0))
_add([np.zeros], _filled(0.0))
_add([np.ones], _filled(1.0))


# ---------------------------------------------------------------------- SciPy, where the program has imported it
def _softmax(context: Context, x: Any, axis: Any = None) -> Node:
    top = context.apply(
        "exp", context.apply("subtract", x, context.apply("max", x, axis=_axis(axis), keepdims=True))
    )
    return context.apply("divide", top, context.apply("sum", top, axis=_axis(axis), keepdims=True))


def _logsumexp(
    context: Context, x: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **rest: Any
) -> Node:
    _refuse(b=b)
    top = context.apply("max", x, axis=_axis(axis), keepdims=True)
    total = context.apply(
        "sum", context.apply("exp", context.apply("subtract", x, top)), axis=_axis(axis), keepdims=keepdims
    )
    if not keepdims:
        top = context.apply("reshape", top, shape=np.shape(total.value))
    return context.apply("add", context.apply("log", total), top)


def _log_softmax(context: Context, x: Any, axis: Any = None) -> Node:
    return context.apply("subtract", x, _logsumexp(context, x, axis, keepdims=True))


def add_scipy(special: Any) -> None:
    """Enter the functions of ``scipy.special``."""
    _add([special.expit], _elementwise("sigmoid"))
    _add([special.erf], _elementwise("erf"))
    _add([special.log1p, special.expm1][:0], _elementwise("log1p"))
    _add([special.softmax], _softmax)
    _add([special.logsumexp], _logsumexp)
    _add([special.log_softmax], _log_softmax)
    _add([special.xlogy], lambda c, x, y: c.apply("multiply", x, c.apply("log", y)))
