"""Mistakes in sums and products: signs, factors, terms, constants."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ..mutation import Change, Mutation
from ..text import Source, constant, is_one_minus

RATES = {"lr", "alpha", "eta", "rate", "learning_rate", "step_size", "pace", "speed", "LR", "ETA", "RATE"}
DERIVATIVES = ("deriv", "prime", "slope", "df", "grad", "d_")
MASKS = ("mask", "keep", "on", "alive", "active")


def negated_difference(source: Source) -> Iterator[Mutation]:
    """``a - b`` becomes ``b - a``."""
    for node in source.expressions():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and constant(node.left) is None:
            left, right = source.left(node, "-"), source.right(node, "-")
            if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Add | ast.Sub):
                left = f"({left})"
            yield Mutation("negated", ("sign-flipped",), (Change(source.place(node), f"{right} - {left}"),))


def wrong_sign(source: Source) -> Iterator[Mutation]:
    """``a + b`` becomes ``a - b``, ``1 - a`` becomes ``1 + a``, ``-a`` becomes ``a``."""
    for node in source.expressions():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            sign, other = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
            at = source.operator_at(node, sign)
            names: tuple[str, ...] = ("sign-flipped",)
            if is_one_minus(node):
                names = ("sign-flipped", "wrong-activation-derivative")
            changed = (
                source.text[source.place(node)[0] : at] + other + source.text[at + 1 : source.place(node)[1]]
            )
            yield Mutation("sign", names, (Change(source.place(node), changed),))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and constant(node.operand) is None:
            new = source.text[source.place(node)[0] + 1 : source.place(node)[1]].lstrip()
            yield Mutation("minus-dropped", ("sign-flipped",), (Change(source.place(node), new),))


def climbing(source: Source) -> Iterator[Mutation]:
    """``w -= step`` becomes ``w += step``, and the other way round."""
    for node in source.statements():
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            sign, other = ("+=", "-=") if isinstance(node.op, ast.Add) else ("-=", "+=")
            at = source.text.index(sign, source.place(node.target)[1])
            yield Mutation(
                "update-sign",
                ("sign-flipped",),
                (Change((at, at + 2), other),),
                (source.place(node), source.place(node.value)),
            )


def missing_factor(source: Source) -> Iterator[Mutation]:
    """``a * b`` becomes ``a``, or ``b``; ``a / b`` becomes ``a``."""
    for node in source.expressions():
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
            continue
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        if is_constant(node.right) or not _only_constants(node.left):
            yield _dropped(source, node, node.right, source.left(node, sign))
        if sign == "*" and not (
            isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult | ast.Div)
        ):
            yield _dropped(source, node, node.left, source.right(node, sign))


def _dropped(source: Source, node: ast.BinOp, gone: ast.expr, rest: str) -> Mutation:
    top: ast.AST = node
    while isinstance(source.parents[top], ast.BinOp) and isinstance(
        source.parents[top].op,  # type: ignore[attr-defined]
        ast.Mult | ast.Div | ast.MatMult,
    ):
        top = source.parents[top]
    # the product that is left is changed as a whole, so that all of it counts as the place
    assert isinstance(top, ast.BinOp)
    start, end = source.place(top)
    begin, stop = source.place(node)
    new = source.text[start:begin] + rest + source.text[stop:end]
    return Mutation("factor-dropped", names_without(source, node, gone), (Change((start, end), new),))


def names_without(source: Source, node: ast.BinOp, gone: ast.expr) -> tuple[str, ...]:
    """What a product without one of its factors may be called."""
    text = ast.unparse(gone)
    if is_constant(gone):
        return ("wrong-scale", "missing-factor", "loss-mismatch")
    function = source.function(node)
    arguments = {a.arg for a in function.args.args} if function is not None else set()
    if isinstance(gone, ast.Name) and gone.id in arguments and _is_backward(function):
        return ("upstream-ignored", "missing-factor")
    if isinstance(gone, ast.Compare) or any(word in text.lower() for word in MASKS if text.isidentifier()):
        return ("forward-backward-mismatch", "missing-factor", "wrong-activation-derivative")
    slope = is_one_minus(gone) or any(is_one_minus(part) for part in ast.walk(gone))
    other = node.left if gone is node.right else node.right
    if slope or is_one_minus(other) or any(word in text.lower() for word in DERIVATIVES):
        return ("missing-factor", "wrong-activation-derivative", "loss-mismatch")
    return ("missing-factor",)


def _is_backward(function: ast.FunctionDef | ast.Lambda | None) -> bool:
    name = function.name.lower() if isinstance(function, ast.FunctionDef) else ""
    return any(word in name for word in ("back", "grad", "pull", "push", "bprop"))


def _only_constants(node: ast.expr) -> bool:
    """Is a product nothing but a rate, with numbers? Nobody takes just that off a parameter."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return _only_constants(node.left) and _only_constants(node.right)
    return is_constant(node)


