"""Operations on matrices: products, contractions, inverses."""

# ruff: noqa: ARG001, the signature of a rule never varies
from __future__ import annotations

import string
from typing import Any

import numpy as np

from backproof.graph.node import Node, shape_of
from backproof.graph.operations.arrangement import zeros_like
from backproof.graph.operations.domain import examples
from backproof.graph.operations.elementwise import multiply, negative
from backproof.graph.operations.record import REQUIRED, Domain, Operation, Rule, apply, attribute, verb

matmul, outer, solve, index = map(verb, ("matmul", "outer", "solve", "index"))
transpose, reshape = map(verb, ("transpose", "reshape"))


def transposed(x: Node) -> Node:
    """Swap the last two axes."""
    count = len(shape_of(x))
    if count == 2:
        return transpose(x)
    return transpose(x, axes=(*range(count - 2), count - 1, count - 2))


def _column(x: Node) -> Node:
    return index(x, index=(..., None))


def _row(x: Node) -> Node:
    return index(x, index=(..., None, slice(None)))


def _without_column(x: Node) -> Node:
    return index(x, index=(..., 0))


def _matmul_left(g: Node, z: Node, x: Node, y: Node) -> Node:
    match len(shape_of(x)), len(shape_of(y)):
        case 1, 1:
            return multiply(g, y)
        case 2, 1:
            return outer(g, y)
        case _, 1:
            return multiply(_column(g), y)
        case 1, 2:
            return matmul(y, g)
        case 1, _:
            return _without_column(matmul(y, _column(g)))
        case _:
            return matmul(g, transposed(y))


def _matmul_right(g: Node, z: Node, x: Node, y: Node) -> Node:
    match len(shape_of(x)), len(shape_of(y)):
        case 1, 1:
            return multiply(g, x)
        case 1, 2:
            return outer(x, g)
        case 1, _:
            return multiply(_column(x), _row(g))
        case _, 1 if len(shape_of(g)) > 1:
            return _without_column(matmul(transposed(x), _column(g)))
        case _:
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
        c = reshape(c, shape=tuple(found.get(letter, 1) for letter in letters))
        c = apply("broadcast_to", c, shape=tuple(found.get(letter, size[letter]) for letter in letters))
    if own != letters:  # a letter twice is a diagonal: put it back there
        place = np.ix_(*[np.arange(size[letter]) for letter in letters])
        index = tuple(place[letters.index(letter)] for letter in own)
        c = apply("index_add", zeros_like(operands[k].value), c, index=index)
    return c


def _einsum_rule(k: int, g: Node, z: Node, *operands: Node) -> Node:
    inputs, output = expand_subscripts(attribute(z, "subscripts"), [len(shape_of(x)) for x in operands])
    return contract(k, g, operands, inputs, output)


