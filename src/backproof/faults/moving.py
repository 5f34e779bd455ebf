"""Move a statement behind others of its block, or keep for these what it changes."""

from __future__ import annotations

import ast
import re

from backproof.source import Edit, Span
from backproof.trace import Site, Trace

WORD = re.compile(r"[A-Za-z_]\w*")


def moved_behind(trace: Trace, statement: Site, others: list[Site], arrays: bool = True) -> tuple[Edit, ...]:
    """Edits that move the statement around ``statement`` behind the last of those around ``others``.

    Both have to stand in one block, directly or inside other statements; there is no edit otherwise. What is
    returned is computed before the statement instead. Where a statement between changes what the moved one
    reads, that stays where it is, and what the others read is kept before it: a copy, of ``arrays``.
    """
    text = trace.files[statement.file]
    lines, file = text.split("\n"), statement.span.file
    if any(site.file != statement.file for site in others):
        return ()
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    rows = [site.span.row for site in others]
    for block in _blocks(tree):
        here = [s for s in block if s.lineno <= statement.span.row <= (s.end_lineno or s.lineno)]
        there = [[s for s in block if s.lineno <= row <= (s.end_lineno or s.lineno)] for row in rows]
        if not here or not all(there):
            continue
        moving = here[0]
        last = max((found[0] for found in there), key=lambda s: s.lineno)
        if moving is last or last.lineno < moving.lineno:
            continue
        if isinstance(last, ast.Return):  # nothing behind it would run
            return _kept(lines, moving, last, file)
        between = [s for s in block if moving.lineno < s.lineno <= last.lineno]
        if _written(between) & _read(moving):
            return _saved(trace, lines, moving, others, ".copy()" if arrays else "")
        first, end = _with_comments(lines, moving), moving.end_lineno or moving.lineno
        goal = last.end_lineno or last.lineno
        if goal >= len(lines):
            return ()
        moved = "\n".join(lines[first - 1 : end])
        if _is_blank(lines, first - 1) and _is_blank(lines, end + 1):  # a paragraph of its own stays one
            moved, end = f"\n{moved}", end + 1
        cut = Edit(Span(first, 1, end + 1, 1, file), "")
        paste = Edit(Span(goal + 1, 1, goal + 1, 1, file), moved + "\n")
        return (cut, paste)
    return ()


def _with_comments(lines: list[str], statement: ast.stmt) -> int:
    """The row where a statement begins, with the comments that stand right above it."""
    row = statement.lineno
    indent = " " * statement.col_offset + "#"
    while row > 1 and lines[row - 2].startswith(indent):
        row -= 1
    return row


def _is_blank(lines: list[str], row: int) -> bool:
    return 1 <= row <= len(lines) and not lines[row - 1].strip()


def _kept(lines: list[str], moving: ast.stmt, last: ast.Return, file: str) -> tuple[Edit, ...]:
    """Edits that compute what is returned before a statement, under a name of its own."""
    value = last.value
    if value is None or value.lineno != value.end_lineno or isinstance(value, ast.Tuple):
        return ()
    row, begin, end = value.lineno, value.col_offset, value.end_col_offset or 0
    line = lines[row - 1].encode()
    text = line[begin:end].decode()
    words = {word for each in lines for word in WORD.findall(each)}
    name = next((n for n in ("back", "upstream", "earlier") if n not in words), "returned")
    column = len(line[:begin].decode()) + 1
    indent = " " * moving.col_offset
    return (
        Edit(Span(moving.lineno, 1, moving.lineno, 1, file), f"{indent}{name} = {text}\n"),
        Edit(Span(row, column, row, column + len(text), file), name),
    )


def _saved(
    trace: Trace, lines: list[str], moving: ast.stmt, reads: list[Site], copy: str
) -> tuple[Edit, ...]:
    """Edits that copy what is read before a statement changes it, and let the reads see the copy."""
    indent, words = " " * moving.col_offset, {word for line in lines for word in WORD.findall(line)}
    names: dict[str, str] = {}
    edits = list[Edit]()
    for site in {item.number: item for item in (_item(trace, read) for read in reads)}.values():
        if site.span.row != site.span.end_row:
            return ()
        if site.text not in names:
            base = next((word for word in WORD.findall(site.text) if word != "self"), "value")
            name = next(n for n in (f"old_{base}", f"{base}_before", f"_{base}") if n not in words)
            names[site.text] = name
            words.add(name)
        edits.append(Edit(site.span, names[site.text]))
    at = Span(moving.lineno, 1, moving.lineno, 1, reads[0].span.file)
    copies = [f"{indent}{name} = {text}{copy}\n" for text, name in names.items()]
    return (Edit(at, "".join(copies)), *edits)


def _item(trace: Trace, site: Site) -> Site:
    """The item of an array in whose subscript a name stands; or the name."""
    while site.parent is not None:
        parent = trace.sites[site.parent]
        if parent.kind != "Subscript" or not parent.children or parent.children[0] != site.number:
            break
        site = parent
    return site


def _written(statements: list[ast.stmt]) -> set[str]:
    """The names and attributes that statements assign to, or change in place."""
    found = set[str]()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                found.add(_base(node))
    return found


def _read(statement: ast.stmt) -> set[str]:
    """The names and attributes that a statement reads, but for what it assigns to."""
    nodes = [n for n in ast.walk(statement) if isinstance(n, ast.Name | ast.Attribute)]
    return {ast.unparse(node) for node in nodes} - _written([statement])


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)


def _blocks(tree: ast.Module) -> list[list[ast.stmt]]:
    """Every list of statements, the innermost first."""
    found: list[list[ast.stmt]] = []
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                found.append(block)
    return found[::-1]
