"""Put a reset of a buffer where the step begins to add to it."""

from __future__ import annotations

import ast
import re

from backproof.source import Edit, Span
from backproof.trace import Site, Trace

LOOPS = ast.For | ast.While


def assigned(trace: Trace, addition: Site) -> tuple[Edit, ...]:
    """Edits that let ``buffer += part`` begin anew: ``buffer = part``; none where it is no such statement."""
    if addition.kind != "AugAssign" or addition.detail != "+" or len(addition.children) < 2:
        return ()
    target, value = (trace.sites[number] for number in (addition.children[0], addition.children[-1]))
    if target.span.end_row != value.span.row:
        return ()
    line = trace.files[addition.file].split("\n")[value.span.row - 1]
    at = line.find("+=", target.span.end_column - 1, value.span.column - 1)
    row, file = value.span.row, addition.span.file
    return () if at < 0 else (Edit(Span(row, at + 1, row, at + 3, file), "="),)


def reset_before(trace: Trace, addition: Site, step: Site | None, text: str) -> tuple[Edit, ...]:
    """Edits that write ``text`` before the loops that add to a buffer, as far as they lie inside the step.

    ``step`` is the loop or the function whose rounds or calls are the steps. No edit where the program is
    not written in lines of its own.
    """
    source = trace.files[addition.file]
    try:
        around = statements_around(ast.parse(source), addition.span.row)
    except SyntaxError:
        return ()
    rows = [node.lineno for node in around]
    inner = around
    if step is not None and step.file == addition.file and step.span.row in rows:
        inner = around[rows.index(step.span.row) + 1 :]
    functions = [k for k, node in enumerate(inner) if isinstance(node, ast.FunctionDef)]
    inner = inner[functions[-1] + 1 :] if functions else inner
    chosen = next((node for node in inner if isinstance(node, LOOPS)), inner[-1] if inner else None)
    if chosen is None:
        return ()
    line = source.split("\n")[chosen.lineno - 1]
    indent = line[: len(line) - len(line.lstrip())]
    if len(indent) != chosen.col_offset:
        return ()
    return (Edit(Span(chosen.lineno, 1, chosen.lineno, 1, addition.span.file), f"{indent}{text}\n"),)


def of_loop(trace: Trace, addition: Site) -> bool:
    """Is what an addition changes an attribute of objects that a loop goes through?

    Outside of it they have no name.
    """
    if addition.kind != "AugAssign" or not addition.children:
        return False
    owner = trace.sites[addition.children[0]].text.rpartition(".")[0]
    return owner in _loop_names(trace.files[addition.file])


def reset_behind(trace: Trace, addition: Site, updates: list[Site], zero: str) -> tuple[Edit, ...]:
    """Edits that write ``zero`` into the buffer that an addition changes, behind every update that reads it.

    None where no update reads it by its own name.
    """
    if addition.kind != "AugAssign" or not addition.children:
        return ()
    owner, _, name = trace.sites[addition.children[0]].text.rpartition(".")
    if not name.isidentifier():
        return ()
    reading = re.compile(rf"(?<![\w.])[A-Za-z_]\w*\.{name}\b" if owner else rf"(?<![\w.]){name}\b")
    edits = list[Edit]()
    for update in {site.number: site for site in updates}.values():
        read = reading.search(update.text)
        lines = trace.files[update.file].split("\n")
        row = update.span.end_row
        if read is None or row >= len(lines):
            continue
        indent = lines[update.span.row - 1][: update.span.column - 1]
        if indent.strip():
            return ()
        at = Span(row + 1, 1, row + 1, 1, update.span.file)
        edits.append(Edit(at, f"{indent}{read[0]}{zero}\n"))
    return tuple(edits)


def _loop_names(text: str) -> set[str]:
    """The names that loops give to what they go through."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return set()
    targets = [node.target for node in ast.walk(tree) if isinstance(node, ast.For)]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def statements_around(tree: ast.Module, row: int) -> list[ast.stmt]:
    """The statements around a row, the outermost first."""
    found: list[ast.stmt] = []
    inside: ast.AST = tree
    while True:
        inner = [
            node
            for node in ast.iter_child_nodes(inside)
            if isinstance(node, ast.stmt) and node.lineno <= row <= (node.end_lineno or node.lineno)
        ]
        if not inner:
            return found
        inside = inner[0]
        found.append(inner[0])
