"""What an expression that crashes may have been meant to be: edits of it, the likeliest first.

They are made from the text alone; whether one of them is right is for others to find out. The names of the
rules say what the mistake would be.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from backproof.source.text import Edit, Program, Span, span_of, text_of

Operand = ast.Name | ast.Attribute | ast.Subscript | ast.Call
PRODUCTS = frozenset({"dot", "matmul"})
REDUCTIONS = frozenset(
    {"sum", "mean", "max", "min", "argmax", "prod", "concatenate", "expand_dims", "squeeze"}
)
SUMS = (
    ("axis=0", 1.2), ("axis=0, keepdims=True", 1.3), ("axis=1, keepdims=True", 1.4), ("axis=1", 1.5),
    ("", 1.6), ("axis=(0, 1)", 1.65), ("axis=(0, 2)", 1.7), ("axis=(0, 2, 3)", 1.7),
)  # fmt: skip
MATRIX = re.compile(r"\b(?:matrix|asmatrix|mat)\(")
NUMPY = re.compile(r"^import numpy(?: as (\w+))?", re.MULTILINE)
MOST_NAMES = 12  # that are tried in the place of one


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to write an expression: its edits, the rule they would be a case of, and how unlikely it is."""

    rule: str
    edits: tuple[Edit, ...]
    cost: float


def alternatives(
    program: Program, expression: ast.expr, names: Sequence[str] = (), *, summed: bool = False
) -> list[Alternative]:
    """List the ways to write an expression otherwise, in the order of their cost.

    One operand is transposed, or not any more; two change places; an elementwise product is one of matrices
    or the other way round; a reduction goes along another axis, or keeps it; an index is one off; one of
    ``names`` stands where another does. ``summed`` offers the expression summed over its rows, too.
    """
    found: dict[tuple[Edit, ...], Alternative] = {}
    every = [
        *_transposed(program, expression),
        *_products(program, expression),
        *_axes(program, expression),
        *_indices(program, expression),
        *_renamed(program, expression, names),
        *(_summed(program, expression) if summed else ()),
    ]
    singles = [alternative for alternative in every if not _collide(alternative.edits)]
    flips = [a for a in singles if a.rule == "wrong-transpose" and len(a.edits) == 1]
    pairs = [
        Alternative("wrong-transpose", (*a.edits, *b.edits), a.cost + b.cost)
        for a, b in itertools.combinations(flips, 2)
        if not _overlap(a.edits[0].span, b.edits[0].span)
    ]
    for alternative in sorted([*singles, *pairs], key=lambda a: a.cost):
        found.setdefault(alternative.edits, alternative)
    return list(found.values())


def _collide(edits: tuple[Edit, ...]) -> bool:
    return any(_overlap(a.span, b.span) for a, b in itertools.combinations(edits, 2))


def _overlap(a: Span, b: Span) -> bool:
    return (a.row, a.column) < (b.end_row, b.end_column) and (b.row, b.column) < (a.end_row, a.end_column)


def _edit(program: Program, node: ast.expr, text: str) -> Edit:
    return Edit(span_of(program, node), text)


def _text(program: Program, node: ast.expr) -> str:
    return text_of(program, span_of(program, node))


def _primary(program: Program, node: ast.expr) -> str:
    """The text of an expression, in brackets where something is to be put behind it."""
    text = _text(program, node)
    return text if isinstance(node, Operand) else f"({text})"


def _operands(expression: ast.expr) -> Iterator[ast.expr]:
    """The values that an expression is made of, outermost first; not the functions, indices and constants."""
    stack: list[ast.expr] = [expression]
    while stack:
        node = stack.pop(0)
        match node:
            case ast.BinOp(left=left, right=right):
                yield node
                stack += [left, right]
            case ast.UnaryOp(operand=operand):
                stack.append(operand)
            case ast.Call(func=function, args=arguments, keywords=keywords):
                yield node
                stack += [a for a in arguments if not isinstance(a, ast.Starred)]
                stack += [k.value for k in keywords if k.arg not in ("axis", "keepdims", "axes", "dtype")]
                if isinstance(function, ast.Attribute) and not _is_module(function.value):
                    stack.append(function.value)
            case ast.Attribute(attr="T", value=value):
                yield node
                stack += [value] if not isinstance(value, ast.Name) else []
            case ast.Name() | ast.Attribute():
                yield node
            case ast.Subscript(value=value):
                yield node
                if not isinstance(value, ast.Name | ast.Attribute):
                    stack.append(value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                stack += parts
            case ast.IfExp(body=body, orelse=orelse):
                stack += [body, orelse]


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "math", "scipy", "linalg")