def is_constant(node: ast.expr) -> bool:
    """Is a factor a number, a rate, or a count of samples?"""
    if constant(node) is not None:
        return True
    if isinstance(node, ast.Name):
        return node.id in RATES or (len(node.id) == 1 and node.id in "mnNMTBH")
    text = ast.unparse(node)
    return text.startswith("len(") or ".shape[" in text or text.endswith(".size")


def extra_factor(source: Source) -> Iterator[Mutation]:
    """``a * b`` becomes ``a * b * b``, ``a / b`` becomes ``a / b / b``."""
    for node in source.expressions():
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)):
            continue
        sign = "*" if isinstance(node.op, ast.Mult) else "/"
        right = source.right(node, sign)
        names = (
            ("wrong-scale", "extra-factor") if is_constant(node.right) else ("extra-factor", "loss-mismatch")
        )
        if constant(node.right) is None and (is_constant(node.right) or not _only_constants(node.left)):
            new = f"{source.of_node(node)} {sign} {right}"
            yield Mutation("factor-doubled", names, (Change(source.place(node), new),))


def missing_term(source: Source) -> Iterator[Mutation]:
    """``a + b`` becomes ``a``, or ``b``; ``a - b`` becomes ``a``."""
    for node in source.expressions():
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)):
            continue
        if is_one_minus(node) or any(_is_tiny(part) for part in (node.left, node.right)):
            continue
        statement = source.parents[node]
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == ast.unparse(node.left):
            continue  # an update without its step is no update
        if isinstance(statement, ast.ListComp) and _goes_through(source, statement, node.left):
            continue  # nor is it one of every item of a list
        if isinstance(statement, ast.Dict) and _is_entry(statement, node):
            continue  # nor that of an entry
        sign = "+" if isinstance(node.op, ast.Add) else "-"
        names: tuple[str, ...] = ("missing-term",)
        if _is_derivative(source.function(node)):
            names += ("wrong-activation-derivative",)  # its formula is wrong then, whatever it lacks
        yield Mutation("term-dropped", names, (Change(source.place(node), source.left(node, sign)),))
        if sign == "+":
            new = source.right(node, sign)
            yield Mutation("term-dropped", names, (Change(source.place(node), new),))


def _is_entry(new: ast.Dict, value: ast.BinOp) -> bool:
    """Is a value computed from the entry of a dictionary under the same key?"""
    key = next((k for k, v in zip(new.keys, new.values, strict=True) if v is value), None)
    return (
        key is not None
        and isinstance(value.left, ast.Subscript)
        and ast.unparse(value.left.slice) == ast.unparse(key)
    )


def _is_derivative(function: ast.FunctionDef | ast.Lambda | None) -> bool:
    """Is a function one that computes a slope: by its name, or as a lambda of one number?"""
    if isinstance(function, ast.Lambda):
        return len(function.args.args) == 1
    return function is not None and any(word in function.name.lower() for word in DERIVATIVES)


def _goes_through(source: Source, comprehension: ast.ListComp, item: ast.expr) -> bool:
    """Does a comprehension take ``item`` from the list that it is assigned to again?"""
    statement, generator = source.parents[comprehension], comprehension.generators[0]
    target = generator.target
    first = target.elts[0] if isinstance(target, ast.Tuple) else target
    return (
        isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) in ast.unparse(generator.iter)
        and ast.unparse(first) == ast.unparse(item)
    )


def _is_tiny(node: ast.expr) -> bool:
    number = constant(node)
    return number is not None and 0 < abs(number) < 1e-3


def wrong_scale(source: Source) -> Iterator[Mutation]:
    """The right side of an assignment is doubled; a constant factor becomes another."""
    for node in source.statements():
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AugAssign) and isinstance(value, ast.BinOp | ast.Call):
            if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
                continue
            new = f"2 * {source.of_node(value)}"
            yield Mutation("scaled", ("wrong-scale", "extra-factor"), (Change(source.place(value), new),))
    for expression in source.expressions():
        number = constant(expression)
        if number in (2.0, 0.5, 0.25, 3.0, 4.0) and isinstance(source.parents[expression], ast.BinOp):
            parent = source.parents[expression]
            assert isinstance(parent, ast.BinOp)
            if isinstance(parent.op, ast.Mult | ast.Div):
                new = "1.5" if number == 2 else "2"
                # the number may be one that the forward pass has: then it is not mirrored
                names = ("wrong-scale", "forward-backward-mismatch")
                yield Mutation("constant", names, (Change(source.place(expression), new),))


EVERY: tuple[Callable[[Source], Iterator[Mutation]], ...] = (
    negated_difference,
    wrong_sign,
    climbing,
    missing_factor,
    extra_factor,
    missing_term,
    wrong_scale,
)
