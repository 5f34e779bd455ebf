"""Operations that move elements without changing them: shapes, indices, joins, diagonals, types."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.graph.node import Node, shape_of
from backproof.graph.operations.domain import examples
from backproof.graph.operations.elementwise import multiply
from backproof.graph.operations.record import REQUIRED, Operation, apply, attribute


def zeros_like(x: Any) -> Any:
    """Zeros of a value's shape, floating whatever the value is."""
    dtype = getattr(x, "dtype", np.dtype(np.float64))
    return np.zeros(np.shape(x), dtype if dtype.kind == "f" else np.float64)


def _transpose_rule(g: Node, z: Node, x: Node) -> Node:
    axes = attribute(z, "axes")
    return apply("transpose", g) if axes is None else apply("transpose", g, axes=tuple(int(k) for k in np.argsort(np.mod(axes, len(axes)))))


def _reshape_rule(g: Node, z: Node, x: Node) -> Node:
    order = attribute(z, "order")
    return apply("reshape", g, shape=shape_of(x), **({} if order == "C" else {"order": order}))


def _index_rule(g: Node, z: Node, x: Node) -> Node:
    return apply("index_add", zeros_like(x.value), g, index=attribute(z, "index"))


def _assign(x: Any, v: Any, index: Any, add: bool = False) -> Any:
    """Copy x and write v into the copy, in the type of x as NumPy does, but never to less than a complex step needs."""
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


def _index_update_value_rule(g: Node, z: Node, x: Node, v: Node) -> Node:
    """Take the cotangent from where the value was written; where an index occurs twice, only the last write counts."""
    index, taken = attribute(z, "index"), apply("index", g, index=attribute(z, "index"))
    order = np.arange(np.size(taken.value)).reshape(np.shape(taken.value))
    owner = np.full(shape_of(x), -1)
    owner[index] = order
    last = owner[index] == order
    return taken if np.all(last) else multiply(taken, last)


def _concatenate_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    axis = attribute(z, "axis")
    sizes = [int(np.size(x.value)) if axis is None else shape_of(x)[axis] for x in operands]
    part = slice(sum(sizes[:k]), sum(sizes[: k + 1]))
    before = 0 if axis is None else axis % len(shape_of(z))
    c = apply("index", g, index=(slice(None),) * before + (part,))
    return apply("reshape", c, shape=shape_of(operands[k])) if axis is None else c


def _stack_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    axis = attribute(z, "axis") % len(shape_of(z))
    return apply("index", g, index=(slice(None),) * axis + (k,))


def _tile_rule(g: Node, z: Node, x: Node) -> Node:
    """Split each axis into repetition and place, and sum the repetitions."""
    shape, repetitions = shape_of(x), tuple(np.atleast_1d(attribute(z, "reps")).tolist())
    count = max(len(shape), len(repetitions))
    shape = (1,) * (count - len(shape)) + shape
    repetitions = (1,) * (count - len(repetitions)) + repetitions
    split = tuple(n for pair in zip(repetitions, shape, strict=True) for n in pair)
    total = apply("sum", apply("reshape", g, shape=split), axis=tuple(range(0, 2 * count, 2)))
    return apply("reshape", total, shape=shape_of(x))


def _repeat_rule(g: Node, z: Node, x: Node) -> Node:
    axis = attribute(z, "axis")
    flat = np.zeros(np.size(x.value)) if axis is None else zeros_like(x.value)
    along = 0 if axis is None else axis % len(shape_of(x))
    source = np.repeat(np.arange(flat.shape[along]), attribute(z, "repeats"))
    c = apply("index_add", flat, g, index=(slice(None),) * along + (source,))
    return apply("reshape", c, shape=shape_of(x)) if axis is None else c


def _pad_rule(g: Node, z: Node, x: Node) -> Node:
    widths = np.broadcast_to(attribute(z, "pad_width"), (len(shape_of(x)), 2)).tolist()
    index = tuple(slice(before, before + n) for (before, _), n in zip(widths, shape_of(x), strict=True))
    return apply("index", g, index=index)


def _roll_rule(g: Node, z: Node, x: Node) -> Node:
    shift = attribute(z, "shift")
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return apply("roll", g, shift=back, axis=attribute(z, "axis"))


def _diag_rule(g: Node, z: Node, x: Node) -> Node:
    k, shape = attribute(z, "k"), shape_of(x)
    if len(shape) == 1:
        return apply("diag", g, k=k)
    rows = np.arange(shape_of(z)[0]) + max(-k, 0)
    return apply("index_add", zeros_like(x.value), g, index=(rows, rows + k))


