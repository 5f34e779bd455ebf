"""What gives a step its length: the gradients' own size, by which they are divided, clipped or normalised.

Such a number is computed from the gradients that it scales, and is the same for the opposite gradients. It
has no say in the direction of the step, so it can be set aside, as the memory of an optimizer is.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from backproof.graph import Node, evaluate
from backproof.step.change import Change
from backproof.step.update import SUMS, THROUGH, reaches, time_of, walk
from backproof.step.window import Window
from backproof.trace import Trace

SAME = 1e-9  # relative: a size is the same for a gradient and its opposite
PASSED = frozenset({*THROUGH, "index", "stack", "concatenate"})


def lengths(window: Window, forward: Collection[Node]) -> tuple[Node, ...]:
    """The numbers by which the updates of a window scale whole gradients; none is in the forward pass.

    A number that scales a single number is none where it scales no array elsewhere, as one statement may for
    all parameters: there the size of a gradient cannot be told from a factor of it.
    """
    memory = {c.before for c in (*window.others, *window.states)}
    known: dict[Node, bool] = {}
    single: list[tuple[Node, list[Node]]] = []
    seen = set[Node]()
    for change in window.parameters:
        for gradient, size in _scalings(change.after, window.start, seen):
            if size in forward or known.get(size):
                continue
            cores = list(_cores(gradient, window.start, change.before))
            if np.size(gradient.value) > 1:
                known[size] = _is_length(size, cores, window.start, memory)
            else:
                single.append((size, cores))
    sites = {_site(size) for size, is_length in known.items() if is_length} - {-1}
    for size, cores in single:
        if _site(size) in sites:
            known[size] = _is_length(size, cores, window.start, memory)
    return tuple(size for size, is_length in known.items() if is_length)


def _site(node: Node) -> int:
    return -1 if node.origin is None else node.origin.site


def corrections(trace: Trace, changes: Sequence[Change], start: int) -> tuple[Node, ...]:
    """The numbers `1 - beta ** t` of updates, by which an optimizer makes up for its empty memory.

    Where the parameters do not count their steps alike, each has its own.
    """
    line = walk([c.after for c in changes], lambda n: time_of(n) >= start)
    return tuple(n for n in line if time_of(n) >= start and _is_correction(trace, n))


def _is_correction(trace: Trace, node: Node) -> bool:
    if np.size(node.value) != 1 or node.origin is None or node.origin.site < 0:
        return False
    if node.operation not in ("subtract", "constant"):
        return False
    match _syntax(trace.sites[node.origin.site].text):
        case ast.BinOp(ast.Constant(1 | 1.0), ast.Sub(), ast.BinOp(_, ast.Pow(), _)):
            return True
    return False


@lru_cache(maxsize=1024)
def _syntax(text: str) -> ast.expr | None:
    """The tree of an expression; None where its text is none on its own."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None


def _scalings(after: Node, since: int, seen: set[Node]) -> Iterator[tuple[Node, Node]]:
    """What an update scales, and by which numbers, outermost first; nothing of what was ``seen`` before."""
    stack = [after]
    seen.add(after)
    while stack:
        node = stack.pop()
        if time_of(node) < since:
            continue
        inner: list[Node] = []
        if node.operation in SUMS or node.operation in PASSED:
            inner = list(node.operands)
        elif node.operation == "where":
            inner = list(node.operands[1:])
        elif node.operation in ("multiply", "divide"):
            x, y = node.operands
            pairs = [(x, y)] if node.operation == "divide" else [(x, y), (y, x)]
            for scaled, number in pairs:
                if np.size(number.value) == 1 and number.operands:
                    yield scaled, number
                if np.size(number.value) == 1:
                    inner.append(scaled)
        stack.extend(o for o in inner if o not in seen)
        seen.update(inner)


def _is_length(size: Node, cores: Iterable[Node], since: int, memory: Collection[Node]) -> bool:
    """Is this number positive, computed from what it scales, and the same for its opposite?

    What an optimizer remembers may be in what it scales, and nowhere else in it.
    """
    value = float(np.ravel(size.value)[0])
    if not (np.isfinite(value) and value > 0):
        return False
    for gradient in cores:
        if not reaches(size, gradient, lambda n: time_of(n) >= since):
            continue
        made = set(walk([size], lambda n, g=gradient: n is not g and time_of(n) >= since))  # type: ignore[misc]
        if not made.isdisjoint(memory):
            return False
        older = {n: n.value for n in walk([size], lambda n: time_of(n) >= since) if time_of(n) < since}
        turned = evaluate([size], {**older, gradient: -np.asarray(gradient.value)})[size]
        return abs(float(np.ravel(turned)[0]) - value) <= SAME * value
    return False


def _cores(node: Node, since: int, parameter: Node) -> Iterator[Node]:
    """A value, and what it is but for a number, its form, or a share of the parameter that decays with it."""
    while time_of(node) >= since:
        yield node
        if node.operation in PASSED and len(node.operands) == 1:
            node = node.operands[0]
        elif node.operation in ("multiply", "divide"):
            x, y = node.operands
            if np.size(y.value) == 1 and np.size(x.value) > 1:
                node = x
            elif np.size(x.value) == 1 and node.operation == "multiply":
                node = y
            else:
                return
        elif node.operation in ("add", "subtract"):
            others = [o for o in node.operands if not _is_share(o, parameter)]
            if len(others) != 1:
                return
            (node,) = others
        else:
            return


def _is_share(node: Node, parameter: Node) -> bool:
    """Is this a parameter times a number?"""
    while node is not parameter:
        inner = [o for o in node.operands if o is parameter or np.size(o.value) > 1 or o.operation in PASSED]
        if node.operation not in ("multiply", "divide", *THROUGH) or len(inner) != 1:
            return False
        (node,) = inner
    return True
