"""A loop that is left in its first round, by a statement that was indented too far or left behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from backproof.source import Edit, Span
from backproof.trace import Trace


@dataclass(frozen=True, slots=True)
class Exit:
    """A ``return`` or ``break`` that ends every round of a loop, and the edit that lets the loop go on."""

    span: Span
    text: str
    expected: str
    edit: Edit


def exits(trace: Trace) -> Iterator[Exit]:
    """Find what leaves a loop at the end of its first round, with no condition.

    A ``return`` is moved behind the outermost loop of its function that it ends so, then behind the others; a
    ``break`` is removed.
    """
    for file, text in trace.files.items():
        own = next((site.span.file for site in trace.sites if site.file == file), None)
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        for loops, last in _ended(tree) if own is not None else ():
            yield from _unwound(text.split("\n"), own or "", loops, last)


def _ended(tree: ast.Module) -> Iterator[tuple[list[ast.For | ast.While], ast.stmt]]:
    """The last statements of loops that leave them; with the loops that end there, the outermost first."""
    stack: list[tuple[list[ast.For | ast.While], ast.AST]] = [([], tree)]
    while stack:
        around, node = stack.pop()
        for inner in ast.iter_child_nodes(node):
            if not isinstance(inner, ast.For | ast.While):
                stack.append(([], inner))
                continue
            ends = isinstance(node, ast.For | ast.While) and inner is node.body[-1]
            loops = [*around, inner] if ends else [inner]
            stack.append((loops, inner))
            if isinstance(inner.body[-1], ast.Return | ast.Break) and len(inner.body) > 1:
                yield loops, inner.body[-1]


def _unwound(lines: list[str], file: str, loops: list[ast.For | ast.While], last: ast.stmt) -> Iterator[Exit]:
    row, indent = last.lineno, last.col_offset
    line, end = lines[row - 1], last.end_lineno or row
    if line[:indent].strip():
        return  # behind another statement
    closing = len(lines[end - 1].encode()[: last.end_col_offset].decode())
    span = Span(row, indent + 1, end, closing + 1, file)
    text = "\n".join([*lines[row - 1 : end - 1], lines[end - 1][:closing]]).strip()
    if isinstance(last, ast.Break):
        yield Exit(span, text, "no break here", Edit(Span(row, 1, row + 1, 1, file), ""))
        return
    for loop in loops:
        edit = Edit(Span(row, 1, row, indent + 1, file), lines[loop.lineno - 1][: loop.col_offset])
        yield Exit(span, text, f"{text} behind the loop of line {loop.lineno}", edit)
