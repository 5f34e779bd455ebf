"""The loops that a forward pass ran, each with its rounds: which values were computed in which round."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backproof.graph import Node, unnamed
from backproof.step.update import time_of
from backproof.trace import Trace


@dataclass(frozen=True, slots=True)
class Round:
    """What was computed from ``start`` to before ``end``; ``number`` is what the loop counts it as."""

    start: int
    end: int
    number: int


@dataclass(frozen=True, slots=True)
class Loop:
    """One run of a loop: the name that counts its rounds, and what it counts through, where it is said."""

    counter: str | None
    through: str | None
    rounds: tuple[Round, ...]

    def of(self, node: Node) -> int | None:
        """The position of the round that a node was computed in."""
        if node.origin is None or not node.operands:
            return None
        time = time_of(node)
        for position, one in enumerate(self.rounds):
            if one.start <= time < one.end:
                return position
        return None


def loops(trace: Trace, order: Iterable[Node]) -> tuple[Loop, ...]:
    """The loops in which values of a graph were computed in two rounds or more, outermost first."""
    times = sorted(time_of(n) for n in order if n.operands and n.origin is not None)
    if not times:
        return ()
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    open_now: list[tuple[int, int]] = []  # start and end
    for activity in trace.activities:
        end = activity.end if activity.end >= 0 else times[-1] + 1
        if end <= times[0] or activity.start > times[-1]:
            continue
        while open_now and open_now[-1][1] <= activity.start:
            open_now.pop()
        if activity.kind == "round":
            parent = open_now[-1][0] if open_now else -1
            groups.setdefault((activity.site, parent), []).append((activity.start, end))
        open_now.append((activity.start, end))
    found = []
    for (site, _), spans in groups.items():
        used = [k for k, (start, end) in enumerate(spans) if any(start <= time < end for time in times)]
        if len(used) < 2:
            continue
        spans = spans[used[0] : used[-1] + 1]
        counter, through = _header(trace.sites[site].text)
        numbers = _numbers(trace, counter, spans)
        if numbers is None:
            counter, through, numbers = None, None, list(range(len(spans)))
        counter = None if counter == "_" else counter
        rounds = tuple(Round(start, end, n) for (start, end), n in zip(spans, numbers, strict=True))
        found.append(Loop(counter, through, rounds))
    return tuple(sorted(found, key=lambda loop: (loop.rounds[0].start, -loop.rounds[-1].end)))


def _header(text: str) -> tuple[str | None, str | None]:
    """The name that counts and what it counts through, of a loop over a range or an enumeration."""
    try:
        tree = ast.parse(text.strip()).body[0]
    except (SyntaxError, IndexError):
        return None, None
    if not isinstance(tree, ast.For) or not isinstance(tree.iter, ast.Call):
        return None, None
    called, target = ast.unparse(tree.iter.func), tree.target
    if called == "range" and isinstance(target, ast.Name):
        return target.id, ast.unparse(tree.iter)
    first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else None
    if called == "enumerate" and len(tree.iter.args) == 1 and isinstance(first, ast.Name):
        return first.id, None
    return None, None


def _numbers(trace: Trace, counter: str | None, spans: list[tuple[int, int]]) -> list[int] | None:
    """What the counter was in each round: whole numbers one after the other."""
    if counter is None:
        return None
    bound = [(c.time, int(c.node.value)) for c in trace.counters if c.name == counter]
    found = [next((n for time, n in bound if start <= time < end), None) for start, end in spans]
    first = found[0] if found else None
    if first is None or found != list(range(first, first + len(found))):
        return None
    return [n for n in found if n is not None]


def containers(trace: Trace, of: Mapping[Node, Node]) -> dict[Node, tuple[str, int]]:
    """Where a list or a dictionary with a name holds values of a graph: its name, and the number there.

    ``of`` maps the nodes of the trace to those of the graph.
    """
    roots = {unnamed(node): known for node, known in of.items()}
    called: dict[int, str] = {}
    found: dict[Node, tuple[str, int]] = {}
    for holding in trace.holdings:
        kind, *place = holding.place
        if kind == "name" and not isinstance(holding.content, Node):
            called[holding.content] = str(place[1])
        elif kind == "item" and isinstance(place[1], int) and isinstance(holding.content, Node):
            node = roots.get(unnamed(holding.content))
            name = called.get(place[0])
            if node is not None and name is not None:
                found[node] = (name, place[1])
    return found
