"""Operations that move elements without changing them: shapes, indices, joins, diagonals, types."""

# ruff: noqa: ARG001, ARG005, the signature of a rule never varies
from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from backproof.graph.node import Node, shape_of
from backproof.graph.operations.domain import REAL, examples, one
from backproof.graph.operations.elementwise import multiply
from backproof.graph.operations.record import REQUIRED, Domain, Operation, Rule, apply, attribute, verb

index, reshape, index_add = map(verb, ("index", "reshape", "index_add"))


def zeros_like(x: Any) -> Any:
    """Zeros of a value's shape, floating whatever the value is."""
    dtype = getattr(x, "dtype", np.dtype(np.float64))
    return np.zeros(np.shape(x), dtype if dtype.kind == "f" else np.float64)


def _transpose_rule(g: Node, z: Node, x: Node) -> Node:
    axes = attribute(z, "axes")
    if axes is None:
        return apply("transpose", g)
    return apply("transpose", g, axes=tuple(np.argsort(np.mod(axes, len(axes))).tolist()))


def _reshape_rule(g: Node, z: Node, x: Node) -> Node:
    order = attribute(z, "order")
    return reshape(g, shape=shape_of(x), **({} if order == "C" else {"order": order}))


def _index_rule(g: Node, z: Node, x: Node) -> Node:
    return index_add(zeros_like(x.value), g, index=attribute(z, "index"))


def _assign(x: Any, v: Any, index: Any, add: bool = False) -> Any:
    """Copy x and write v into the copy, in x's type as NumPy does, unless evaluation is in a wider one."""
    x = np.asarray(x)
    kind = getattr(v, "dtype", x.dtype)
    if x.dtype.kind in "fc" and (kind.kind == "c" or kind == np.longdouble):
        x = x.astype(np.result_type(x, kind))
    z, v = np.array(x), np.asarray(v)
    v = (v.real if v.dtype.kind == "c" != z.dtype.kind else v).astype(z.dtype)
    if add:
        np.add.at(z, index, v)
    else:
        z[index] = v
    return z


def _written_rule(g: Node, z: Node, x: Node, v: Node) -> Node:
    """Take the cotangent from where the value was written; of repeated indices only the last write counts."""
    place = attribute(z, "index")
    taken = index(g, index=place)
    order = np.arange(np.size(taken.value)).reshape(np.shape(taken.value))
    owner = np.full(shape_of(x), -1)
    owner[place] = order
    last = owner[place] == order
    return taken if np.all(last) else multiply(taken, last)


def _concatenate_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    axis = attribute(z, "axis")
    sizes = [int(np.size(x.value)) if axis is None else shape_of(x)[axis] for x in operands]
    part = slice(sum(sizes[:k]), sum(sizes[: k + 1]))
    before = 0 if axis is None else axis % len(shape_of(z))
    c = index(g, index=(slice(None),) * before + (part,))
    return reshape(c, shape=shape_of(operands[k])) if axis is None else c


def _stack_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    axis = attribute(z, "axis") % len(shape_of(z))
    return index(g, index=(slice(None),) * axis + (k,))


def _tile_rule(g: Node, z: Node, x: Node) -> Node:
    """Split each axis into repetition and place, and sum the repetitions."""
    shape, repetitions = shape_of(x), tuple(np.atleast_1d(attribute(z, "reps")).tolist())
    count = max(len(shape), len(repetitions))
    shape = (1,) * (count - len(shape)) + shape
    repetitions = (1,) * (count - len(repetitions)) + repetitions
    split = tuple(n for pair in zip(repetitions, shape, strict=True) for n in pair)
    total = apply("sum", reshape(g, shape=split), axis=tuple(range(0, 2 * count, 2)))
    return reshape(total, shape=shape_of(x))


def _repeat_rule(g: Node, z: Node, x: Node) -> Node:
    axis = attribute(z, "axis")
    flat = np.zeros(np.size(x.value)) if axis is None else zeros_like(x.value)
    along = 0 if axis is None else axis % len(shape_of(x))
    source = np.repeat(np.arange(flat.shape[along]), attribute(z, "repeats"))
    c = index_add(flat, g, index=(slice(None),) * along + (source,))
    return reshape(c, shape=shape_of(x)) if axis is None else c


def _pad_rule(g: Node, z: Node, x: Node) -> Node:
    widths = np.broadcast_to(attribute(z, "pad_width"), (len(shape_of(x)), 2)).tolist()
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, shape_of(x), strict=True))
    return index(g, index=inside)


