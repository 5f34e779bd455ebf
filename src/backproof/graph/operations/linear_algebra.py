"""Operations on matrices: products, contractions, inverses."""

from __future__ import annotations

from typing import Any
import string

import numpy as np

from backproof.graph.node import Node, shape_of
from backproof.graph.operations.domain import examples
from backproof.graph.operations.elementwise import multiply, negative
from backproof.graph.operations.record import REQUIRED, Operation, apply, attribute


def transposed(x: Node) -> Node:
    """Swap the last two axes."""
    count = len(shape_of(x))
    return apply("transpose", x) if count == 2 else apply("transpose", x, axes=(*range(count - 2), count - 1, count - 2))


def matmul(x: Any, y: Any) -> Node:
    """Write x @ y as a node."""
    return apply("matmul", x, y)


def _column(x: Node) -> Node:
    return apply("index", x, index=(..., None))


def _matmul_left(g: Node, z: Node, x: Node, y: Node) -> Node:
    rows, columns = len(shape_of(x)), len(shape_of(y))
    if columns == 1:
        return multiply(g if rows == 1 else _column(g), y) if rows != 2 else apply("outer", g, y)
    if rows == 1:
        return matmul(y, g) if columns == 2 else apply("index", matmul(y, _column(g)), index=(..., 0))
    return matmul(g, transposed(y))


def _matmul_right(g: Node, z: Node, x: Node, y: Node) -> Node:
    rows, columns = len(shape_of(x)), len(shape_of(y))
    if rows == 1:
        if columns == 2:
            return apply("outer", x, g)
        return multiply(g, x) if columns == 1 else multiply(_column(x), apply("index", g, index=(..., None, slice(None))))
    if columns == 1:
        product = matmul(transposed(x), g if rows == 2 else _column(g))
        return product if rows == 2 else apply("index", product, index=(..., 0))
    return matmul(transposed(x), g)


def contract(k: int, g: Node, operands: tuple[Node, ...], inputs: list[str], output: str) -> Node:
    """Derive a sum of products over letters: contract the cotangent with all the other operands."""
    own, letters = inputs[k], "".join(dict.fromkeys(inputs[k]))
    others = [s for j, s in enumerate(inputs) if j != k]
    known = "".join(letter for letter in letters if letter in set(output).union(*others))
    c = g
    if others or output != known:
        subscripts = ",".join([output, *others]) + "->" + known
        c = apply("einsum", g, *[x for j, x in enumerate(operands) if j != k], subscripts=subscripts)
    size = dict(zip(own, shape_of(operands[k]), strict=True))
    if known != letters:  # letters that only this operand has were summed: repeat along them
        found = dict(zip(known, shape_of(c), strict=True))
        c = apply("reshape", c, shape=tuple(found.get(letter, 1) for letter in letters))
        c = apply("broadcast_to", c, shape=tuple(found.get(letter, size[letter]) for letter in letters))
    if own != letters:  # a letter twice is a diagonal: put it back there
        place = np.ix_(*[np.arange(size[letter]) for letter in letters])
        index = tuple(place[letters.index(letter)] for letter in own)
        c = apply("index_add", np.zeros(shape_of(operands[k])), c, index=index)
    return c


def _einsum_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    inputs, output = expand_subscripts(attribute(z, "subscripts"), [len(shape_of(x)) for x in operands])
    return contract(k, g, operands, inputs, output)


