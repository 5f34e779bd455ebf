"""A loop that resets the gradients of some objects, and leaves those of others that are added to as well."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from backproof.source import Edit
from backproof.trace import Site, Trace

ORDERS = frozenset({"reversed", "list", "sorted"})  # of the same objects
Loop = ast.For | ast.AsyncFor


def narrow_reset(
    trace: Trace, start: int, end: int, adding: Collection[int], attribute: str
) -> tuple[Site, tuple[Edit, ...], str] | None:
    """What the loop goes through that resets an attribute, and the edit that lets it go through all.

    All is what the loop goes through in whose rounds, from ``start`` to ``end``, the sites ``adding`` add to
    that attribute; no edit where that has no name where the reset stands.
    """
    times = [s.time for s in trace.stores if start <= s.time < end and s.site in adding]
    rounds = [a for a in trace.activities if a.kind == "round" and start <= a.start < end]
    ran = {a.site for a in rounds}
    around = {a.site for a in rounds if any(a.start <= time < a.end for time in times)}
    for file, text in trace.files.items():
        loops = list(_loops(trace, file, text))
        for head, node, through in loops:
            if head.number not in ran or not _resets(node, attribute):
                continue
            for other, wider, _ in loops:
                inside = wider.lineno < node.lineno <= (wider.end_lineno or wider.lineno)
                whole = _plain(wider.iter)
                name = ast.unparse(whole)
                if other.number not in around or inside or name == through.text:
                    continue
                if not isinstance(whole, ast.Name | ast.Attribute):
                    continue
                if other.scope == head.scope and isinstance(wider.target, ast.Name):
                    return through, (Edit(through.span, name),), name
            return through, (), "all whose gradients are added to"
    return None


def _loops(trace: Trace, file: str, text: str) -> Iterator[tuple[Site, Loop, Site]]:
    """The loops of a file with their sites, and those of what they go through."""
    try:
        nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, Loop)]
    except SyntaxError:
        return
    sites = [s for s in trace.sites if s.file == file]
    for node in nodes:
        head = next((s for s in sites if s.kind == "For" and s.span.row == node.lineno), None)
        own = ast.get_source_segment(text, node.iter)
        row = node.iter.lineno
        through = next((s for s in sites if s.text == own and s.span.row == row and s.kind != "For"), None)
        if head is not None and through is not None:
            yield head, node, through


def _resets(loop: Loop, attribute: str) -> bool:
    """Does a loop set an attribute of what it goes through to zero?"""
    for statement in loop.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=own)], value=value):
                target = loop.target
                if (
                    own == attribute
                    and isinstance(target, ast.Name)
                    and target.id == name
                    and _is_zero(value)
                ):
                    return True
    return False


def _is_zero(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=int(number) | float(number)):
            return number == 0
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in ("zeros", "zeros_like")
    return False


def _plain(iterable: ast.expr) -> ast.expr:
    """What a loop goes through, in whichever order."""
    match iterable:
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in ORDERS:
            return inner
    return iterable
