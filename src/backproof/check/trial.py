"""Try a correction on the graph.

Put other values where some expressions stood, and see what the updates become.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from backproof.check.compare import Verdict, floor, floored, telling_tables
from backproof.check.edges import Edge, made_at, outermost
from backproof.check.grades import PARALLEL, RIGHT, parallel, starting_states
from backproof.check.other_data import at_other_data
from backproof.graph import OPERATIONS, Node, ancestors, unnamed
from backproof.step import TrainingStep
from backproof.step.update import time_of

SEED = 7  # of the points, which are others than those of the verdict
ROOM = 3_000_000  # numbers: of values of corrections that are kept
LEAST = 40  # work of a trial, however few nodes it evaluates
VAST = 1_000_000  # elements of an outer product
ELEMENTS = 1000  # of its operands that make a node count once more
RENAMING = frozenset({"Name", "Attribute", "Subscript", "Call"})  # kinds of expressions that name a value
NAMES = re.compile(r"[A-Za-z_][\w.]*")


NOTHING: Mapping[Node, Node] = MappingProxyType({})

Build = Callable[[Edge], Node | None]


@dataclass(eq=False, repr=False)
class Bench:
    """Everything that trials of one step share: its values at the points, and who depends on whom.

    ``work`` counts what has been evaluated: a node as one, or as more where its operands are large. A budget
    in it is the same on every machine, at every time. ``firm`` says that gradients are right at the scale of
    the verdict only, not at another that all have.
    """

    step: TrainingStep
    verdict: Verdict
    points: list[dict[Node, Any]] = field(default_factory=list)
    base: list[dict[Node, Any]] = field(default_factory=list)
    truths: list[list[Any]] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    order: dict[Node, int] = field(default_factory=dict)
    main: frozenset[Node] = frozenset()
    forward: frozenset[Node] = frozenset()
    lines: dict[frozenset[Node], list[Node]] = field(default_factory=dict)
    consumers: dict[Node, list[Node]] = field(default_factory=dict)
    edges: dict[int, list[Edge]] = field(default_factory=dict)
    idle: dict[int, list[Edge]] = field(default_factory=dict)  # uses that reach no update, nor the loss
    reads: list[tuple[int, Edge]] = field(default_factory=list)
    shared: frozenset[int] = frozenset()  # places whose values the loss is computed from as well
    target: tuple[float, ...] | None = None
    initial: tuple[int, ...] = ()
    plain_numbers: dict[int, float] = field(default_factory=dict)
    shrinking: dict[int, bool] = field(default_factory=dict)
    weights: dict[Node, int] = field(default_factory=dict)
    functions: dict[Node, tuple[Callable[..., Any], Mapping[str, Any]]] = field(default_factory=dict)
    built: dict[Any, list[tuple[Edge, Node]] | None] = field(default_factory=dict)  # by corrections
    room: int = ROOM
    work: int = 0
    firm: bool = False

    @classmethod
    def of(cls, step: TrainingStep, verdict: Verdict, count: int = 2, *, firm: bool = False) -> Bench:
        """Set up the bench.

        Evaluate the step once at each point, and list the uses of values in its backward pass.
        """
        results = [*step.descents, *step.truths, *step.copies.values()]
        found = telling_tables(step, verdict, results, count, SEED)
        verdict, found = at_other_data(step, verdict, results, found)
        bench = cls(step, verdict, [point for point, _ in found], [table for _, table in found])
        bench.firm = firm or step.hypothesis.minimised
        for table in bench.base:
            truths = [table[t] for t in step.truths]
            bench.truths.append([floored(t, floor(truths)) for t in truths])
            bench.floors.append(floor([table[d] for d in step.descents]))
        line = ancestors(step.descents)
        bench.main = frozenset(line)
        line = ancestors([*sorted(step.copies.values(), key=time_of), *step.descents])
        bench.order = {node: k for k, node in enumerate(line)}
        bench.functions = {n: (_function(n), n.attributes) for n in line if n.operands}
        bench.weights = {node: 1 + sum(np.size(o.value) for o in node.operands) // ELEMENTS for node in line}
        bench.forward = forward = frozenset(ancestors([step.loss]))
        consumers: dict[Node, list[Node]] = defaultdict(list)
        edges: dict[int, list[Edge]] = defaultdict(list)
        idle: dict[int, list[Edge]] = defaultdict(list)  # uses that no update depends on, as yet
        renamed = _renamed(step)
        for node in line:
            sites = node.origin.operand_sites if node.origin is not None else ()
            for position, operand in enumerate(node.operands):
                consumers[operand].append(node)
                uses = edges if node in bench.main else idle
                site = sites[position] if position < len(sites) else None
                if site is not None and site >= 0:
                    uses[site].append(Edge(node, position))
                source = operand.origin.site if operand in renamed else made_at(operand)
                own = node.origin.site if node.origin is not None else -1
                again = position == 0 and node.operation == operand.operation == "index_update"
                if source >= 0 and source != site and (source != own or site is not None or again):
                    uses[source].append(Edge(node, position, True))
        for node in step.trace.nodes:
            if (
                node.origin is not None
                and node.origin.site >= 0
                and np.ndim(node.value) == 0
                and np.size(node.value) == 1
                and np.asarray(node.value).dtype.kind in "biuf"
            ):
                copy = step.copies.get(node)
                if copy is None or not copy.operands:
                    bench.plain_numbers[node.origin.site] = float(node.value)
        bench.consumers = dict(consumers)
        bench.reads = [
            (s, e) for s, group in edges.items() for e in group if not e.made and e.consumer not in forward
        ]
        bench.edges = {
            s: [*group, *(e for e in idle[s] if e.consumer not in forward)]
            for s, group in edges.items()
            if not any(e.consumer in forward for e in group)
        }
        bench.idle = {
            s: group
            for s, group in idle.items()
            if s not in edges and not any(e.consumer in forward for e in group)
        }
        bench.shared = frozenset(s for s, group in idle.items() if any(e.consumer in forward for e in group))
        bench.target = bench.wanted_scale()
        bench.initial = starting_states(verdict) if bench.points else (RIGHT,) * len(step.descents)
        return bench

    def wanted_scale(self) -> tuple[float, ...] | None:
        """The scale of right gradients, as those have it that are right already; None where it is not known.

        A minimiser wants the gradient itself.
        """
        if self.step.hypothesis.minimised:
            return tuple(1.0 for _ in self.points)
        scales = self.verdict.scales
        if scales and max(scales) <= min(scales) * (1 + 1e-6):
            return tuple(scales[0] for _ in self.points)
        return None

    @cached_property
    def applied(self) -> frozenset[str]:
        """The operations of the forward pass."""
        return frozenset(node.operation for node in self.forward)

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The names that the expressions of the forward pass hold, attributes with their objects."""
        sites = {node.origin.site for node in self.forward if node.origin is not None and node.operands}
        texts = [self.step.trace.sites[site].text for site in sites if site >= 0]
        return frozenset(name for text in texts for name in NAMES.findall(text))

    @cached_property
    def operations(self) -> frozenset[str]:
        """The operations of the forward pass."""
        return frozenset(node.operation for node in self.forward)

    @cached_property
    def subtracted(self) -> Mapping[Node, tuple[Node, ...]]:
        """For each value of the forward pass what is taken off it there, or that it is taken off."""
        found: dict[Node, tuple[Node, ...]] = {}
        for node in self.forward:
            if node.operation == "subtract":
                x, y = (unnamed(operand) for operand in node.operands)
                found[x], found[y] = (*found.get(x, ()), y), (*found.get(y, ()), x)
        return found

    def is_rate(self, node: Node) -> bool:
        """Is this the rate of the updates, which is no factor of a gradient?"""
        rate = self.verdict.rate
        if rate is None or node.operands or node in self.forward or np.size(node.value) != 1:
            return False
        return bool(np.isclose(float(np.ravel(node.value)[0]), rate, rtol=1e-9, atol=0))

    def ratios(
        self, before: Sequence[tuple[Edge, Node]] = (), states: Sequence[int] | None = None
    ) -> tuple[float, ...]:
        """By what the gradients that are right but for a constant would have to be multiplied.

        Of the step as it is, or after the changes ``before``, which leave the parameters in ``states``.
        """
        if self.target is None:
            return ()
        found: list[float] = []
        for state, scale in zip(states or self.initial, self._scales_after(before), strict=True):
            if state == PARALLEL and scale:
                ratio = self.target[0] / scale
                if ratio > 0 and not any(abs(ratio / r - 1) < 1e-6 for r in found):
                    found.append(ratio)
        return tuple(found)

    def _scales_after(self, before: Sequence[tuple[Edge, Node]]) -> list[float | None]:
        """The scale of every gradient, as far as it has one."""
        found = [c.scales[0] if c.scales else None for c in self.verdict.comparisons]
        overlay = (self.evaluated(before, 0) or {}) if before else {}
        for k, (descent, true) in enumerate(zip(self.step.descents, self.truths[0], strict=True)):
            if descent in overlay:
                found[k] = parallel(overlay[descent], true)
        return found

    # ------------------------------------------------------------------ evaluating
    def affected(self, starts: Iterable[Node]) -> list[Node]:
        """What depends on ``starts``, in order."""
        found, stack = set(starts), list(starts)
        while stack:
            for consumer in self.consumers.get(stack.pop(), ()):
                if consumer not in found:
                    found.add(consumer)
                    stack.append(consumer)
        return sorted((n for n in found if n in self.order), key=self.order.__getitem__)

    def value(
        self,
        node: Node,
        overlay: dict[Node, Any],
        base: Mapping[Node, Any],
        instead: Mapping[Node, Node] = NOTHING,
        start: Node | None = None,
    ) -> Any:
        """The value of a node, which may be one that a correction has built.

        What such a node reads may have been corrected itself: ``instead`` holds what stands for it. Only
        ``start``, the value that is being corrected, is read as it was.
        """
        if node in overlay:
            return overlay[node]
        if node in base:
            return base[node]
        if node.operation in ("leaf", "constant"):
            return node.value
        operands = [
            self.value(operand, overlay, base, instead, start)
            if operand is start or operand not in instead
            else self.value(instead[operand], overlay, base, instead, operand)
            for operand in node.operands
        ]
        result = _function(node)(*operands, **node.attributes)
        overlay[node] = result
        return result

    def run(
        self, changes: Sequence[tuple[Edge, Node]], point: int, line: Sequence[Node]
    ) -> dict[Node, Any] | None:
        """Evaluate ``line`` with the operands of ``changes`` replaced.

        None where an operation cannot take them.
        """
        self.work += LEAST + sum(map(self.weights.__getitem__, line))
        base, functions = self.base[point], self.functions
        overlay: dict[Node, Any] = {}
        replaced = outermost(changes, self.order)
        touched = {e.consumer for e, _ in changes}
        instead = {e.operand: node for e, node in changes if e.whole}
        try:
            for node in line:
                function, attributes = functions[node]
                operands, given = node.operands, list[Any]()
                if node in touched:
                    given = [
                        self.value(new, overlay, base, instead, start)
                        for new, start in (replaced.get((node, k), (o, o)) for k, o in enumerate(operands))
                    ]
                elif len(operands) == 2 and not attributes:  # most nodes, for which a list takes long
                    x, y = operands
                    x, y = overlay[x] if x in overlay else base[x], overlay[y] if y in overlay else base[y]
                    overlay[node] = function(x, y)
                    continue
                else:
                    for operand in operands:
                        given.append(overlay[operand] if operand in overlay else base[operand])
                overlay[node] = function(*given, **attributes) if attributes else function(*given)
        except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, MemoryError):
            return None
        return overlay

    def evaluated(self, changes: Sequence[tuple[Edge, Node]], point: int) -> dict[Node, Any] | None:
        """What the updates, and all on the way to them, become with ``changes``; None where they cannot."""
        line = self.needed(changes)
        with np.errstate(all="ignore"):
            return self.run(changes, point, line)

    # ------------------------------------------------------------------ scoring

    def needed(self, changes: Sequence[tuple[Edge, Node]]) -> list[Node]:
        """What has to be computed anew: on the way to the updates, or to what a correction reads."""
        starts = frozenset(e.consumer for e, _ in changes)
        line = self.lines.get(starts)
        if line is None:
            line = self.lines[starts] = self.affected(starts)
        main, read = self.main, self.read(changes) - self.main
        if not read:
            return [node for node in line if node in main]
        beside = set(ancestors(read, main.__contains__))
        return [node for node in line if node in main or node in beside]

    def read(self, changes: Iterable[tuple[Edge, Node]]) -> set[Node]:
        """The nodes of the step that the built nodes of changes are computed from."""
        found, stack = set[Node](), [built for _, built in changes]
        while stack:
            node = stack.pop()
            if node in self.order:
                found.add(node)
            else:
                stack.extend(node.operands)
        return found


def _function(node: Node) -> Callable[..., Any]:
    """What computes a node; an outer product of other values only where that is not vast.

    Written in the place of something else, in every round of a loop, it would be the product of all before.
    """
    function = OPERATIONS[node.operation].value
    if node.operation != "outer":
        return function
    most = max(VAST, np.size(node.value))

    def limited(x: Any, y: Any, **attributes: Any) -> Any:
        if np.size(x) * np.size(y) > most:
            raise ValueError("too large")
        return function(x, y, **attributes)

    return limited


def _renamed(step: TrainingStep) -> frozenset[Node]:
    """Arrays of data that an assignment, a return or a call in the step has given another name.

    The step holds them as leaves, and every use of the name as a use of what was written there.
    """
    sites, leaves = step.trace.sites, set(step.leaves)
    return frozenset(
        copy
        for node, copy in step.copies.items()
        if node.operation == "identity"
        and not copy.operands
        and copy not in leaves
        and np.size(copy.value) > 1
        and copy.origin is not None
        and copy.origin.site >= 0
        and sites[copy.origin.site].kind in RENAMING
    )


__all__ = ["NOTHING", "Bench", "Build", "Edge"]
