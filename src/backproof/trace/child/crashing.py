"""At a crash: which expression raised, and which ways to write it would not have.

The frame in which the program crashed is still there, so every alternative is evaluated in it. The program
runs as it is, unrecorded, when this is asked.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
import time
import types
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.source import (
    Alternative,
    Edit,
    Program,
    Span,
    alternatives,
    as_beside,
    edited_text,
    shifted_indices,
    span_of,
    swapped_products,
    text_of,
)
from backproof.trace.events import Attempt

SECONDS = 2.0  # to try alternatives in
MOST = 60  # alternatives that are handed on
DEFINED = 0.4  # how much unlikelier a mistake is where a value was made than where it crashes
NUMBERS = (np.ndarray, np.floating, float)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def crashing_node(tree: ast.Module, frame: types.FrameType, instruction: int) -> ast.expr | ast.stmt | None:
    """The innermost expression or statement that a frame stopped in."""
    place = next(itertools.islice(frame.f_code.co_positions(), instruction // 2, None), None)
    if place is None or None in place:
        return None
    row, end_row, column, end_column = place
    wanted = (row, column), (end_row, end_column)
    around: list[ast.expr | ast.stmt] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt) and node.end_lineno is not None:
            start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
            if start <= wanted[0] and wanted[1] <= end:
                around.append(node)
    return around[-1] if around else None  # walked outside in


def attempts(program: Program, tree: ast.Module, frame: types.FrameType, instruction: int) -> list[Attempt]:
    """The alternatives that do not raise, in the order of their cost; none where nothing is known."""
    node = crashing_node(tree, frame, instruction)
    if node is None:
        return []
    bench = _Bench(program, tree, frame, node)
    found: list[Attempt] = []
    deadline = time.monotonic() + SECONDS
    for alternative, attempt in bench.alternatives():
        if time.monotonic() > deadline or len(found) >= MOST:
            break
        shape = attempt(alternative)
        if shape is not None:
            found.append(bench.described(alternative, shape))
    return sorted(found, key=lambda a: a.cost)


def shapes(
    program: Program, frame: types.FrameType, node: ast.expr | ast.stmt
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The operands of an expression with their shapes, in the reader's words."""
    found: dict[str, tuple[int, ...]] = {}
    space = {**frame.f_globals, **frame.f_locals}
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Load):
            text = text_of(program, span_of(program, part))
            try:
                value = eval(text, space)
            except Exception:  # the program's own code, which has crashed already
                continue
            if isinstance(value, np.ndarray) and not any(text in longer for longer in found):
                found[text] = value.shape
    return tuple(list(found.items())[:4])


class _Bench:
    """Tries alternatives in the frame that crashed."""

    def __init__(
        self, program: Program, tree: ast.Module, frame: types.FrameType, node: ast.expr | ast.stmt
    ) -> None:
        self.program = program
        self.space: dict[str, Any] = {**frame.f_globals, **frame.f_locals}
        self.node = node
        self.names = _names(frame)
        self.function, self.statement = _around(tree, node)
        self.tree = tree
        name = frame.f_code.co_name
        self.inside = name.startswith("<") and name != "<module>"  # of a comprehension or a lambda

    def alternatives(self) -> Iterator[tuple[Alternative, Any]]:
        """Every alternative with the function that tries it, the likeliest first within each place."""
        statement = self.statement
        if isinstance(self.node, ast.expr) and not _is_target(self.node):
            summed = isinstance(statement, ast.AugAssign) and self.node is statement.value
            for alternative in alternatives(self.program, self.node, self.names, summed=summed):
                yield alternative, self._here
            for alternative in swapped_products(self.program, statement or self.tree, self.node):
                yield alternative, self._here
        elif isinstance(statement, ast.Assign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found = [a for target in targets for a in shifted_indices(self.program, target)]
            found += alternatives(self.program, statement.value, self.names, summed=True)
            for alternative in found:
                yield alternative, self._here
        for definition in self._definitions():
            made = definition.value
            beside = as_beside(self.program, made)
            for alternative in (*beside, *alternatives(self.program, made, self.names)):
                yield replace(alternative, cost=alternative.cost + DEFINED), self._at(definition)

    def _definitions(self) -> Iterator[ast.Assign]:
        """The assignments that made the values of the crashed expression, nearest first."""
        names = {n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)}
        texts = {
            text_of(self.program, span_of(self.program, n))
            for n in ast.walk(self.node)
            if isinstance(n, ast.Attribute | ast.Subscript) and not isinstance(n.value, ast.Call)
        }
        body = self.function if self.function is not None else self.tree
        found = []
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Assign) or len(node.targets) != 1 or node is self.statement:
                continue
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id in names:
                if _holds(body, node):
                    found.append(node)
            elif text_of(self.program, span_of(self.program, target)) in texts:
                found.append(node)
        row = self.statement.lineno if self.statement is not None else 0
        yield from sorted(found, key=lambda n: (n.lineno > row, abs(row - n.lineno)))[:4]

    def _here(self, alternative: Alternative) -> tuple[int, ...] | None:
        return self._shape(self._probe(alternative), self.space)

    def _at(self, definition: ast.Assign) -> Any:
        """What tries an alternative of a definition: it, and what crashed with the new value."""
        target = definition.targets[0]
        within = self.function if self.function is not None else self.tree

        def attempt(alternative: Alternative) -> tuple[int, ...] | None:
            if not isinstance(target, ast.Name) or not _holds(within, definition):
                return ()  # in another frame: only running it tells
            text = self._with(alternative, definition.value)
            try:
                value = _evaluated(text, self.space)
            except Exception:
                return None
            return self._shape(self._probe(None), self.space | {target.id: value})

        return attempt

    def _with(self, alternative: Alternative, node: ast.expr | ast.stmt) -> str:
        """The text of a node with an alternative's edits."""
        return edited_text(self.program, alternative.edits, span_of(self.program, node))

    def _probe(self, alternative: Alternative | None) -> tuple[str, str]:
        """What to run in the frame: statements, and the expression whose shape counts."""
        statement = self.statement
        whole: ast.expr | ast.stmt = self.node
        several = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List)
        if self.inside:
            pass
        elif isinstance(statement, ast.Assign | ast.AugAssign) and not several:
            whole = statement
        elif isinstance(statement, ast.Return | ast.Expr) and statement.value is not None:
            whole = statement.value
        text = (
            self._with(alternative, whole)
            if alternative
            else text_of(self.program, span_of(self.program, whole))
        )
        return _dry(text) if isinstance(whole, ast.stmt) else ("", text)

    def _shape(self, probe: tuple[str, str], space: dict[str, Any]) -> tuple[int, ...] | None:
        before, expression = probe
        space = dict(space)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                exec(before, space | {"__copy__": _copied}, space)
                return tuple(np.shape(_evaluated(expression, space)))
        except Exception:  # it raises, as the program did
            return None

    def described(self, alternative: Alternative, shape: tuple[int, ...]) -> Attempt:
        """An alternative with what a report says of it."""
        first, last = min(e.span for e in alternative.edits), max(e.span for e in alternative.edits)
        expression = self._expression(replace(first, end_row=last.end_row, end_column=last.end_column))
        span = span_of(self.program, expression)
        found, expected = text_of(self.program, span), self._with(alternative, expression)
        return Attempt(alternative.rule, alternative.edits, alternative.cost, span, found, expected, shape)

    def _expression(self, span: Span) -> ast.expr | ast.stmt:
        """The expression to show: what crashed, or the value that is mended where it was made."""
        statement = self.statement
        whole = self.node is statement or (isinstance(self.node, ast.expr) and _is_target(self.node))
        if not whole and self._within(span, self.node):
            return self.node
        if isinstance(statement, ast.Assign | ast.AugAssign) and self._within(span, statement):
            return statement.value if self._within(span, statement.value) else statement
        made = (definition.value for definition in self._definitions())
        return next((value for value in made if self._within(span, value)), self.node)

    def _within(self, span: Span, node: ast.expr | ast.stmt) -> bool:
        around = span_of(self.program, node)
        begin, end = (around.row, around.column), (around.end_row, around.end_column)
        return begin <= (span.row, span.column) and (span.end_row, span.end_column) <= end


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else copy.copy(value)


