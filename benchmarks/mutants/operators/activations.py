"""Mistakes in the derivatives of activations: another function's, at another point, another mask."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ..mutation import Change, Mutation
from ..text import Source, constant, is_one_minus, is_reading

WRONG = ("wrong-activation-derivative",)
POINT = ("derivative-at-wrong-point", "wrong-operand")
MASKED = ("forward-backward-mismatch", "wrong-activation-derivative", "missing-factor")


def _slopes(source: Source) -> Iterator[tuple[ast.BinOp, str, int]]:
    """Products ``... a * (1 - a)``: the product, the text of a, and where the first a stands."""
    for node in source.expressions():
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and is_one_minus(node.right)):
            continue
        assert isinstance(node.right, ast.BinOp)
        inner = ast.unparse(node.right.right)
        left = node.left
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
            left = left.right
        if ast.unparse(left) == inner:
            yield node, inner, source.place(left)[0]


def _squares(source: Source) -> Iterator[tuple[ast.BinOp, str]]:
    """Differences ``1 - a ** 2``, however the square is written: the difference and the text of a."""
    for node in source.expressions():
        if not is_one_minus(node):
            continue
        assert isinstance(node, ast.BinOp)
        square = node.right
        if isinstance(square, ast.BinOp) and isinstance(square.op, ast.Pow) and constant(square.right) == 2:
            yield node, ast.unparse(square.left)
        elif isinstance(square, ast.BinOp) and isinstance(square.op, ast.Mult):
            if ast.unparse(square.left) == ast.unparse(square.right):
                yield node, ast.unparse(square.left)
        elif isinstance(square, ast.Call) and ast.unparse(square.func).endswith("square"):
            yield node, ast.unparse(square.args[0])


def wrong_derivative(source: Source) -> Iterator[Mutation]:
    """The derivative of the sigmoid becomes that of tanh, and the other way round; or a half of it."""
    for node, inner, start in _slopes(source):
        place = (start, source.place(node)[1])
        yield Mutation("slope-of-tanh", WRONG, (Change(place, f"(1 - {inner} ** 2)"),))
        yield Mutation(
            "slope-of-tanh", (*WRONG, "extra-factor"), (Change(place, f"{inner} ** 2 * (1 - {inner})"),)
        )
    for node, inner in _squares(source):
        half = f"{inner} * (1 - {inner})"
        place = source.place(node)
        yield Mutation(
            "slope-of-sigmoid", WRONG, (Change(place, half if source.bracketed(node) else f"({half})"),)
        )
        yield Mutation("slope-unsquared", WRONG, (Change(place, f"1 - {inner}"),))


def wrong_point(source: Source) -> Iterator[Mutation]:
    """A derivative is taken at the activation instead of what went into it, and the other way round."""
    pairs, forward = _pairs(source)
    inside = {part: node for node, _, _ in _slopes(source) for part in ast.walk(node)}
    inside.update({part: node for node, _ in _squares(source) for part in ast.walk(node)})
    for node in source.expressions():
        if isinstance(node, ast.Call) and len(node.args) == 1 and ast.unparse(node.func) not in forward:
            for other in pairs.get(ast.unparse(node.args[0]), ()):
                yield Mutation("other-point", POINT, (Change(source.place(node.args[0]), other),))
    for node, inner, start in _slopes(source):
        place = (start, source.place(node)[1])
        for other in pairs.get(inner, ()):
            yield Mutation("other-point", POINT, (Change(place, f"{other} * (1 - {other})"),))
        for function in forward:
            if "sig" in function or function in ("squash", "s", "f", "fire", "logistic"):
                twice = f"{function}({inner})"
                yield Mutation("twice", POINT, (Change(place, f"{twice} * (1 - {twice})"),))
    for node, inner in _squares(source):
        for other in pairs.get(inner, ()):
            yield Mutation("other-point", POINT, (Change(source.place(node), f"1 - {other} ** 2"),))
        for function in forward:
            if "tanh" in function:
                yield Mutation("twice", POINT, (Change(source.place(node), f"1 - {function}({inner}) ** 2"),))


def _pairs(source: Source) -> tuple[dict[str, list[str]], list[str]]:
    """What goes into an activation and what comes out, each under the other, and the activation functions."""
    pairs: dict[str, list[str]] = {}
    functions: list[str] = []
    for node in source.statements():
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1):
            continue
        target, value = node.targets[0], node.value
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            name = ast.unparse(value.func)
            if any(
                word in name for word in ("sum", "mean", "zeros", "array", "len", "backward", "copy", "exp")
            ):
                continue
            if (
                any(word in name for word in ("tanh", "sig", "squash", "act", "fire", "relu"))
                or len(name) == 1
            ):
                functions.append(name)
            if is_reading(value.args[0]) and isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
                out, into = ast.unparse(target), ast.unparse(value.args[0])
                pairs.setdefault(out, []).append(into)
                pairs.setdefault(into, []).append(out)
    return pairs, list(dict.fromkeys(functions))


def wrong_mask(source: Source) -> Iterator[Mutation]:
    """A mask is the other way round, or the value itself, or left out."""
    for node in source.expressions():
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            signs = {ast.Gt: (">", "<"), ast.Lt: ("<", ">"), ast.GtE: (">=", "<"), ast.LtE: ("<=", ">")}
            if type(node.ops[0]) not in signs or constant(node.comparators[0]) is None:
                continue
            sign, other = signs[type(node.ops[0])]
            at = source.text.index(sign, source.place(node.left)[1])
            changed = source.text[source.place(node)[0] : at] + other
            changed += source.text[at + len(sign) : source.place(node)[1]]
            yield Mutation("mask-turned", MASKED, (Change(source.place(node), changed),))
            parent = source.parents[node]
            if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
                new = ast.unparse(node.left)
                names = ("wrong-activation-derivative", "wrong-operand")
                yield Mutation("mask-is-value", names, (Change(source.place(node), new),))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("where") and len(node.args) == 3:
            yes, no = node.args[1:]
            swapped = f"{source.of_node(no)}, {source.of_node(yes)}"
            place = (source.place(yes)[0], source.place(no)[1])
            yield Mutation("where-turned", MASKED, (Change(place, swapped),), (source.place(node),))
            if constant(yes) is None:
                # a slope of Huber's loss without its branch is the gradient of the squared error
                masked = (*MASKED, "loss-mismatch")
                yield Mutation("where-dropped", masked, (Change(source.place(node), source.of_node(yes)),))
    for statement in source.statements():
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Subscript)
            and constant(statement.value) == 0
            and isinstance(statement.targets[0].slice, ast.Compare)
        ):
            block = source.block(statement)
            k = block.index(statement)
            near = tuple(source.place(s) for s in block[max(0, k - 1) : k + 2] if s is not statement)
            if len(block) > 1:
                yield Mutation("mask-dropped", MASKED, (Change(source.lines_of(statement), ""),), near)


EVERY: tuple[Callable[[Source], Iterator[Mutation]], ...] = (wrong_derivative, wrong_point, wrong_mask)