def _trace_rule(g: Node, z: Node, x: Node) -> Node:
    rows, columns, *rest = shape_of(x)
    return multiply(g, np.eye(rows, columns).reshape(rows, columns, *[1] * len(rest)))


def _astype(x: Any, dtype: Any) -> Any:
    x, dtype = np.asarray(x), np.dtype(dtype)
    return (x.real if x.dtype.kind == "c" != dtype.kind else x).astype(dtype)[()]


def _astype_rule(g: Node, z: Node, x: Node) -> Node | None:
    return g if np.dtype(attribute(z, "dtype")).kind in "fc" else None


_INDICES: tuple[tuple[tuple[int, ...], Any], ...] = (
    ((5,), 2),
    ((3, 5), -1),
    ((3, 5), (slice(None), slice(4, None, -2))),
    ((2, 3, 5), (..., 1)),
    ((3, 5), (slice(0, 2), None, 3)),
    ((5,), np.array([3, 0, 3, -2, 3])),
    ((3, 5), (np.arange(3), np.array([4, 0, 4]))),
    ((3, 5), (np.array([[0, 2], [2, 2]]), slice(1, 4))),
    ((5,), np.array([True, False, True, True, False])),
    ((3, 5), (slice(None), [0, 0, 4])),
)


def _written(generator: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Draw an array, an index, and values for it, whole or broadcast."""
    shape, index = _INDICES[generator.integers(len(_INDICES))]
    place = np.zeros(shape)[index].shape
    size = place[1:] if place and generator.random() < 0.3 else () if generator.random() < 0.2 else place
    return (generator.normal(size=shape), generator.normal(size=size)), {"index": index}


_READ = examples(*[(shape, {"index": index}) for shape, index in _INDICES])
_JOINED = examples(
    ((3,), (2,), {}),
    ((2, 3), (5, 3), (1, 3), {"axis": 0}),
    ((2, 3), (2, 1), {"axis": -1}),
    ((2, 3), (5,), {"axis": None}),
)
_STACKED = examples(((3,), (3,), {}), ((2, 3), (2, 3), (2, 3), {"axis": -1}), ((), None, (), {}), ((2, 3), (2, 3), {"axis": 1}))
_TILED = examples(((3,), {"reps": 2}), ((2, 3), {"reps": (3, 1)}), ((3,), {"reps": (2, 5)}), ((2, 1, 3), {"reps": (2, 1)}))
_REPEATED = examples(
    ((3,), {"repeats": 2}),
    ((2, 3), {"repeats": 2}),
    ((2, 3), {"repeats": 3, "axis": 0}),
    ((2, 3), {"repeats": np.array([1, 0, 2]), "axis": -1}),
)
_ROLLED = examples(((5,), {"shift": 2}), ((2, 3), {"shift": 1}), ((3, 5), {"shift": -2, "axis": 1}), ((3, 5), {"shift": (1, 2), "axis": (0, 1)}))
_FLIPPED = examples(((5,), {}), ((2, 3), {"axis": None}), ((2, 3), {"axis": -1}), ((2, 3, 5), {"axis": (0, 2)}))
_BANDS = examples(((3, 5), {}), ((5, 3), {"k": 1}), ((2, 3, 3), {"k": -1}))
_DIAGONAL = examples(((3,), {}), ((3, 5), {}), ((5, 3), {"k": -1}), ((3,), {"k": 2}), ((3, 5), {"k": 1}))
_NOTHING = examples((None, {}), ((3,), {}), ((2, 3), {}))
_APPLIED = r"\operatorname{%s}\left($*\right)"
_UPDATE = "(lambda a, v: {} or a)(np.array($0), $1)"
_INDEX = {"index": REQUIRED}


def _transpose_text(node: Node) -> str:
    axes, count = attribute(node, "axes"), len(shape_of(node))
    reverse = axes is None or tuple(axes) == tuple(reversed(range(count)))
    return "$0.T" if reverse and shape_of(node) else "np.transpose($0$attributes)"


# fmt: off
RECORDS = (
    Operation("transpose", np.transpose, (_transpose_rule,), _transpose_text, r"$0^{\top}",
              examples(((2, 3), {}), ((2, 3, 5), {}), ((2, 3, 5), {"axes": (1, 2, 0)}), ((2, 3, 5), {"axes": (-1, 0, 1)})), {"axes": None}),
    Operation("reshape", np.reshape, (_reshape_rule,), "np.reshape($0, $shape$attributes)", "$0",
              examples(((2, 3), {"shape": (3, 2)}), ((2, 3), {"shape": (-1,)}), ((6,), {"shape": (2, -1)}), (None, {"shape": (1, 1)}), ((2, 3), {"shape": (3, 2), "order": "F"})), {"shape": REQUIRED, "order": "C"}),
    Operation("broadcast_to", np.broadcast_to, (lambda g, z, x: g,), "np.broadcast_to($0, $shape)", "$0",
              examples(((3,), {"shape": (2, 3)}), ((3, 1), {"shape": (3, 5)}), (None, {"shape": (2,)}), ((1, 3), {"shape": (5, 2, 3)})), {"shape": REQUIRED}),
    Operation("index", lambda x, index: np.asarray(x)[index], (_index_rule,), "$0[$index]", "{$0}_{$index}", _READ, _INDEX),
    Operation("index_update", _assign, (lambda g, z, x, v: apply("index_update", g, 0.0, index=attribute(z, "index")), _index_update_value_rule),
              _UPDATE.format("a.__setitem__(np.s_[$index], v)"), r"\operatorname{set}_{$index}\left($0, $1\right)", _written, _INDEX),
    Operation("index_add", lambda x, v, index: _assign(x, v, index, add=True), (lambda g, z, x, v: g, lambda g, z, x, v: apply("index", g, index=attribute(z, "index"))),
              _UPDATE.format("np.add.at(a, np.s_[$index], v)"), r"\operatorname{add}_{$index}\left($0, $1\right)", _written, _INDEX),
    Operation("concatenate", lambda *xs, axis=0: np.concatenate(xs, axis=axis), _concatenate_rule, "np.concatenate([$*]$attributes)", r"\left[$*\right]", _JOINED, {"axis": 0}),
    Operation("stack", lambda *xs, axis=0: np.stack(xs, axis=axis), _stack_rule, "np.stack([$*]$attributes)", r"\left[$*\right]", _STACKED, {"axis": 0}),
    Operation("tile", np.tile, (_tile_rule,), "np.tile($0, $reps)", _APPLIED % "tile", _TILED, {"reps": REQUIRED}),
    Operation("repeat", np.repeat, (_repeat_rule,), "np.repeat($0, $repeats$attributes)", _APPLIED % "repeat", _REPEATED, {"repeats": REQUIRED, "axis": None}),
    Operation("pad", np.pad, (_pad_rule,), "np.pad($0, $pad_width)", _APPLIED % "pad",
              examples(((3,), {"pad_width": 1}), ((2, 3), {"pad_width": ((1, 0), (2, 3))}), ((2, 3), {"pad_width": (1, 2)})), {"pad_width": REQUIRED}),
    Operation("flip", np.flip, (lambda g, z, x: apply("flip", g, axis=attribute(z, "axis")),), "np.flip($0$attributes)", _APPLIED % "flip", _FLIPPED, {"axis": None}),
    Operation("roll", np.roll, (_roll_rule,), "np.roll($0, $shift$attributes)", _APPLIED % "roll", _ROLLED, {"shift": REQUIRED, "axis": None}),
    Operation("triu", np.triu, (lambda g, z, x: apply("triu", g, k=attribute(z, "k")),), "np.triu($0$attributes)", _APPLIED % "triu", _BANDS, {"k": 0}),
    Operation("tril", np.tril, (lambda g, z, x: apply("tril", g, k=attribute(z, "k")),), "np.tril($0$attributes)", _APPLIED % "tril", _BANDS, {"k": 0}),
    Operation("diag", np.diag, (_diag_rule,), "np.diag($0$attributes)", _APPLIED % "diag", _DIAGONAL, {"k": 0}),
    Operation("trace", np.trace, (_trace_rule,), "np.trace($0)", r"\operatorname{tr}\left($0\right)", examples(((3, 3), {}), ((3, 5), {}), ((3, 3, 2), {}))),
    Operation("astype", _astype, (_astype_rule,), "np.array($0, dtype=$dtype)", "$0", examples(((2, 3), {"dtype": np.float64}), ((3,), {"dtype": int}), (None, {"dtype": bool})), {"dtype": REQUIRED}),
    Operation("identity", lambda x: x, (lambda g, z, x: g,), "$0", "$0", _NOTHING),
)