def _roll_rule(g: Node, z: Node, x: Node) -> Node:
    shift = attribute(z, "shift")
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return apply("roll", g, shift=back, axis=attribute(z, "axis"))


def _diag_rule(g: Node, z: Node, x: Node) -> Node:
    k, shape = attribute(z, "k"), shape_of(x)
    if len(shape) == 1:
        return apply("diag", g, k=k)
    rows = np.arange(shape_of(z)[0]) + max(-k, 0)
    return index_add(zeros_like(x.value), g, index=(rows, rows + k))


def _trace_rule(g: Node, z: Node, x: Node) -> Node:
    rows, columns, *rest = shape_of(x)
    return multiply(g, np.eye(rows, columns).reshape(rows, columns, *[1] * len(rest)))


def _astype(x: Any, dtype: Any) -> Any:
    x, dtype = np.asarray(x), np.dtype(dtype)
    return (x.real if x.dtype.kind == "c" != dtype.kind else x).astype(dtype)[()]


def _astype_rule(g: Node, z: Node, x: Node) -> Node | None:
    return g if np.dtype(attribute(z, "dtype")).kind in "fc" else None


CALL = "np.$operation($*$attributes)"
NONE = {"axis": None}
_INDICES: tuple[tuple[tuple[int, ...], Any], ...] = (
    *[((5,), 2), ((3, 5), -1), ((3, 5), (slice(None), slice(4, None, -2))), ((2, 3, 5), (..., 1))],
    *[
        ((3, 5), (slice(0, 2), None, 3)),
        ((5,), np.array([3, 0, 3, -2, 3])),
        ((3, 5), (slice(None), [0, 0, 4])),
    ],
    *[((3, 5), (np.arange(3), np.array([4, 0, 4]))), ((3, 5), (np.array([[0, 2], [2, 2]]), slice(1, 4)))],
    ((5,), np.array([True, False, True, True, False])),
)
_BROADCAST = [((3,), (2, 3)), ((3, 1), (3, 5)), (None, (2,)), ((1, 3), (5, 2, 3))]
_TILED = [((3,), 2), ((2, 3), (3, 1)), ((3,), (2, 5)), ((2, 1, 3), (2, 1))]
_PADDED = [((3,), 1), ((2, 3), ((1, 0), (2, 3))), ((2, 3), (1, 2))]