def expand_subscripts(subscripts: str, dimensions: list[int]) -> tuple[list[str], str]:
    """Write out what einsum's subscripts leave implicit: ellipses become letters, the output is stated."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    unused = "".join(letter for letter in string.ascii_letters if letter not in subscripts)
    counts = [d - len(s.replace("...", "")) if "..." in s else 0 for s, d in zip(inputs, dimensions, strict=True)]
    hidden = unused[: max(counts)]
    if not arrow:
        named = left.replace("...", "").replace(",", "")
        output = "..." + "".join(sorted(letter for letter in set(named) if named.count(letter) == 1))
    expanded = [s.replace("...", hidden[len(hidden) - n :]) for s, n in zip(inputs, counts, strict=True)]
    return expanded, output.replace("...", hidden)


def tensordot_letters(axes: Any, x: int, y: int) -> tuple[list[str], str]:
    """Name the axes of two operands of x and y dimensions so that the contracted ones share a letter."""
    if isinstance(axes, (int, np.integer)):
        axes = (tuple(range(x - int(axes), x)), tuple(range(int(axes))))
    left, right = (tuple(np.atleast_1d(a)) for a in axes)
    first, second = list(string.ascii_letters[:x]), list(string.ascii_letters[x : x + y])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    output = [letter for letter in first + second if (letter in first) != (letter in second)]
    return ["".join(first), "".join(second)], "".join(output)


def _tensordot_rule(k: int) -> Any:
    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        inputs, output = tensordot_letters(attribute(z, "axes"), len(shape_of(x)), len(shape_of(y)))
        return contract(k, g, (x, y), inputs, output)

    return rule


def _dot_rule(k: int) -> Any:
    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        rows, columns = len(shape_of(x)), len(shape_of(y))
        if 0 in (rows, columns):
            return multiply(g, (y, x)[k])
        if rows < 2 or columns < 3:
            return (_matmul_left, _matmul_right)[k](g, z, x, y)
        return contract(k, g, (x, y), *tensordot_letters(((rows - 1,), (columns - 2,)), rows, columns))

    return rule


def _outer_left(g: Node, z: Node, x: Node, y: Node) -> Node:
    return apply("reshape", matmul(g, apply("reshape", y, shape=(-1,))), shape=shape_of(x))


def _outer_right(g: Node, z: Node, x: Node, y: Node) -> Node:
    return apply("reshape", matmul(transposed(g), apply("reshape", x, shape=(-1,))), shape=shape_of(y))


def _kron_rule(k: int) -> Any:
    """Derive kron: its axes are pairs of one axis of x and one of y."""

    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        count = len(shape_of(z))
        shapes = [(1,) * (count - len(shape_of(v))) + shape_of(v) for v in (x, y)]
        pairs = tuple(n for pair in zip(*shapes, strict=True) for n in pair)
        first, second = string.ascii_letters[:count], string.ascii_letters[count : 2 * count]
        both = "".join(a + b for a, b in zip(first, second, strict=True))
        operands = tuple(apply("reshape", v, shape=s) for v, s in zip((x, y), shapes, strict=True))
        c = contract(k, apply("reshape", g, shape=pairs), operands, [first, second], both)
        return apply("reshape", c, shape=shape_of((x, y)[k]))

    return rule


# NumPy's linalg stops at double precision. In higher precision: Gauss–Jordan with partial pivoting.
def _eliminate(a: Any, b: Any) -> tuple[Any, Any]:
    """Solve a X = b for one matrix a; give X and the determinant of a."""
    a, b, determinant = np.array(a), np.array(b), a.dtype.type(1)
    for k in range(len(a)):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        if pivot != k:
            a[[k, pivot]], b[[k, pivot]], determinant = a[[pivot, k]], b[[pivot, k]], -determinant
        determinant = determinant * a[k, k]
        b[k], a[k] = b[k] / a[k, k], a[k] / a[k, k]
        factors = np.where(np.arange(len(a)) == k, 0, a[:, k])
        a, b = a - np.outer(factors, a[k]), b - np.outer(factors, b[k])
    return b, determinant


def _is_long(*values: Any) -> bool:
    return any(getattr(value, "dtype", None) == np.longdouble != np.float64 for value in values)


def _det(x: Any) -> Any:
    if not _is_long(x):
        return np.linalg.det(x)
    found = [_eliminate(a, a)[1] for a in x.reshape(-1, *x.shape[-2:])]
    return np.array(found).reshape(x.shape[:-2])[()]


def _solve(a: Any, b: Any) -> Any:
    if not _is_long(a, b):
        return np.linalg.solve(a, b)
    right = b[:, None] if b.ndim == 1 else b
    batch = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    a = np.broadcast_to(a, batch + a.shape[-2:]).astype(np.longdouble)
    right = np.broadcast_to(right, batch + right.shape[-2:]).astype(np.longdouble)
    x = np.empty(right.shape, np.longdouble)
    for place in np.ndindex(*batch):
        x[place] = _eliminate(a[place], right[place])[0]
    return x[..., 0] if b.ndim == 1 else x


def _inv(x: Any) -> Any:
    return _solve(x, np.eye(x.shape[-1], dtype=x.dtype)) if _is_long(x) else np.linalg.inv(x)


def _inv_rule(g: Node, z: Node, x: Node) -> Node:
    return negative(matmul(matmul(transposed(z), g), transposed(z)))


def _det_rule(g: Node, z: Node, x: Node) -> Node:
    factor = multiply(g, z)
    if shape_of(z):
        factor = apply("index", factor, index=(..., None, None))
    return multiply(factor, transposed(apply("inv", x)))


def _solve_matrix(g: Node, z: Node, a: Node, b: Node) -> Node:
    w = apply("solve", transposed(a), g)
    if len(shape_of(b)) > 1:
        return negative(matmul(w, transposed(z)))
    return negative(multiply(_column(w), apply("index", z, index=(..., None, slice(None)))))


def _solve_right(g: Node, z: Node, a: Node, b: Node) -> Node:
    if len(shape_of(b)) == 1 and len(shape_of(g)) > 1:  # one right side for many matrices
        return apply("index", apply("solve", transposed(a), _column(g)), index=(..., 0))
    return apply("solve", transposed(a), g)


def _regular(*shape: int) -> Any:
    """Draw matrices that are far from singular."""
    return lambda generator: generator.uniform(-1, 1, shape) + 3 * np.eye(shape[-1])


_DOT = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 5)), ((2, 3), (3, 5)), ((7, 2, 3), (3, 5)), ((3,), (7, 3, 2))]
_MATMUL = examples(*[(*p, {}) for p in [*_DOT, ((7, 2, 3), (3,)), ((2, 1, 2, 3), (5, 3, 1)), ((2, 3), (7, 3, 2))]])
_DOTS = examples(*[(*p, {}) for p in [*_DOT, (None, (3,)), ((2, 3), None), ((2, 3), (5, 3, 7)), ((2, 5, 3), (7, 3, 1))]])
_TENSORDOT = examples(
    ((2, 3), (3, 5), {"axes": 1}),
    ((2, 3, 5), (3, 5, 7), {}),
    ((3,), (5,), {"axes": 0}),
    ((2, 3, 5), (5, 7, 2), {"axes": ((0, -1), (2, 0))}),
    ((2, 3), (5, 2), {"axes": (0, 1)}),
)
_EINSUM = examples(
    ((2, 3), (3, 5), {"subscripts": "ij,jk->ik"}),
    ((3, 3), {"subscripts": "ii"}),
    ((3, 3, 2), {"subscripts": "iij->ji"}),
    ((2, 3), {"subscripts": "ij->j"}),
    ((2, 3), (5,), {"subscripts": "ij,k->k"}),
    ((2, 3), (2, 3), (3,), {"subscripts": "ij, ij, j -> i"}),
    ((7, 2, 3), (3, 5), {"subscripts": "...ij,jk->...ik"}),
    ((2, 3), (7, 2, 3, 5), {"subscripts": "...i,...ij"}),
    ((1, 3), (2, 3), {"subscripts": "ij,ij->j"}),
)
_KRON = examples(((2, 3), (5, 1), {}), ((3,), (2,), {}), ((2,), (3, 5), {}), (None, (3,), {}), ((2, 1, 3), (3, 2), {}))
_SOLVE = examples(
    (_regular(3, 3), (3,), {}),
    (_regular(3, 3), (3, 5), {}),
    (_regular(2, 3, 3), (3, 1), {}),
    (_regular(2, 3, 3), (3,), {}),
    (_regular(3, 3), (2, 3, 5), {}),
)
_SQUARE = examples((_regular(3, 3), {}), (_regular(2, 3, 3), {}), (_regular(1, 1), {}))
_APPLIED = r"\operatorname{%s}\left($*\right)"

RECORDS = (
    Operation("matmul", np.matmul, (_matmul_left, _matmul_right), "$0 @ $1", r"$0 \, $1", _MATMUL),
    Operation("dot", np.dot, (_dot_rule(0), _dot_rule(1)), "np.dot($0, $1)", r"$0 \, $1", _DOTS),
    Operation("outer", np.outer, (_outer_left, _outer_right), "np.outer($0, $1)", r"$0 \otimes $1",
              examples(((3,), (5,), {}), ((2, 3), (5,), {}), (None, (3,), {}))),
    Operation("tensordot", np.tensordot, (_tensordot_rule(0), _tensordot_rule(1)), "np.tensordot($0, $1$attributes)",
              _APPLIED % "tensordot", _TENSORDOT, {"axes": 2}),
    Operation("einsum", lambda *operands, subscripts: np.einsum(subscripts, *operands), _einsum_rule,
              "np.einsum($subscripts, $*)", r"\operatorname{einsum}_{\text{$subscripts}}\left($*\right)", _EINSUM,
              {"subscripts": REQUIRED}),
    Operation("kron", np.kron, (_kron_rule(0), _kron_rule(1)), "np.kron($0, $1)", r"$0 \otimes $1", _KRON),
    Operation("inv", _inv, (_inv_rule,), "np.linalg.inv($0)", "$0^{-1}", _SQUARE),
    Operation("det", _det, (_det_rule,), "np.linalg.det($0)", r"\det\left($0\right)", _SQUARE),
    Operation("solve", _solve, (_solve_matrix, _solve_right), "np.linalg.solve($0, $1)", "$0^{-1} $1", _SOLVE),
)
