"""Where the operands of a crashed expression were made, and what might have been written there instead.

An update stops the program when a gradient has the wrong shape; the mistake stands where that was computed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from backproof.diagnosis.shaped import keeps
from backproof.graph import Node, ancestors
from backproof.source import Edit, Program, Span, against, alternatives, edited_text, span_of, text_of
from backproof.trace import Attempt, Crash, Site, Trace

FARTHEST = 6  # operations between the crash and where a value was made
PLACES = 10  # at which something else is tried
LATER = 0.3  # how much unlikelier a mistake is at each operation farther from the value that crashes
OTHERWISE = 0.5  # how much unlikelier it is when what crashed is no update
NAMED = 0.6  # how much unlikelier another name is there, of which there are many
READ = 1.0  # how much unlikelier it is where a gradient is only read
ANEW = 0.1  # where it is given another name
FORWARD = 0.7  # how much unlikelier it is in the forward pass, which ran to its end
IN_PLACE = ("output operand", "operands could not be broadcast")
SHAPE = re.compile(r"\([\d,]+\)")
TURNED = re.compile(r"(?:(?P<name>\w+)|.*)\.(?P<how>T|sum)(?:\((?P<arguments>.*)\))?")


def made_before(program: Program, trace: Trace) -> list[Attempt]:
    """What could stand where the operands of the crashed expression were made, nearest first.

    Whether the program runs with it is for running it to find out. It is less likely where what crashed is no
    update: the shapes that other expressions should have are not known so well.
    """
    crash = trace.crash
    if crash is None or crash.span is None:
        return []
    doubt = 0.0 if _is_update(program, crash.span) else OTHERWISE
    files = _files(program)
    found: dict[tuple[Edit, ...], Attempt] = {}
    names_of = {b.name: np.shape(b.node.value) for b in trace.bindings}
    arrays = {b.name for b in trace.bindings if np.ndim(b.node.value)}
    wanted = _wanted(crash)
    for file, span, cost, shape in _makers(program, trace, crash):
        source = files.get(file)
        node = _expression(source, span) if source is not None else None
        if source is None or node is None:
            continue
        compared = against(source, _tree(source.text)).get(id(node), set())
        names = [] if isinstance(node, ast.Name) else _names_around(source, node, arrays)
        for alternative in alternatives(source, node, names, summed=not doubt):
            edits = tuple(Edit(replace(e.span, file=span.file), e.content) for e in alternative.edits)
            own = span_of(source, node)
            text, was = edited_text(source, alternative.edits, own), text_of(source, own)
            if (
                not text
                or text in compared
                or edits in found
                or not _may_fit(alternative.edits, shape, wanted, arrays)
            ):
                continue
            if not keeps(text, was, shape, names_of):
                shown, price = replace(own, file=span.file), alternative.cost + cost + doubt
                price += NAMED * (alternative.rule == "wrong-operand")
                found[edits] = Attempt(alternative.rule, edits, price, shown, was, text, ())
    return sorted(found.values(), key=lambda attempt: attempt.cost)


@lru_cache(maxsize=16)
def _tree(text: str) -> ast.Module:
    """The syntax tree of a source, which every attempt looks into and none changes."""
    return ast.parse(text)


@lru_cache(maxsize=16)
def _renamed(text: str) -> frozenset[str]:
    """The names that are given to what has another name, as in ``db = g``."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(_tree(text)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs += zip(targets, values, strict=False)
            case ast.Assign(targets=[ast.Name() as target], value=ast.Name() as value):
                pairs.append((target, value))
    return frozenset(a.id for a, b in pairs if isinstance(a, ast.Name) and isinstance(b, ast.Name))


def _files(program: Program) -> dict[str, Program]:
    return {program.filename: program, "": program, **{m.filename: m for m in program.modules}}


def _forward(trace: Trace, crash: Crash) -> set[Node]:
    """What a number is the sum of that nothing which crashes is made of, as the loss: the forward pass."""
    used = set(ancestors(_operands(trace, crash)))
    sums = (n for n in trace.nodes if n.operation in ("sum", "mean") and np.shape(n.value) == ())
    return set(ancestors(n for n in sums if n not in used))


