"""The other subscripts that a text could have: another index, offset, slice, or two indices swapped.

Each comes with how far it is from what the author wrote.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from backproof.check.reading import parsed

Variant = tuple[str, float]


def subscripts(text: str, counters: Sequence[str]) -> Iterator[Variant]:
    """The text with one of its subscripts changed; ``counters`` are whole numbers that could be indices.

    >>> [t for t, _ in subscripts("hs[t]", ["n"])][:3]
    ['hs[t - 1]', 'hs[t + 1]', 'hs[n]']
    """
    node = parsed(text)
    seen = {text}
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):  # of a list of lists
        first, second = node.value.slice, node.slice
        if not isinstance(first, ast.Slice | ast.Tuple) and not isinstance(second, ast.Slice | ast.Tuple):
            whole = text[: node.value.value.end_col_offset]
            seen.add(turned := f"{whole}[{_text(text, second)}][{_text(text, first)}]")
            yield turned, 0.05
    for turned in _exchanged(text, node):
        if turned not in seen:
            seen.add(turned)
            yield turned, 0.05
    while isinstance(node, ast.Subscript | ast.Attribute):
        if isinstance(node, ast.Subscript):
            for start, end, new, far in _changes(text, node.slice, counters):
                changed = text[:start] + new + text[end:]
                if changed not in seen:
                    seen.add(changed)
                    yield changed, far
        node = node.value


def _exchanged(text: str, node: ast.expr | None) -> Iterator[str]:
    """The text with two names of its subscripts in each other's place, also where attributes lie between.

    >>> list(_exchanged("net[i + 1][j].w[k]", parsed("net[i + 1][j].w[k]")))[:1]
    ['net[i + 1][k].w[j]']
    """
    keys = list[ast.expr]()
    while isinstance(node, ast.Subscript | ast.Attribute):
        if isinstance(node, ast.Subscript):
            keys.append(node.slice)
        node = node.value
    names = [n for key in keys for n in ast.walk(key) if isinstance(n, ast.Name)] if len(keys) > 1 else []
    names.sort(key=lambda n: -n.col_offset)
    for a, b in combinations(dict.fromkeys(n.id for n in names), 2):
        new, other = text, {a: b, b: a}
        for name in names:
            new = new[: name.col_offset] + other.get(name.id, name.id) + new[name.end_col_offset :]
        yield new


def _changes(text: str, index: ast.expr, counters: Sequence[str]) -> Iterator[tuple[int, int, str, float]]:
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    for start, end in (where for part in parts for where in _inside(text, part)):
        inner = text[start:end]
        number, bound = parsed(inner), text[:start].endswith("% ")
        for new, far in _number(inner, number, counters) if number is not None else ():
            yield start, end, f"({new})" if bound and not new.isidentifier() else new, far
    for part in parts:
        if not isinstance(part, ast.List) and any(_inside(text, part)):
            continue
        start, end = part.col_offset, part.end_col_offset or 0
        for new, far in _part(text, part, counters):
            yield start, end, new, far
    plain = [p for p in parts if not isinstance(p, ast.Slice)]
    for first, second in pairwise(plain):
        a, b = _text(text, first), _text(text, second)
        between = text[first.end_col_offset : second.col_offset]
        yield first.col_offset, second.end_col_offset or 0, b + between + a, 0.05


def _inside(text: str, part: ast.expr) -> Iterator[tuple[int, int]]:
    """Where the numbers stand that a key or a list of rows is made of: ``"W" + str(l)``, ``[t + 1]``."""
    match part:
        case ast.List(elts=[inner]) | ast.Call(func=ast.Name(id="str"), args=[inner], keywords=[]):
            yield inner.col_offset, inner.end_col_offset or 0
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Add(), right=right):
            yield from _inside(text, right)
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=right):
            start, end = right.col_offset, right.end_col_offset or 0
            bracket = text[start - 1] == "(" and not isinstance(right, ast.Tuple)
            yield start - bracket, end + bracket
        case ast.JoinedStr():
            first = text.find("{", part.col_offset) + 1
            last = text.find("}", first)
            if 0 < first < last and text.find("{", first, part.end_col_offset) < 0:
                yield first, last


def _part(text: str, part: ast.expr, counters: Sequence[str]) -> Iterator[Variant]:
    if not isinstance(part, ast.Slice):
        yield from _number(text, part, counters)
        return
    lower, upper = (None if p is None else _text(text, p) for p in (part.lower, part.upper))
    if part.step is not None:
        return
    for new, far in _ends(lower, upper):
        yield new, far
    moved: list[list[Variant]] = [
        [] if p is None else list(_offsets(text, p)) for p in (part.lower, part.upper)
    ]
    for new, far in moved[0]:
        yield f"{new}:{upper or ''}", far
    for new, far in moved[1]:
        yield f"{lower or ''}:{new}", far
    for (a, far), (b, _) in zip(*moved, strict=False):
        yield f"{a}:{b}", far + 0.05


def _ends(lower: str | None, upper: str | None) -> Iterator[Variant]:
    """The usual slices that leave out an end, for one another."""
    if upper is None and lower is not None:
        yield f":-{lower}", 0.05
        yield f":{lower}", 0.1
        yield ":", 0.1
    elif lower is None and upper is not None:
        yield f"{upper.removeprefix('-')}:", 0.05
        yield f"{upper}:", 0.1
        yield ":", 0.1
    elif lower is None:
        yield from (("1:", 0.15), (":-1", 0.15))


def _number(text: str, part: ast.expr, counters: Sequence[str]) -> Iterator[Variant]:
    yield from _offsets(text, part)
    names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
    for other in counters:
        if other not in names:
            if isinstance(part, ast.Name | ast.Subscript) and other != _text(text, part):
                yield other, 0.1
            elif len(names) == 1:
                old = _text(text, part)
                name = names.copy().pop()
                yield _renamed(old, name, other), 0.15
                yield other, 0.15
                yield f"{other} + 1", 0.17


def _renamed(text: str, name: str, other: str) -> str:
    node = parsed(text)
    assert node is not None
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id == name:
            inner.id = other
    return ast.unparse(node)


def _offsets(text: str, part: ast.expr) -> Iterator[Variant]:
    """One less and one more."""
    if isinstance(part, ast.UnaryOp | ast.Constant) and _literal(part) is not None:
        value = _literal(part)
        assert value is not None
        for other, far in ((value - 1, 0.05), (value + 1, 0.05), (-1 - value, 0.1)):
            yield str(other), far
    elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        offset = _literal(part.right)
        if offset is None:
            return
        start = _text(text, part.left)
        signed = offset if isinstance(part.op, ast.Add) else -offset
        yield start, 0.02
        for other, far in ((signed - 1, 0.05), (signed + 1, 0.05), (-signed, 0.08)):
            if other:
                yield f"{start} {'+' if other > 0 else '-'} {abs(other)}", far
    elif not isinstance(part, ast.Constant):
        old = _text(text, part)
        yield f"{old} - 1", 0.05
        yield f"{old} + 1", 0.06


def _literal(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _text(text: str, node: ast.expr) -> str:
    return text[node.col_offset : node.end_col_offset]
