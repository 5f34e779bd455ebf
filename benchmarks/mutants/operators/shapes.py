"""Mistakes in shapes: transposes, sums, axes, indices."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ..mutation import Change, Mutation
from ..text import Source, constant, is_reading

TRANSPOSE = ("wrong-transpose",)
INDEX = ("wrong-index", "wrong-operand")


def wrong_transpose(source: Source) -> Iterator[Mutation]:
    """A transpose is dropped or added, or a product is the wrong way round."""
    for node in source.expressions():
        if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
            new = source.text[source.place(node)[0] : source.place(node)[1] - 2]
            yield Mutation("untransposed", TRANSPOSE, (Change(source.place(node), new),), crashes=True)
        for operand, other in _products(node):
            if not (isinstance(operand, ast.Attribute) and operand.attr == "T") and is_reading(operand):
                new = source.of_node(operand) + ".T"
                yield Mutation("transposed", TRANSPOSE, (Change(source.place(operand), new),), crashes=True)
            if source.place(operand) < source.place(other):
                left, right = source.place(operand), source.place(other)
                between = source.text[left[1] : right[0]]
                if "(" not in between.replace("dot(", "").replace("outer(", "") and ")" not in between:
                    new = source.of_node(other) + between + source.of_node(operand)
                    names = (*TRANSPOSE, "wrong-operand")
                    yield Mutation("swapped", names, (Change((left[0], right[1]), new),), crashes=True)


def _products(node: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield node.left, node.right
        yield node.right, node.left
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        if function in ("np.dot", "dot", "np.outer", "np.matmul") and len(node.args) == 2:
            yield node.args[0], node.args[1]
            yield node.args[1], node.args[0]


def missing_sum(source: Source) -> Iterator[Mutation]:
    """A sum is dropped, becomes its first row, or a mean."""
    for node, inner, name_at in _sums(source):
        text = source.of_node(inner)
        if not isinstance(inner, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            text = f"({text})"
        yield Mutation("sum-dropped", ("missing-sum",), (Change(source.place(node), text),), crashes=True)
        axis = next((k.value for k in node.keywords if k.arg == "axis"), None)
        index = {0.0: "[0]", 1.0: "[:, 0]"}.get(constant(axis) if axis is not None else None)  # type: ignore[arg-type]
        if index is not None and not any(k.arg == "keepdims" for k in node.keywords):
            yield Mutation(
                "first-row", ("missing-sum", "wrong-index"), (Change(source.place(node), text + index),)
            )
        if name_at is not None:
            names = ("wrong-scale", "extra-factor", "missing-sum")
            start, end = source.place(node)
            new = source.text[start:name_at] + "mean" + source.text[name_at + 3 : end]
            yield Mutation("mean-for-sum", names, (Change((start, end), new),))


def wrong_axis(source: Source) -> Iterator[Mutation]:
    """A sum or mean goes over another axis, or over all."""
    for node, _, _ in _sums(source, ("sum", "mean", "max")):
        for keyword in node.keywords:
            number = constant(keyword.value) if keyword.arg == "axis" else None
            if number in (0.0, 1.0):
                new = str(1 - int(number))
                yield Mutation(
                    "axis", ("wrong-axis",), (Change(source.place(keyword.value), new),), crashes=True
                )
                names = ("wrong-axis", "missing-sum")
                place = (source.place(keyword.value)[0], source.place(keyword.value)[1])
                yield Mutation("no-axis", names, (Change(place, "None"),))


def _sums(
    source: Source, kinds: tuple[str, ...] = ("sum",)
) -> Iterator[tuple[ast.Call, ast.expr, int | None]]:
    """Calls of a sum: the call, what is summed, and where the word stands."""
    for node in source.expressions():
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in kinds:
            at = source.place(function)[1] - len(function.attr)
            at_or_none = at if function.attr == "sum" else None
            if isinstance(function.value, ast.Name) and function.value.id == "np":
                if node.args and not isinstance(node.args[0], ast.GeneratorExp):
                    yield node, node.args[0], at_or_none
            else:
                yield node, function.value, at_or_none


def wrong_index(source: Source) -> Iterator[Mutation]:
    """An index is off by one or another one, two are swapped, a slice begins or ends elsewhere."""
    for node in source.expressions():
        if not isinstance(node, ast.Subscript) or isinstance(node.ctx, ast.Del):
            continue
        index = node.slice
        if isinstance(index, ast.Tuple) and len(index.elts) == 2:
            a, b = index.elts
            if isinstance(a, ast.Name) and isinstance(b, ast.Name):
                yield Mutation("indices-swapped", INDEX, (Change(source.place(index), f"{b.id}, {a.id}"),))
        inner = node.value
        if (
            isinstance(inner, ast.Subscript)
            and isinstance(index, ast.Name)
            and isinstance(inner.slice, ast.Name)
        ):
            place = (source.place(inner.slice)[0], source.place(index)[1])
            yield Mutation("indices-swapped", INDEX, (Change(place, f"{index.id}][{inner.slice.id}"),))
        for part in index.elts if isinstance(index, ast.Tuple) else [index]:
            yield from _shifted(source, node, part)
    for statement in source.statements():
        if isinstance(statement, ast.For) and isinstance(statement.iter, ast.Call):
            call = statement.iter
            if ast.unparse(call.func) == "range" and len(call.args) == 1:
                new = f"range(1, {source.of_node(call.args[0])})"
                yield Mutation("range", INDEX, (Change(source.place(call), new),))


def _shifted(source: Source, node: ast.Subscript, part: ast.expr) -> Iterator[Mutation]:
    texts: list[str] = []
    number = constant(part)
    if number is None and isinstance(part, ast.UnaryOp):
        number = constant(part.operand)
        number = None if number is None else -number
    if number is not None and float(number).is_integer():
        texts = [str(int(number) + (-1 if number < 0 else 1)), str(int(number) - (-1 if number < 0 else 1))]
    elif isinstance(part, ast.Name) and len(part.id) <= 2 and not isinstance(node.value, ast.Call):
        texts = [f"{part.id} - 1"]
    elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub) and constant(part.right) == 1:
        texts = [source.of_node(part.left)]
    elif isinstance(part, ast.Slice) and part.step is None and (part.lower is None) != (part.upper is None):
        lower = constant(part.lower) if part.lower is not None else None
        texts = [":-1"] if lower == 1 else []
    for text in texts:
        if source.place(part)[1] > source.place(part)[0]:
            yield Mutation("index", INDEX, (Change(source.place(part), text),), (source.place(node),))


EVERY: tuple[Callable[[Source], Iterator[Mutation]], ...] = (
    wrong_transpose,
    missing_sum,
    wrong_axis,
    wrong_index,
)
