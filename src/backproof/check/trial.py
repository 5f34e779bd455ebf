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

from backproof.check.compare import TOLERANCE, Verdict, floor, floored, telling_tables
from backproof.check.decay import penalised_parts
from backproof.graph import OPERATIONS, Node, ancestors
from backproof.step import TrainingStep
from backproof.step.update import own_share, shrinks, takes_a_share, time_of

WRONG, PARALLEL, RIGHT = 0, 1, 2
SEED = 7  # of the points, which are others than those of the verdict
ROUGHLY = 1e-9  # of the square of a norm: more is no rounding, and a difference of squares shows it
SOME = 1e-3  # of an update: less of it is no gradient
LEAST_SHRUNK = 3  # elements: two constants fit any two numbers
LEAST = 40  # work of a trial, however few nodes it evaluates
ELEMENTS = 1000  # of its operands that make a node count once more
NAMES = re.compile(r"[A-Za-z_][\w.]*")
VANISHES = np.inf  # stands for the scale where both gradients are zero


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One use of a value: operand number ``position`` of ``consumer``.

    ``made`` says that the value was made at the place in question; else it was only read there.
    """

    consumer: Node
    position: int
    made: bool = False

    @property
    def operand(self) -> Node:
        """The value that is used."""
        return self.consumer.operands[self.position]

    @property
    def whole(self) -> bool:
        """Was the value made at the place, so that every use of it is another?"""
        if self.made:
            return True
        sites = self.consumer.origin.operand_sites if self.consumer.origin is not None else ()
        return self.position < len(sites) and sites[self.position] == _made_at(self.operand)


NOTHING: Mapping[Node, Node] = MappingProxyType({})

Build = Callable[[Edge], Node | None]


@dataclass(eq=False, repr=False)
class Bench:
    """Everything that trials of one step share: its values at the points, and who depends on whom.

    ``work`` counts what has been evaluated: a node as one, or as more where its operands are large. A budget
    in it is the same on every machine, at every time.
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
    reads: list[tuple[int, Edge]] = field(default_factory=list)
    target: tuple[float, ...] | None = None
    initial: tuple[int, ...] = ()
    plain_numbers: dict[int, float] = field(default_factory=dict)
    shrinking: dict[int, bool] = field(default_factory=dict)
    weights: dict[Node, int] = field(default_factory=dict)
    functions: dict[Node, tuple[Callable[..., Any], Mapping[str, Any]]] = field(default_factory=dict)
    work: int = 0

    @classmethod
    def of(cls, step: TrainingStep, verdict: Verdict, count: int = 2) -> Bench:
        """Set up the bench.

        Evaluate the step once at each point, and list the uses of values in its backward pass.
        """
        results = [*step.descents, *step.truths, *step.copies.values()]
        found = telling_tables(step, verdict, results, count, SEED)
        bench = cls(step, verdict, [point for point, _ in found], [table for _, table in found])
        for table in bench.base:
            truths = [table[t] for t in step.truths]
            bench.truths.append([floored(t, floor(truths)) for t in truths])
            bench.floors.append(floor([table[d] for d in step.descents]))
        line = ancestors(step.descents)
        bench.main = frozenset(line)
        line = ancestors([*sorted(step.copies.values(), key=time_of), *step.descents])
        bench.order = {node: k for k, node in enumerate(line)}
        bench.functions = {n: (OPERATIONS[n.operation].value, n.attributes) for n in line if n.operands}
        bench.weights = {node: 1 + sum(np.size(o.value) for o in node.operands) // ELEMENTS for node in line}
        bench.forward = forward = frozenset(ancestors([step.loss]))
        consumers: dict[Node, list[Node]] = defaultdict(list)
        edges: dict[int, list[Edge]] = defaultdict(list)
        idle: dict[int, list[Edge]] = defaultdict(list)  # uses that no update depends on, as yet
        for node in line:
            sites = node.origin.operand_sites if node.origin is not None else ()
            for position, operand in enumerate(node.operands):
                consumers[operand].append(node)
                uses = edges if node in bench.main else idle
                site = sites[position] if position < len(sites) else None
                if site is not None and site >= 0:
                    uses[site].append(Edge(node, position))
                source = _made_at(operand)
                own = node.origin.site if node.origin is not None else -1
                if source >= 0 and source != site and (source != own or site is not None):
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
        bench.target = bench.wanted_scale()
        bench.initial = starting_states(verdict) if bench.points else (RIGHT,) * len(step.descents)
        return bench

    def wanted_scale(self) -> tuple[float, ...] | None:
        """The scale of the gradients that are right already; None where none is.

        A minimiser wants the gradient itself.
        """
        if self.step.hypothesis.minimised:
            return tuple(1.0 for _ in self.points)
        scales = self.verdict.scales
        if any(self.verdict.right) and scales and max(scales) <= min(scales) * (1 + 1e-6):
            return tuple(scales[0] for _ in self.points)
        return None

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The names that the expressions of the forward pass hold, attributes with their objects."""
        sites = {node.origin.site for node in self.forward if node.origin is not None and node.operands}
        texts = [self.step.trace.sites[site].text for site in sites if site >= 0]
        return frozenset(name for text in texts for name in NAMES.findall(text))

    def is_rate(self, node: Node) -> bool:
        """Is this the rate of the updates, which is no factor of a gradient?"""
        rate = self.verdict.rate
        if rate is None or node.operands or node in self.forward or np.size(node.value) != 1:
            return False
        return bool(np.isclose(float(np.ravel(node.value)[0]), rate, rtol=1e-9, atol=0))

    def ratios(self) -> tuple[float, ...]:
        """By what the gradients that are right but for a constant would have to be multiplied."""
        if self.target is None:
            return ()
        found: list[float] = []
        for state, comparison in zip(self.initial, self.verdict.comparisons, strict=True):
            if state == PARALLEL and comparison.scales:
                ratio = self.target[0] / comparison.scales[0]
                if ratio > 0 and not any(abs(ratio / r - 1) < 1e-6 for r in found):
                    found.append(ratio)
        return tuple(found)

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
        result = OPERATIONS[node.operation].value(*operands, **node.attributes)
        overlay[node] = result
        return result

    def run(
        self, changes: Sequence[tuple[Edge, Node]], point: int, line: Sequence[Node]
    ) -> dict[Node, Any] | None:
        """Evaluate ``line`` with the operands of ``changes`` replaced.

        None where an operation cannot take them.
        """
        base = self.base[point]
        overlay: dict[Node, Any] = {}
        replaced = {(e.consumer, e.position): node for e, node in changes}
        touched = {e.consumer for e, _ in changes}
        instead = {e.operand: node for e, node in changes if e.whole}
        try:
            for node in line:
                if node in touched:
                    operands = [
                        self.value(replaced.get((node, k), o), overlay, base, instead, o)
                        for k, o in enumerate(node.operands)
                    ]
                else:
                    operands = [overlay[o] if o in overlay else base[o] for o in node.operands]
                function, attributes = self.functions[node]
                overlay[node] = function(*operands, **attributes) if attributes else function(*operands)
        except (ValueError, TypeError, IndexError, KeyError, ArithmeticError):
            return None
        return overlay

    def evaluated(self, changes: Sequence[tuple[Edge, Node]], point: int) -> dict[Node, Any] | None:
        """What the updates, and all on the way to them, become with ``changes``; None where they cannot."""
        line = self._needed(changes)
        self.work += LEAST + sum([self.weights[node] for node in line])
        with np.errstate(all="ignore"):
            return self.run(changes, point, line)

    # ------------------------------------------------------------------ scoring
    def score(self, changes: Sequence[tuple[Edge, Node]], states: tuple[int, ...]) -> tuple[int, ...] | None:
        """The state of every parameter after ``changes``: wrong, parallel to the truth, or right.

        None if they cannot be, or where already the first point shows that none of them is nearer to the
        truth than in ``states``, or that one is further away.
        """
        line = self._needed(changes)
        inside = set(line)
        after = list(self.initial)
        moved = [k for k, descent in enumerate(self.step.descents) if descent in inside]
        scales: dict[int, list[float]] = {k: [] for k in moved}
        whole = len(moved) == len(after)  # then the common scale may change
        with np.errstate(all="ignore"):
            for point in range(len(self.points)):
                self.work += LEAST + sum([self.weights[node] for node in line])
                overlay = self.run(changes, point, line)
                if overlay is None:
                    return None
                hope = False
                for k in moved:
                    scale = self._scale(overlay[self.step.descents[k]], point, k)
                    if scale is not None:
                        scales[k].append(scale)
                        hope |= states[k] == WRONG or (states[k] == PARALLEL and self._fits(scale, point))
                    if states[k] > WRONG and (
                        scale is None or (states[k] == RIGHT and not whole and not self._fits(scale, point))
                    ):
                        return None
                if not hope:
                    return None
                moved = [k for k in moved if len(scales[k]) == point + 1]
        if not scales:
            return None
        if self._all_alike(scales):
            return (RIGHT,) * len(states)
        for k, found in scales.items():
            after[k] = self._graded(found) if len(found) == len(self.points) else WRONG
        scales = {k: found for k, found in scales.items() if VANISHES not in found}
        if self.target is None:
            self._agree(after, scales)
        return tuple(after)

    def _scale(self, applied: Any, point: int, k: int) -> float | None:
        """The constant by which a gradient differs from the true one, beside what shrinks the parameter."""
        true = self.truths[point][k]
        if not np.any(true):  # nothing but rounding is as good as nothing
            applied = floored(applied, self.floors[point])
        scale = parallel(applied, true)
        parameter = self.step.parameters[k]
        if scale is not None or np.shape(applied) != true.shape or true.size < LEAST_SHRUNK:
            return scale
        if k not in self.shrinking:
            pairs = zip(parameter.leaves, parameter.afters, strict=True)
            self.shrinking[k] = all(
                shrinks(a, b) or own_share(a, b) > 0 or (self.step.hypothesis.decided and takes_a_share(a, b))
                for b, a in pairs
            )
        if not self.shrinking[k]:
            return None
        weights = parameter.gathered(self.points[point])
        g = np.ravel(np.asarray(applied, dtype=float))
        if not np.all(np.isfinite(g)):
            return None
        for kept in penalised_parts(np.shape(weights), self.step.hypothesis.decided):
            basis = np.stack([np.ravel(true), np.ravel(weights * kept)], axis=1)
            solution = np.linalg.lstsq(basis, g, rcond=None)[0]
            size, rest = float(np.linalg.norm(g)), float(np.linalg.norm(g - basis @ solution))
            some = abs(float(solution[0])) * float(np.linalg.norm(true)) > SOME * size
            if some and rest <= TOLERANCE * size:
                return float(solution[0])
        return None

    def _fits(self, scale: float, point: int) -> bool:
        """Is this the scale of a right gradient, as far as that is known?"""
        if self.target is None or scale == VANISHES:
            return True
        return abs(scale - self.target[point]) <= 1e-5 * abs(self.target[point])

    def _all_alike(self, scales: Mapping[int, list[float]]) -> bool:
        """Has every gradient one common positive scale now, whatever was taken for the right one?"""
        if self.step.hypothesis.minimised:
            return False
        if len(scales) < len(self.step.descents) or any(len(s) < len(self.points) for s in scales.values()):
            return False
        every = [s for found in scales.values() for s in found if s is not VANISHES]
        return bool(every) and min(every) > 0 and max(every) - min(every) <= 1e-5 * max(every)

    def _needed(self, changes: Sequence[tuple[Edge, Node]]) -> list[Node]:
        """What has to be computed anew: on the way to the updates, or to what a correction reads."""
        starts = frozenset(e.consumer for e, _ in changes)
        line = self.lines.get(starts)
        if line is None:
            line = self.lines[starts] = self.affected(starts)
        read = {o for _, built in changes for o in self._read(built)} - self.main
        wanted = self.main.union(ancestors(read)) if read else self.main
        return [node for node in line if node in wanted]

    def _read(self, built: Node) -> list[Node]:
        """The nodes of the step that a built node is computed from."""
        found, stack = [], [built]
        while stack:
            node = stack.pop()
            if node in self.order:
                found.append(node)
            else:
                stack.extend(node.operands)
        return found

    def _graded(self, scales: list[float]) -> int:
        if VANISHES in scales:
            return RIGHT
        if self.target is not None and all(
            abs(s - t) <= 1e-5 * abs(t) for s, t in zip(scales, self.target, strict=False)
        ):
            return RIGHT
        if max(scales) - min(scales) > 1e-5 * max(abs(s) for s in scales):
            return WRONG
        return RIGHT if self.target is None and min(scales) > 0 else PARALLEL

    def _has_scale(self, k: int) -> bool:
        comparison = self.verdict.comparisons[k]
        return bool(comparison.scales) and not comparison.zero

    def _agree(self, states: list[int], moved: dict[int, list[float]]) -> None:
        """Where nothing fixes the scale, right are those that share the one most have."""
        scale = {
            k: moved[k][0] if k in moved else self.verdict.comparisons[k].scales[0]
            for k, state in enumerate(states)
            if state == RIGHT and (k in moved or self._has_scale(k))
        }
        most = max(
            scale.values(),
            key=lambda s: sum(abs(o - s) <= 1e-5 * abs(s) for o in scale.values()),
            default=0.0,
        )
        for k, s in scale.items():
            if abs(s - most) > 1e-5 * abs(most):
                states[k] = PARALLEL


def starting_states(verdict: Verdict) -> tuple[int, ...]:
    """Give the states of the parameters before any correction."""
    states = []
    for ok, comparison in zip(verdict.right, verdict.comparisons, strict=True):
        scales = comparison.scales
        if ok:
            states.append(RIGHT)
        elif comparison.parallel and scales and max(scales) - min(scales) <= 1e-5 * max(map(abs, scales)):
            states.append(PARALLEL)
        else:
            states.append(WRONG)
    return tuple(states)


def _made_at(node: Node) -> int:
    """The site whose evaluation made a node; -1 for leaves, and for a second name of a value."""
    origin: Any = node.origin
    if origin is None or not node.operands or origin.site in origin.operand_sites:
        return -1
    return int(origin.site)


def parallel(applied: Any, true: Any) -> float | None:
    """The constant c of applied = c·true; VANISHES where both are zero, None where there is none."""
    g = np.asarray(applied, dtype=float)
    if g.shape != true.shape:
        return None
    size = float(np.vdot(true, true))
    if size == 0.0:
        return VANISHES if not np.any(g) else None
    c = float(np.vdot(g, true)) / size
    squared = float(np.vdot(g, g))
    if not squared - c * c * size <= ROUGHLY * squared:
        return None  # neither parallel nor, perhaps, finite
    if not np.all(np.isfinite(g)):
        return None
    norm = float(np.linalg.norm(g))
    if norm == 0.0 or float(np.linalg.norm(g - c * true)) > TOLERANCE * norm:
        return None
    return c


def is_multiple(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Is the first of each pair the second times one constant?"""
    scales = list[float]()
    for found, true in pairs:
        scale = parallel(found, np.asarray(true, dtype=float))
        if scale is None or scale == VANISHES:
            return False
        scales.append(scale)
    return max(scales) - min(scales) <= 1e-5 * max(map(abs, scales))