def expand_subscripts(subscripts: str, dimensions: list[int]) -> tuple[list[str], str]:
    """Write out what einsum's subscripts leave implicit: ellipses become letters, the output is stated."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    unused = "".join(letter for letter in string.ascii_letters if letter not in subscripts)
    counts = [
        d - len(s.replace("...", "")) if "..." in s else 0 for s, d in zip(inputs, dimensions, strict=True)
    ]
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


def _tensordot_rule(k: int) -> Rule:
    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        inputs, output = tensordot_letters(attribute(z, "axes"), len(shape_of(x)), len(shape_of(y)))
        return contract(k, g, (x, y), inputs, output)

    return rule


def _dot_rule(k: int) -> Rule:
    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        rows, columns = len(shape_of(x)), len(shape_of(y))
        if 0 in (rows, columns):
            return multiply(g, (y, x)[k])
        if rows < 2 or columns < 3:
            return (_matmul_left, _matmul_right)[k](g, z, x, y)
        return contract(k, g, (x, y), *tensordot_letters(((rows - 1,), (columns - 2,)), rows, columns))

    return rule


def _outer_left(g: Node, z: Node, x: Node, y: Node) -> Node:
    return reshape(matmul(g, reshape(y, shape=(-1,))), shape=shape_of(x))


def _outer_right(g: Node, z: Node, x: Node, y: Node) -> Node:
    return reshape(matmul(transposed(g), reshape(x, shape=(-1,))), shape=shape_of(y))


def _kron_rule(k: int) -> Rule:
    """Derive kron: its axes are pairs of one axis of x and one of y."""

    def rule(g: Node, z: Node, x: Node, y: Node) -> Node:
        count = len(shape_of(z))
        shapes = [(1,) * (count - len(shape_of(v))) + shape_of(v) for v in (x, y)]
        pairs = tuple(n for pair in zip(*shapes, strict=True) for n in pair)
        first, second = string.ascii_letters[:count], string.ascii_letters[count : 2 * count]
        both = "".join(a + b for a, b in zip(first, second, strict=True))
        operands = tuple(reshape(v, shape=s) for v, s in zip((x, y), shapes, strict=True))
        c = contract(k, reshape(g, shape=pairs), operands, [first, second], both)
        return reshape(c, shape=shape_of((x, y)[k]))

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
    w = _solve_right(g, z, a, b)
    if len(shape_of(b)) > 1:
        return negative(matmul(w, transposed(z)))
    return negative(multiply(_column(w), _row(z)))


def _solve_right(g: Node, z: Node, a: Node, b: Node) -> Node:
    if len(shape_of(b)) == 1 < len(shape_of(g)):  # one right side for many matrices
        return _without_column(solve(transposed(a), _column(g)))
    return solve(transposed(a), g)


def _regular(*shape: int) -> Any:
    """Draw matrices that are far from singular."""
    return lambda generator: generator.uniform(-1, 1, shape) + 3 * np.eye(shape[-1])


_DOT = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 5)),
    ((2, 3), (3, 5)),
    ((7, 2, 3), (3, 5)),
    ((3,), (7, 3, 2)),
]
_MATMUL = [*_DOT, ((7, 2, 3), (3,)), ((2, 1, 2, 3), (5, 3, 1)), ((2, 3), (7, 3, 2))]
_DOTS = [*_DOT, (None, (3,)), ((2, 3), None), ((2, 3), (5, 3, 7)), ((2, 5, 3), (7, 3, 1))]
_TENSORDOT = (
    *[((2, 3), (3, 5), {"axes": 1}), ((2, 3, 5), (3, 5, 7), {}), ((3,), (5,), {"axes": 0})],
    *[((2, 3, 5), (5, 7, 2), {"axes": ((0, -1), (2, 0))}), ((2, 3), (5, 2), {"axes": (0, 1)})],
)
_EINSUM: tuple[tuple[str, Any], ...] = (
    *[("ij,jk->ik", [(2, 3), (3, 5)]), ("ii", [(3, 3)]), ("iij->ji", [(3, 3, 2)]), ("ij->j", [(2, 3)])],
    *[
        ("ij,k->k", [(2, 3), (5,)]),
        ("ij, ij, j -> i", [(2, 3), (2, 3), (3,)]),
        ("ij,ij->j", [(1, 3), (2, 3)]),
    ],
    *[("...ij,jk->...ik", [(7, 2, 3), (3, 5)]), ("...i,...ij", [(2, 3), (7, 2, 3, 5)])],
)
_KRON = [((2, 3), (5, 1)), ((3,), (2,)), ((2,), (3, 5)), (None, (3,)), ((2, 1, 3), (3, 2))]
_SOLVE = [((3, 3), (3,)), ((3, 3), (3, 5)), ((2, 3, 3), (3, 1)), ((2, 3, 3), (3,)), ((3, 3), (2, 3, 5))]
_SQUARE = examples((_regular(3, 3), {}), (_regular(2, 3, 3), {}), (_regular(1, 1), {}))


def _shapes(cases: Any) -> Domain:
    return examples(*[(*shapes, {}) for shapes in cases])


RECORDS = (
    Operation("matmul", np.matmul, (_matmul_left, _matmul_right), _shapes(_MATMUL), "$0 @ $1", r"$0 \, $1"),
    Operation("dot", np.dot, (_dot_rule(0), _dot_rule(1)), _shapes(_DOTS), latex=r"$0 \, $1"),
    Operation(
        *(
            "outer",
            np.outer,
            (_outer_left, _outer_right),
            _shapes([((3,), (5,)), ((2, 3), (5,)), (None, (3,))]),
        ),
        latex=r"$0 \otimes $1",
    ),
    Operation(
        *("tensordot", np.tensordot, (_tensordot_rule(0), _tensordot_rule(1)), examples(*_TENSORDOT)),
        attributes={"axes": 2},
    ),
    Operation(
        *("einsum", lambda *operands, subscripts: np.einsum(subscripts, *operands), _einsum_rule),
        examples(*[(*shapes, {"subscripts": subscripts}) for subscripts, shapes in _EINSUM]),
        *("np.einsum($subscripts, $*)", r"\operatorname{einsum}_{\text{$subscripts}}\left($*\right)"),
        attributes={"subscripts": REQUIRED},
    ),
    Operation("kron", np.kron, (_kron_rule(0), _kron_rule(1)), _shapes(_KRON), latex=r"$0 \otimes $1"),
    Operation("inv", _inv, (_inv_rule,), _SQUARE, "np.linalg.inv($0)", "$0^{-1}"),
    Operation("det", _det, (_det_rule,), _SQUARE, "np.linalg.det($0)", r"\det\left($0\right)"),
    Operation(
        *("solve", _solve, (_solve_matrix, _solve_right), _shapes([(_regular(*a), b) for a, b in _SOLVE])),
        *("np.linalg.solve($0, $1)", "$0^{-1} $1"),
    ),
)
