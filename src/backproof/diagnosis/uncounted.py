"""The finding of an index that a loop never counts on: every round reads the same item."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from backproof.diagnosis.faulty import Verify, fix_of
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.source import Edit, Span
from backproof.trace import Site, Trace

LOOPS = ast.For | ast.While
SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module
MOST = 3  # names that are tried


def uncounted(trace: Trace, verify: Verify) -> tuple[Finding, ...]:
    """Make a finding of the index that is set to a number before a loop, and in it read and never changed.

    Only what is right when it is counted on is one.
    """
    tried = 0
    for file, text in trace.files.items():
        for name, loop, block in _standing(text):
            site = _use(trace, file, name, loop)
            edit = _counted(text, file, name, block)
            if edit is None or site is None or tried == MOST:
                continue
            tried += 1
            if (verified := verify((edit,), None)) is None:
                continue
            message = (
                f"`{name}` is the same in every round of this loop, which adds nothing to it, so each reads "
                "what belongs to the first."
            )
            rule, fix = RULES["wrong-index"], fix_of((edit,), None, verified)
            return (Finding(rule.code, rule.name, "error", message, site.span, (), site.text, None, fix),)
    return ()


def _standing(text: str) -> Iterator[tuple[str, LOOPS, Sequence[ast.stmt]]]:
    """The names that index something in a loop and stand still in it, with the statements that read them."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for scope in [node for node in ast.walk(tree) if isinstance(node, SCOPES)]:
        own = list(_inside(scope.body))
        for name, row in _set_once(own).items():
            around = [n for n in own if isinstance(n, LOOPS) and n.lineno > row and _indexes(n.body, name)]
            if around:
                yield name, around[-1], _last_block(around[-1].body, name)


def _inside(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Every node of statements, outside of the functions and classes that they define, in order."""
    for statement in body:
        if not isinstance(statement, SCOPES | ast.ClassDef):
            yield statement
            for child in ast.iter_child_nodes(statement):
                yield from _inside([child]) if isinstance(child, ast.stmt) else ast.walk(child)


def _set_once(nodes: Sequence[ast.AST]) -> dict[str, int]:
    """The names of a function that are given a whole number, and nothing else ever, with the row of that."""
    stores = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return {
        n.targets[0].id: n.lineno
        for n in nodes
        if isinstance(n, ast.Assign)
        and isinstance(n.targets[0], ast.Name)
        and isinstance(n.value, ast.Constant)
        and type(n.value.value) is int
        and stores.count(n.targets[0].id) == 1
    }


def _indexes(body: Sequence[ast.stmt], name: str) -> bool:
    """Do statements read something by an index of this name?"""
    subscripts = [n for n in _inside(body) if isinstance(n, ast.Subscript)]
    return any(isinstance(n, ast.Name) and n.id == name for s in subscripts for n in ast.walk(s.slice))


def _last_block(body: Sequence[ast.stmt], name: str) -> Sequence[ast.stmt]:
    """The innermost statements of one branch that hold everything which reads by this index."""
    users = [statement for statement in body if _indexes([statement], name)]
    if len(users) == 1 and isinstance(users[0], ast.If | ast.With):
        inner = [b for b in (users[0].body, getattr(users[0], "orelse", [])) if _indexes(b, name)]
        return _last_block(inner[0], name) if len(inner) == 1 else body
    return body


def _use(trace: Trace, file: str, name: str, loop: LOOPS) -> Site | None:
    """The last place of a loop at which something is read by an index of this name."""
    last = loop.end_lineno or loop.lineno
    reading = [s for s in trace.sites if s.kind == "Subscript" and s.file == file and f"[{name}" in s.text]
    return max((s for s in reading if loop.lineno <= s.span.row <= last), key=lambda s: s.span, default=None)


def _counted(text: str, file: str, name: str, block: Sequence[ast.stmt]) -> Edit | None:
    """``name += 1`` behind statements; None where they do not stand in lines of their own."""
    lines, last = text.split("\n"), block[-1]
    indent = lines[block[0].lineno - 1][: block[0].col_offset]
    row = (last.end_lineno or last.lineno) + 1
    if indent.strip() or row > len(lines):
        return None
    return Edit(Span(row, 1, row, 1, file), f"{indent}{name} += 1\n")