def _evaluated(text: str, space: dict[str, Any]) -> Any:
    return eval(compile(f"({text}\n)", "<attempt>", "eval"), space)


def _dry(text: str) -> tuple[str, str]:
    """An assignment as statements that change a copy, and the expression whose shape counts."""
    node = ast.parse(text.strip()).body[0]
    made = ast.unparse
    match node:
        case ast.AugAssign(target=target, value=value):
            node.target = ast.Name("__value__", ast.Store())
            return (
                f"__value__ = __copy__({made(target)})\n{made(ast.fix_missing_locations(node))}",
                "__value__",
            )
        case ast.Assign(targets=[ast.Subscript(value=base, slice=index)], value=value):
            return f"__value__ = __copy__({made(base)})\n__value__[{made(index)}] = {made(value)}", made(
                value
            )
        case ast.Assign(value=value):
            return "", made(value)
    return "", text


def _is_target(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _holds(body: ast.AST, node: ast.AST) -> bool:
    """Does a node stand in a function (or module) itself, not in a function inside?"""
    stack = list(ast.iter_child_nodes(body))
    while stack:
        child = stack.pop()
        if child is node:
            return True
        if not isinstance(child, FUNCTIONS):
            stack += ast.iter_child_nodes(child)
    return False


def _around(tree: ast.Module, node: ast.AST) -> tuple[ast.AST | None, ast.stmt | None]:
    """The innermost function and the innermost statement around a node."""
    function: ast.AST | None = None
    statement: ast.stmt | None = node if isinstance(node, ast.stmt) else None
    stack: list[tuple[ast.AST, ast.AST | None, ast.stmt | None]] = [(tree, None, None)]
    while stack:
        here, inside, within = stack.pop()
        if here is node:
            return inside, statement or within
        if isinstance(here, FUNCTIONS):
            inside = here
        if isinstance(here, ast.stmt):
            within = here
        stack += [(child, inside, within) for child in ast.iter_child_nodes(here)]
    return function, statement


def _names(frame: types.FrameType) -> list[str]:
    """What arrays can be read by in a frame: names, attributes of them, entries of dictionaries, items."""
    found: list[str] = []
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if name.startswith("_"):
            continue
        if isinstance(value, NUMBERS):
            found.append(name)
        elif isinstance(value, dict):
            found += [
                f"{name}[{key!r}]" for key, item in list(value.items())[:40] if isinstance(item, NUMBERS)
            ]
        elif isinstance(value, list | tuple):
            if len(value) <= 8:
                found += [f"{name}[{k}]" for k, item in enumerate(value) if isinstance(item, NUMBERS)]
        elif hasattr(value, "__dict__") and not isinstance(
            value, types.ModuleType | type | types.FunctionType
        ):
            own = list(vars(value).items())[:40]
            found += [f"{name}.{key}" for key, item in own if isinstance(item, NUMBERS)]
    return [name for name in found if re.search(r"\w", name)]


def placed(attempt: Attempt, file: str) -> Attempt:
    """An attempt whose places are in another file than the program's own."""
    edits = tuple(Edit(replace(edit.span, file=file), edit.content) for edit in attempt.edits)
    return replace(attempt, edits=edits, span=replace(attempt.span, file=file))
