"""One expression as a person writes it: products in one row, signs in front, numbers together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from backproof.graph import Node, ancestors, apply, attribute, constant
from backproof.graph.node import shape_of
from backproof.graph.simplify import is_constant
from backproof.notation import to_numpy

PRODUCT = frozenset({"multiply", "divide", "negative"})
CARRIES_SIGN = frozenset({"matmul", "dot", "sum", "transpose", "reshape", "outer", "mean"})


@dataclass(slots=True)
class Row:
    """A product: a number, factors, and divisors, in the order in which they were written."""

    number: float = 1.0
    factors: list[Node] = field(default_factory=list)
    divisors: list[Node] = field(default_factory=list)


def tidy(root: Node) -> Node:
    """Give an equal expression without double negation, nested products and numbers that cancel.

    Examples
    --------
    >>> from backproof.graph import leaf
    >>> from backproof.notation import to_numpy
    >>> x, y = leaf(np.full(3, 2.0), "x"), leaf(np.ones(3), "y")
    >>> product = apply("multiply", x, apply("multiply", 2.0, apply("negative", y)))
    >>> to_numpy(tidy(apply("multiply", 0.5, apply("subtract", y, product))))
    '0.5 * (y + 2 * x * y)'
    """
    new: dict[Node, Node] = {}
    for node in ancestors([root]):
        operands = tuple(new[o] for o in node.operands)
        same = operands == node.operands
        here = node if same else Node(node.operation, operands, node.attributes, node.value)
        new[node] = _rewritten(here)
    found = new[root]
    return (_signed(found.operands[0]) or found) if found.operation == "negative" else found


def _signed(node: Node) -> Node | None:
    """A product that begins with a number, the number with its sign turned: −2·x for −(2·x)."""
    if node.operation == "constant" and isinstance(node.value, float):
        return constant(-node.value)
    if node.operation not in ("multiply", "divide"):
        return None
    first = _signed(node.operands[0])
    return None if first is None else apply(node.operation, first, node.operands[1])


def _rewritten(node: Node) -> Node:
    if node.operation in ("add", "subtract", "multiply", "divide"):
        operands = tuple(_lean(o, node) for o in node.operands)
        if operands != node.operands:
            node = Node(node.operation, operands, node.attributes, node.value)
    operation = node.operation
    if operation == "reshape" and (plain := _without_axes(node) or _with_axes(node)) is not None:
        return plain
    if operation == "sigmoid" and node.operands[0].operation == "negative":
        return apply("divide", 1.0, apply("add", 1.0, apply("exp", node.operands[0].operands[0])))
    if operation in PRODUCT and np.asarray(node.value).dtype.kind == "f":
        return _product(node)
    if operation in CARRIES_SIGN:
        negative = [o.operation == "negative" for o in node.operands]
        if any(negative):
            bare = [o.operands[0] if n else o for o, n in zip(node.operands, negative, strict=True)]
            inner = _rewritten(apply(operation, *bare, **node.attributes))
            return inner if sum(negative) % 2 == 0 else _negated(inner)
    if operation == "matmul":
        for unit, other in (node.operands, node.operands[::-1]):
            if _is_unit(unit) and shape_of(other) == shape_of(node):
                return other
    if operation == "transpose" and node.operands[0].operation == "transpose" and np.ndim(node.value) == 2:
        return node.operands[0].operands[0]
    if operation == "transpose" and node.operands[0].operation == "matmul" and np.ndim(node.value) == 2:
        x, y = node.operands[0].operands
        return apply("matmul", _turned(y), _turned(x)) if np.ndim(x.value) == np.ndim(y.value) == 2 else node
    if operation == "transpose" and _last_two_swapped(node) and node.operands[0].operation == "matmul":
        x, y = node.operands[0].operands
        if np.ndim(x.value) == np.ndim(y.value) == np.ndim(node.value):
            return apply("matmul", *(_swapped(factor, attribute(node, "axes")) for factor in (y, x)))
    if (
        operation == "transpose"
        and node.operands[0].operation in ("add", "subtract")
        and np.ndim(node.value) == 2
    ):
        parts = node.operands[0].operands
        if all(part.operation in ("matmul", "transpose") for part in parts):
            return apply(node.operands[0].operation, *[_rewritten(apply("transpose", p)) for p in parts])
    if operation in ("add", "subtract"):
        x, y = node.operands
        if operation == "add" and x is y and np.asarray(node.value).dtype.kind == "f":
            return _rewritten(apply("multiply", 2.0, x))
        if y.operation == "negative":
            return _rewritten(apply("subtract" if operation == "add" else "add", x, y.operands[0]))
        if operation == "add" and x.operation == "negative":
            return apply("subtract", y, x.operands[0])
        if operation == "add" and x.operation == "constant" and np.ndim(x.value) == 0 and x.value < 0:
            return apply("subtract", y, constant(-x.value))
        if y.operation in ("add", "subtract") and shape_of(y.operands[0]) == shape_of(y):
            first = apply(operation, x, y.operands[0])
            turned = operation == "subtract"
            return apply("add" if (y.operation == "add") != turned else "subtract", first, y.operands[1])
    return node


def _without_axes(node: Node) -> Node | None:
    """A sum or a mean that is kept as a column and then brought into the shape without that."""
    inner = node.operands[0]
    if inner.operation not in ("sum", "mean") or not attribute(inner, "keepdims"):
        return None
    bare = apply(inner.operation, inner.operands[0], **{**inner.attributes, "keepdims": False})
    return bare if shape_of(bare) == shape_of(node) else None


def _with_axes(node: Node) -> Node | None:
    """A shape that only has more axes of length one: ``v[:, None]`` holds for every length."""
    before, behind = shape_of(node.operands[0]), shape_of(node)
    if not before or 1 in before or node.operands[0].operation in ("constant", "negative"):
        return None
    if tuple(size for size in behind if size != 1) != before or before == behind:
        return None
    return apply("index", node.operands[0], index=tuple(None if n == 1 else slice(None) for n in behind))


def _lean(operand: Node, node: Node) -> Node:
    """A mean over the first axis need not be kept as a row: broadcasting gives it back."""
    if operand.operation == "reshape":
        inner, shape = operand.operands[0], shape_of(operand)
        ones = (1,) * (len(shape) - len(shape_of(inner)))
        others = [shape_of(o) for o in node.operands if o is not operand]
        return inner if shape == ones + shape_of(inner) and others == [shape_of(node)] else operand
    if operand.operation not in ("sum", "mean") or not attribute(operand, "keepdims"):
        return operand
    axis, count = attribute(operand, "axis"), len(shape_of(operand))
    first = axis in (0, -count, (0,)) and count > 1
    full = any(len(shape_of(o)) == len(shape_of(node)) for o in node.operands if o is not operand)
    if not first or not full or len(shape_of(node)) != count:
        return operand
    return apply(operand.operation, operand.operands[0], axis=0)


def _turned(node: Node) -> Node:
    return node.operands[0] if node.operation == "transpose" else apply("transpose", node)


def _is_unit(node: Node) -> bool:
    """Is a node the unit matrix, which a product does not need?"""
    value = node.value
    return node.operation == "constant" and np.ndim(value) == 2 and np.array_equal(value, np.eye(len(value)))


def _last_two_swapped(node: Node) -> bool:
    """Does a transposition of more than two axes turn the matrices in the last two?"""
    axes, count = attribute(node, "axes"), np.ndim(node.value)
    if axes is None or count < 3:
        return False
    return [a % count for a in axes] == [*range(count - 2), count - 1, count - 2]


def _swapped(node: Node, axes: object) -> Node:
    if node.operation == "transpose" and _last_two_swapped(node):
        return node.operands[0]
    return apply("transpose", node, axes=axes)


def _negated(node: Node) -> Node:
    if node.operation == "subtract":
        return apply("subtract", *node.operands[::-1])
    return apply("negative", node)


def _product(node: Node) -> Node:
    row = Row()
    _collect(node, row, True)
    _averaged(row)
    row.divisors = [d for divisor in row.divisors for d in _single(_bare(divisor, row))]
    sign, number = row.number < 0, abs(row.number)
    divisors: dict[str, list[Node]] = {}
    for divisor in row.divisors:
        divisors.setdefault(to_numpy(divisor), []).append(divisor)
    kept = []
    for factor in row.factors:  # x * y / x
        if same := divisors.get(to_numpy(factor)) if divisors else None:
            same.pop()
            continue
        kept.append(factor)
    row.factors = kept
    result: Node | None = None
    inverse = 1 / number if number else 0.0
    whole = abs(inverse - round(inverse)) < 1e-9 * inverse and round(inverse) > 2
    divided = number < 1 and whole and len(f"{number:.12g}") > 6  # 0.02 is read as it is, 1/28 is not
    if number != 1 and not divided:
        result = constant(number)
    for factor in row.factors:
        if sign and factor.operation == "subtract":
            factor, sign = apply("subtract", *factor.operands[::-1]), False
        result = factor if result is None else apply("multiply", result, factor)
    if result is None:
        result = constant(1.0)
    for same in filter(None, divisors.values()):
        for divisor in _repeated(same):
            result = apply("divide", result, divisor)
    if divided:
        result = apply("divide", result, constant(float(round(inverse))))
    if shape_of(result) != shape_of(node):
        return node
    if sign and np.asarray(result.value).dtype.kind == "b":
        return apply("multiply", constant(-1.0), result)
    return apply("negative", result) if sign else result


def _single(divisor: Node) -> list[Node]:
    """A square as two divisors, either of which may cancel."""
    power = divisor.operation == "power" and is_constant(divisor.operands[1], 2.0)
    square = (power or divisor.operation == "square") and not divisor.name
    return [divisor.operands[0]] * 2 if square else [divisor]


def _repeated(same: list[Node]) -> list[Node]:
    """Equal divisors as a power; of two roots the bare value."""
    roots = len(same) // 2 if same[0].operation == "sqrt" else 0
    parts = (same[:1], len(same) - 2 * roots), (same[0].operands[:1], roots)
    return [
        node if times == 1 else apply("power", node, constant(float(times)))
        for nodes, times in parts
        for node in nodes
        if times
    ]


def _bare(divisor: Node, row: Row) -> Node:
    """A divisor without a number in it that the number of the row is a multiple of."""
    if divisor.operation == "multiply":
        for number, rest in (divisor.operands, divisor.operands[::-1]):
            if number.operation != "constant" or not isinstance(number.value, (int, float)):
                continue
            whole = row.number / number.value if number.value else 0.5
            if whole == round(whole) and shape_of(rest) == shape_of(divisor):
                row.number = whole
                return rest
    return divisor


def _averaged(row: Row) -> None:
    """Make a mean of a sum that is divided by how many it adds up, where no rule has that number in it."""
    for k, factor in enumerate(row.factors):
        if factor.operation != "sum":
            continue
        count = np.size(factor.operands[0].value) // max(np.size(factor.value), 1)
        number = row.number * count
        if count > 1 and count & (count - 1) and abs(number - round(number)) < 1e-9 and abs(row.number) < 1:
            row.factors[k] = apply("mean", factor.operands[0], **factor.attributes)
            row.number = float(round(number))
            return


def _collect(node: Node, row: Row, up: bool) -> None:
    """Take a product apart; ``up`` says that it stands above the line."""
    if node.operation == "broadcast_to" and node.operands[0].operation == "constant":
        node = node.operands[0]
    if node.operation == "negative":
        row.number = -row.number
        _collect(node.operands[0], row, up)
    elif node.operation == "constant" and isinstance(node.value, (int, float)) and node.value:
        row.number = row.number * float(node.value) if up else row.number / float(node.value)
    elif node.operation == "multiply" and (up or all(o.operation == "constant" for o in node.operands)):
        for operand in node.operands:
            _collect(operand, row, up)
    elif node.operation == "divide" and up:
        _collect(node.operands[0], row, True)
        _collect(node.operands[1], row, False)
    else:
        (row.factors if up else row.divisors).append(node)