def forward_doubts(trace: Trace) -> Callable[[Attempt], float]:
    """What tells how much unlikelier an attempt is for changing what made a value of the forward pass."""
    crash = trace.crash
    made = _forward(trace, crash) if crash is not None else ()
    sites = (trace.sites[n.origin.site] for n in made if n.origin is not None and n.origin.site >= 0)
    places = {(site.span.file, site.span.row) for site in sites}
    if crash is not None and crash.span is not None:
        places.discard((crash.span.file, crash.span.row))

    def doubt(attempt: Attempt) -> float:
        if (attempt.span.file, attempt.span.row) not in places:
            return 0.0
        return FORWARD + NAMED * (attempt.rule == "wrong-operand")

    return doubt


def unlikely(program: Program, trace: Trace, attempt: Attempt) -> bool:
    """Is an attempt one to change what only reads gradients, and serves parameters of several shapes?

    As an update in a loop over the parameters, or what an optimizer does before it. The mistake is where one
    of them was made; not where the value that does not fit has the right shape for other uses. Of a value
    that has one name for these, and another for this one, it is where it is given the other.
    """
    if attempt.rule == "wrong-operand" or not _is_update(program, attempt.span):
        return False
    renamed = _renamed(_files(program)[attempt.span.file].text)
    if any(word in renamed for word in re.findall(r"\w+", attempt.found)):
        return True
    crash = trace.crash
    if crash is not None and crash.span is not None and _is_at(attempt.span, crash.span):
        return not _is_used_elsewhere(trace, crash)
    rows = {s.number for s in trace.sites if _is_at(attempt.span, s.span)}
    shapes = {np.shape(n.value) for n in trace.nodes if n.origin is not None and n.origin.site in rows}
    return len(shapes) > 1


def _is_used_elsewhere(trace: Trace, crash: Crash) -> bool:
    """Was an operand of what crashed computed with before, otherwise than by handing it on?"""
    operands = set(_operands(trace, crash))
    return any(
        operands.intersection(node.operands)
        for node in trace.nodes
        if node.operation != "identity"
        and node.origin is not None
        and node.origin.site >= 0
        and not _is_in(trace.sites[node.origin.site], crash)
    )


def _is_at(span: Span, other: Span) -> bool:
    return span.row == other.row and span.file == other.file


def _is_update(program: Program, span: Span) -> bool:
    source = _files(program).get(span.file)
    return source is not None and _is_simple_statement(source, span.row)


def _is_simple_statement(program: Program, row: int) -> bool:
    """Does an assignment that begins in a row change what it assigns to by what is only read and scaled?"""
    for node in ast.walk(_tree(program.text)):
        if isinstance(node, ast.AugAssign) and node.lineno == row:
            return _is_simple(node.value)
        if isinstance(node, ast.Assign) and node.lineno == row and len(node.targets) == 1:
            target = ast.unparse(node.targets[0])
            parts = (ast.unparse(part) for part in ast.walk(node.value) if isinstance(part, ast.expr))
            return _is_simple(node.value) and target in parts
    return False


def _is_simple(expression: ast.expr) -> bool:
    return not any(isinstance(part, ast.Call | ast.MatMult | ast.Pow) for part in ast.walk(expression))


def _wanted(crash: Crash) -> tuple[int, ...] | None:
    """The shape of what an array was to be added to in place; None where something else failed."""
    if not any(phrase in crash.message for phrase in IN_PLACE):
        return None
    found = SHAPE.findall(crash.message)
    if len(found) == 2 and "output operand" not in crash.message:
        return None  # of two operands that make something new
    return tuple(int(n) for n in re.findall(r"\d+", found[0])) if found else None


def _may_fit(
    edits: tuple[Edit, ...], shape: tuple[int, ...], wanted: tuple[int, ...] | None, arrays: Collection[str]
) -> bool:
    """Can a value of a shape get the wanted one by an edit that transposes it, or sums it up?"""
    turned = TURNED.fullmatch(edits[0].content) if len(edits) == 1 else None
    if turned is None:
        return True
    name, how, arguments = turned["name"], turned["how"], turned["arguments"] or ""
    if name is not None and name not in arrays:
        return False
    if wanted is None:
        return True
    if how == "T":
        return shape[::-1] == wanted
    axes = [int(digit) for digit in re.findall(r"\d", arguments)]
    if not axes or max(axes) >= len(shape):
        return not axes and wanted in ((), (1,))
    kept = "keepdims" in arguments
    return tuple(1 if k in axes else n for k, n in enumerate(shape) if kept or k not in axes) == wanted


