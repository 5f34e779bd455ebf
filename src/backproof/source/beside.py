"""What a term of a sum lacks that those beside it have, and what is meant by a product of several factors."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import TypeGuard

from backproof.source.alternatives import REDUCTIONS, Alternative
from backproof.source.text import Edit, Program, span_of, text_of


def as_beside(program: Program, expression: ast.expr) -> Iterator[Alternative]:
    """A term of a sum without the reduction that the terms beside it have."""
    inner = {id(part.left) for part in ast.walk(expression) if _is_sum(part)}
    for node in ast.walk(expression):
        if not _is_sum(node) or id(node) in inner:
            continue
        terms: list[ast.expr] = []
        while _is_sum(node):
            terms.append(node.right)
            node = node.left
        terms.append(node)
        calls = [t for t in terms if isinstance(t, ast.Call) and len(t.args) == 1]
        around = dict.fromkeys(_around(program, call) for call in calls if _is_reduction(call.func))
        for term, (before, behind) in itertools.product(terms, around):
            if not isinstance(term, ast.Call):
                edit = Edit(span_of(program, term), f"{before}{_text(program, term)}{behind}")
                yield Alternative("missing-sum", (edit,), 0.8)


def _is_sum(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _is_reduction(function: ast.expr) -> bool:
    return ast.unparse(function).rpartition(".")[2] in REDUCTIONS


def _around(program: Program, call: ast.Call) -> tuple[str, str]:
    """The text of a call before and behind its argument."""
    text, argument = _text(program, call), _text(program, call.args[0])
    start = text.index(argument, len(_text(program, call.func)))
    return text[:start], text[start + len(argument) :]


def swapped_products(program: Program, around: ast.AST, product: ast.AST) -> Iterator[Alternative]:
    """Write ``a @ b * c``, which is ``(a @ b) * c``, as ``b * c @ a``, for which it may have been meant.

    The product is ``a @ b``, and ``around`` what it stands in.
    """
    if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.MatMult)):
        return
    whole: ast.BinOp = product
    for node in reversed(list(ast.walk(around))):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and node.left is whole:
            whole = node
    span, right = span_of(program, whole), span_of(program, product.right)
    if whole is not product and span.row == span.end_row and span.column == span_of(program, product).column:
        rest = program.lines[span.row - 1][right.column - 1 : span.end_column - 1]
        edit = Edit(span, f"{rest} @ {_text(program, product.left)}")
        yield Alternative("wrong-transpose", (edit,), 1.4)


def _text(program: Program, node: ast.expr) -> str:
    return text_of(program, span_of(program, node))