def _transposed(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    for node in _operands(expression):
        match node:
            case ast.Attribute(attr="T", value=value):
                yield Alternative("wrong-transpose", (_edit(program, node, _text(program, value)),), 1.0)
            case ast.Call(func=ast.Attribute(attr="transpose", value=value), args=[]):
                yield Alternative("wrong-transpose", (_edit(program, node, _text(program, value)),), 1.0)
            case ast.Call(func=ast.Attribute(attr="transpose"), args=[inner]):
                yield Alternative("wrong-transpose", (_edit(program, node, _text(program, inner)),), 1.0)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                edit = _edit(program, node, f"{_text(program, node)}.T")
                yield Alternative("wrong-transpose", (edit,), 1.0)
            case ast.BinOp() | ast.Call():
                edit = _edit(program, node, f"{_primary(program, node)}.T")
                yield Alternative("wrong-transpose", (edit,), 1.4)


def _products(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    """Operands that change places, with and without a transpose, and the other kind of product."""
    for node in _operands(expression):
        match node:
            case ast.BinOp(left=left, op=ast.MatMult() | ast.Mult() as op, right=right):
                sign, other = ("@", "*") if isinstance(op, ast.MatMult) else ("*", "@")
                rule = "wrong-axis" if sign == "@" else "missing-sum"
                where = _operator(program, left, right, sign)
                if sign == "*":
                    yield from _element_by_element(program, node, left, right)
                if where is not None:
                    yield Alternative(rule, (Edit(where, other),), 1.5)
                    yield from _with_transposes(program, left, right, Edit(where, other), rule)
            case ast.Call(func=ast.Attribute(attr=name) as function, args=[left, right]) if name in PRODUCTS:
                yield Alternative("wrong-axis", (_renamed_call(program, function, "multiply"),), 1.6)
                yield Alternative("wrong-axis", (_renamed_call(program, function, "outer"),), 1.8)
            case ast.Call(func=ast.Attribute(attr="multiply") as function, args=[left, right]):
                product = _renamed_call(program, function, "dot")
                yield Alternative("missing-sum", (product,), 1.6)
                yield from _with_transposes(program, left, right, product, "missing-sum")
            case ast.Call(func=ast.Attribute(attr="outer"), args=[left, right]):
                edits = (
                    _edit(program, left, _text(program, right)),
                    _edit(program, right, _text(program, left)),
                )
                yield Alternative("wrong-transpose", edits, 1.2)
                continue
            case ast.Call(func=ast.Attribute(attr="dot", value=left), args=[right]) if not _is_module(left):
                pass
            case _:
                continue
        texts = _primary(program, left), _primary(program, right)
        if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.MatMult):
            turned = [f"{text}.T" for text in texts]
            for one, two, cost in (
                (texts[1], texts[0], 1.3),
                (turned[1], texts[0], 1.6),
                (texts[1], turned[0], 1.6),
            ):
                edits = (_edit(program, left, _plain(one)), _edit(program, right, _plain(two)))
                yield Alternative("wrong-transpose", edits, cost)
            edits = (_edit(program, left, _plain(turned[1])), _edit(program, right, _plain(turned[0])))
            yield Alternative("wrong-transpose", edits, 1.35)  # the product as a whole, transposed


def _element_by_element(
    program: Program, node: ast.expr, left: ast.expr, right: ast.expr
) -> Iterator[Alternative]:
    """The product of two matrices of NumPy's own type, whose `*` is that of linear algebra, by elements."""
    if MATRIX.search(program.text):
        module = NUMPY.search(program.text)
        function = f"{module[1] or 'numpy'}.multiply" if module else "multiply"
        text = f"{function}({_text(program, left)}, {_text(program, right)})"
        yield Alternative("wrong-axis", (_edit(program, node, text),), 1.5)


def _with_transposes(
    program: Program, left: ast.expr, right: ast.expr, product: Edit, rule: str
) -> Iterator[Alternative]:
    for node in (left, right):
        edit = _edit(program, node, f"{_primary(program, node)}.T")
        yield Alternative(rule, tuple(sorted((edit, product), key=lambda e: e.span)), 2.2)


def _plain(text: str) -> str:
    """A text that was transposed twice as it was."""
    return text.removesuffix(".T.T")


def _renamed_call(program: Program, function: ast.Attribute, name: str) -> Edit:
    span = span_of(program, function)
    start = span.end_column - len(function.attr)
    return Edit(Span(span.end_row, start, span.end_row, span.end_column), name)


def _operator(program: Program, left: ast.expr, right: ast.expr, sign: str) -> Span | None:
    a, b = span_of(program, left), span_of(program, right)
    if a.end_row != b.row:
        return None
    between = program.lines[a.end_row - 1][a.end_column - 1 : b.column - 1]
    if between.count(sign) != 1:
        return None
    column = a.end_column + between.index(sign)
    return Span(a.end_row, column, a.end_row, column + 1)


def _axes(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    """Another axis of a reduction, or the axis kept or dropped."""
    for node in _operands(expression):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in REDUCTIONS:
            continue
        axis = next((k.value for k in node.keywords if k.arg == "axis"), None)
        of_module = _is_module(node.func.value)
        if axis is None and len(node.args) == 1 + of_module and not isinstance(node.args[-1], ast.Starred):
            axis = node.args[-1]
        kept = next((k for k in node.keywords if k.arg == "keepdims"), None)
        end = span_of(program, node)
        closing = Span(end.end_row, end.end_column - 1, end.end_row, end.end_column - 1)
        keep = (
            Edit(closing, ", keepdims=True" if node.args or node.keywords else "keepdims=True")
            if kept is None
            else _edit(program, kept.value, "False" if _text(program, kept.value) == "True" else "True")
        )
        if axis is None:
            for number in (0, 1):
                along = Edit(closing, f"{', ' if node.args or node.keywords else ''}axis={number}")
                yield Alternative("wrong-axis", (along,), 1.2)
                both = Edit(closing, f"{along.content}, keepdims=True")
                yield Alternative("wrong-axis", (both,), 1.5)
            continue
        others = [number for number in ("0", "1", "-1") if number != _text(program, axis)]
        yield Alternative("wrong-axis", (keep,), 1.1)
        for other in others:
            along = _edit(program, axis, other)
            yield Alternative("wrong-axis", (along,), 0.9 + 0.1 * (other == "-1"))
            together: tuple[Edit, ...] = (along, keep)
            if span_of(program, axis).end_column == keep.span.column:
                together = (_edit(program, axis, other + keep.content),)
            yield Alternative("wrong-axis", together, 1.6)


def _indices(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    """Indices that are one off."""
    for node in ast.walk(expression):
        if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice | ast.Tuple):
            continue
        for text in _shifted(_text(program, node.slice), node.slice):
            yield Alternative("wrong-index", (_edit(program, node.slice, text),), 1.1)


def _shifted(text: str, index: ast.expr) -> Iterator[str]:
    match index:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            yield from (str(number - 1), str(number + 1))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            yield from (str(-number - 1), str(1 - number))
        case ast.BinOp(op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int(number))):
            base = text[: text.rindex("+" if isinstance(op, ast.Add) else "-")].rstrip()
            shift = number if isinstance(op, ast.Add) else -number
            for moved in (shift - 1, shift + 1):
                yield base if moved == 0 else f"{base} {'+' if moved > 0 else '-'} {abs(moved)}"
        case ast.Name() | ast.UnaryOp(op=ast.USub()):
            yield from (f"{text} - 1", f"{text} + 1")


def _renamed(program: Program, expression: ast.expr, names: Sequence[str]) -> Iterator[Alternative]:
    """Another name in the place of one, those that look alike first; no value is compared with itself."""
    compared = against(program, expression)
    callees = {id(node.func) for node in ast.walk(expression) if isinstance(node, ast.Call)}
    for node in _operands(expression):
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript) or id(node) in callees:
            continue
        if isinstance(node, ast.Attribute) and node.attr == "T":
            if not isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
                continue
            node = node.value
        own = _text(program, node)
        others = [name for name in names if name != own and name not in compared.get(id(node), ())]
        alike = sorted((1 - SequenceMatcher(None, own, name).ratio(), name) for name in others)
        for distance, name in alike[:MOST_NAMES]:
            yield Alternative("wrong-operand", (_edit(program, node, name),), 1.2 + distance / 2)


def against(program: Program, expression: ast.AST) -> dict[int, set[str]]:
    """What an operand of a difference is taken from, and what stands beside an argument of a loss."""
    found: dict[int, set[str]] = {}
    for node in ast.walk(expression):
        match node:
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                beside = [left, right]
            case ast.Call(func=ast.Name() | ast.Attribute() as function, args=[_, _, *_] as beside):
                owner = function.value if isinstance(function, ast.Attribute) else function
                if _is_module(owner) or getattr(function, "attr", "") in PRODUCTS:
                    continue
            case _:
                continue
        for operand in beside:
            found[id(operand)] = {_text(program, other) for other in beside if other is not operand}
    return found


def _summed(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    """A value of the expression summed along an axis: single values first, then what is made of them."""
    for node in _operands(expression):
        made = isinstance(node, ast.BinOp)
        text = _primary(program, node)
        for arguments, cost in SUMS:
            edit = _edit(program, node, f"{text}.sum({arguments})")
            yield Alternative("missing-sum", (edit,), cost + 0.3 * made)


def shifted_indices(program: Program, expression: ast.expr) -> list[Alternative]:
    """List the ways to write a place that is assigned to with an index that is one off."""
    return list(_indices(program, expression))