def _operands(trace: Trace, crash: Crash) -> list[Node]:
    """The last values that have the shapes of the operands of the crashed expression, made elsewhere.

    Not those with the shape that is wanted.
    """
    found, wanted = [], _wanted(crash)
    for _, shape in crash.shapes:
        if shape == wanted:
            continue
        node = next((n for n in reversed(trace.nodes) if np.shape(n.value) == shape and n.operands), None)
        while node is not None and node.origin is not None and node.origin.site >= 0:
            if not _is_in(trace.sites[node.origin.site], crash):
                break
            node = next((o for o in node.operands if np.shape(o.value) == shape), None)
        if node is not None:
            found.append(node)
    return found


def _makers(
    program: Program, trace: Trace, crash: Crash
) -> Iterator[tuple[str, Span, float, tuple[int, ...]]]:
    """The expressions that made the operands, and what they were made of, each with how unlikely it is.

    That is more for the values of the forward pass. With their shapes; and with where such a value is handed
    on by a name.
    """
    queue = [(node, 0) for node in _operands(trace, crash)]
    forward, wanted = _forward(trace, crash), _wanted(crash)
    seen, places = {node for node, _ in queue}, set[int]()
    walked: dict[Node, int] = {}
    while queue and len(places) < PLACES:
        node, depth = queue.pop(0)
        walked[node] = depth
        number = node.origin.site if node.origin is not None else -1
        site = trace.sites[number] if number >= 0 else None
        handed = node.operation == "identity"
        if site is not None and number not in places and not handed and not _is_in(site, crash):
            places.add(number)
            yield site.file, site.span, LATER * depth + FORWARD * (node in forward), np.shape(node.value)
        if depth < FARTHEST:
            new = [o for o in node.operands if o not in seen and o.operands and np.shape(o.value) != wanted]
            seen.update(new)
            queue += [(operand, depth + (not handed)) for operand in new]
    yield from _readers(program, trace, walked)


def _readers(
    program: Program, trace: Trace, walked: Mapping[Node, int]
) -> Iterator[tuple[str, Span, float, tuple[int, ...]]]:
    """Where a value is handed on by a name: put into a list, returned, or given another name."""
    names = {b.name: b.node for b in trace.bindings if b.node in walked}
    for source in (program, *program.modules):
        for node in ast.walk(_tree(source.text)):
            match node:
                case ast.Assign(value=ast.Tuple(elts=parts)) if isinstance(node.targets[0], ast.Tuple):
                    cost = ANEW
                case ast.List(elts=parts, ctx=ast.Load()) | ast.Tuple(elts=parts, ctx=ast.Load()):
                    cost = 2 * LATER
                case ast.Dict(values=parts):
                    cost = 2 * LATER
                case ast.Assign(value=ast.Name() as value):
                    parts, cost = [value], ANEW
                case ast.Return(value=ast.Name() as value):
                    parts, cost = [value], LATER
                case _:
                    continue
            for part in parts:
                if isinstance(part, ast.Name) and part.id in names:
                    file, made = "" if source is program else source.filename, names[part.id]
                    price = cost + LATER * walked[made]
                    yield file, replace(span_of(source, part), file=file), price, np.shape(made.value)


def _is_in(site: Site, crash: Crash) -> bool:
    span = crash.span
    return span is not None and site.span.file == span.file and site.span.row == span.row


def _expression(program: Program, span: Span) -> ast.expr | None:
    """The expression that stands at a place; of an assignment, its value."""
    for node in ast.walk(_tree(program.text)):
        if isinstance(node, ast.expr | ast.stmt) and span_of(program, node) == replace(span, file=""):
            if isinstance(node, ast.expr):
                return node
            if isinstance(node, ast.Assign | ast.AugAssign):
                return node.value
    return None


def _names_around(program: Program, expression: ast.expr, arrays: Collection[str]) -> list[str]:
    """The arrays among the names of the function that an expression stands in."""
    tree = _tree(program.text)
    body: ast.AST = tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= expression.lineno <= (node.end_lineno or 0):
            body = node
    return sorted({n.id for n in ast.walk(body) if isinstance(n, ast.Name) and n.id in arrays})