def _written(generator: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Draw an array, an index, and values for it, whole or broadcast."""
    shape, index = _INDICES[generator.integers(len(_INDICES))]
    place = np.zeros(shape)[index].shape
    size = place[1:] if place and generator.random() < 0.3 else () if generator.random() < 0.2 else place
    return (generator.normal(size=shape), generator.normal(size=size)), {"index": index}


def _transpose_text(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    reverse = axes is None or tuple(axes) == tuple(reversed(range(count)))
    return "$0.T" if reverse and count else "np.transpose($0$attributes)"


_UPDATE = "(lambda a, v: {} or a)(np.array($0), $1)"
_JOINED = [
    ((3,), (2,), {}),
    ((2, 3), (5, 3), (1, 3), {"axis": 0}),
    ((2, 3), (2, 1), {"axis": -1}),
    ((2, 3), (5,), NONE),
]
_STACKED = [
    ((3,), (3,), {}),
    (*[(2, 3)] * 3, {"axis": -1}),
    ((), None, (), {}),
    ((2, 3), (2, 3), {"axis": 1}),
]
_TRANSPOSED = [
    ((2, 3), {}),
    ((2, 3, 5), {}),
    ((2, 3, 5), {"axes": (1, 2, 0)}),
    ((2, 3, 5), {"axes": (-1, 0, 1)}),
]
_RESHAPED = [((2, 3), (3, 2)), ((2, 3), (-1,)), ((6,), (2, -1)), (None, (1, 1))]
_REPEATED = [((2, 3), {"repeats": 3, "axis": 0}), ((2, 3), {"repeats": np.array([1, 0, 2]), "axis": -1})]
_SIMPLY_REPEATED = [((3,), {"repeats": 2}), ((2, 3), {"repeats": 2})]
_ROLLED = [
    ((5,), {"shift": 2}),
    ((3, 5), {"shift": -2, "axis": 1}),
    ((3, 5), {"shift": (1, 2), "axis": (0, 1)}),
]
_FLIPPED = [((5,), {}), ((2, 3), NONE), ((2, 3), {"axis": -1}), ((2, 3, 5), {"axis": (0, 2)})]
_DIAGONAL = [((3,), {}), ((3, 5), {}), ((5, 3), {"k": -1}), ((3,), {"k": 2}), ((3, 5), {"k": 1})]
_BANDS = [((3, 5), {}), ((5, 3), {"k": 1}), ((2, 3, 3), {"k": -1})]


def _each(name: str, *cases: tuple[Any, Any]) -> Domain:
    return examples(*[(shape, {name: value}) for shape, value in cases])


def _record(name: str, rule: Rule, domain: Domain, numpy: str = CALL, **attributes: Any) -> Operation:
    return Operation(name, getattr(np, name), (rule,), domain, numpy, attributes=attributes)


RECORDS = (
    Operation(
        *(
            "transpose",
            np.transpose,
            (_transpose_rule,),
            examples(*_TRANSPOSED),
            _transpose_text,
            r"$0^{\top}",
        ),
        attributes={"axes": None},
    ),
    Operation(
        *(
            "reshape",
            np.reshape,
            (_reshape_rule,),
            _each("shape", *_RESHAPED),
            "np.reshape($0, $shape$attributes)",
        ),
        *("$0", {"shape": REQUIRED, "order": "C"}),
    ),
    Operation(
        *("broadcast_to", np.broadcast_to, (lambda g, z, x: g,), _each("shape", *_BROADCAST)),
        *("np.broadcast_to($0, $shape)", "$0", {"shape": REQUIRED}),
    ),
    Operation(
        *("index", lambda x, index: np.asarray(x)[index], (_index_rule,), _each("index", *_INDICES)),
        *("$0[$index]", "{$0}_{$index}", {"index": REQUIRED}),
    ),
    Operation(
        *("index_update", _assign),
        (lambda g, z, x, v: apply("index_update", g, 0.0, index=attribute(z, "index")), _written_rule),
        *(_written, _UPDATE.format("a.__setitem__(np.s_[$index], v)")),
        *(r"\operatorname{set}_{$index}\left($0, $1\right)", {"index": REQUIRED}),
    ),
    Operation(
        *("index_add", partial(_assign, add=True)),
        (lambda g, z, x, v: g, lambda g, z, x, v: index(g, index=attribute(z, "index"))),
        *(_written, _UPDATE.format("np.add.at(a, np.s_[$index], v)")),
        *(r"\operatorname{add}_{$index}\left($0, $1\right)", {"index": REQUIRED}),
    ),
    Operation(
        *(
            "concatenate",
            lambda *xs, axis=0: np.concatenate(xs, axis=axis),
            _concatenate_rule,
            examples(*_JOINED),
        ),
        *("np.concatenate([$*]$attributes)", r"\left[$*\right]", {"axis": 0}),
    ),
    Operation(
        *("stack", lambda *xs, axis=0: np.stack(xs, axis=axis), _stack_rule, examples(*_STACKED)),
        *("np.stack([$*]$attributes)", r"\left[$*\right]", {"axis": 0}),
    ),
    _record("tile", _tile_rule, _each("reps", *_TILED), "np.tile($0, $reps)", reps=REQUIRED),
    _record(
        *(
            "repeat",
            _repeat_rule,
            examples(*_SIMPLY_REPEATED, *_REPEATED),
            "np.repeat($0, $repeats$attributes)",
        ),
        repeats=REQUIRED,
        axis=None,
    ),
    _record("pad", _pad_rule, _each("pad_width", *_PADDED), "np.pad($0, $pad_width)", pad_width=REQUIRED),
    _record(
        "flip", lambda g, z, x: apply("flip", g, axis=attribute(z, "axis")), examples(*_FLIPPED), axis=None
    ),
    _record(
        "roll", _roll_rule, examples(*_ROLLED), "np.roll($0, $shift$attributes)", shift=REQUIRED, axis=None
    ),
    _record("triu", lambda g, z, x: apply("triu", g, k=attribute(z, "k")), examples(*_BANDS), k=0),
    _record("tril", lambda g, z, x: apply("tril", g, k=attribute(z, "k")), examples(*_BANDS), k=0),
    _record("diag", _diag_rule, examples(*_DIAGONAL), k=0),
    _record("trace", _trace_rule, examples(((3, 3), {}), ((3, 5), {}), ((3, 3, 2), {}))),
    Operation(
        *(
            "astype",
            _astype,
            (_astype_rule,),
            _each("dtype", ((2, 3), np.float64), ((3,), int), (None, bool)),
        ),
        *("np.array($0, dtype=$dtype)", "$0", {"dtype": REQUIRED}),
    ),
    Operation("identity", lambda x: x, (lambda g, z, x: g,), one(REAL), "$0", "$0"),
)
