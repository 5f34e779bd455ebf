"""What a program's steps make of a gradient: momentum, Adam, decay, whatever it computes, as assignments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.derive.identifiers import identifier
from backproof.derive.laws import law_of
from backproof.derive.steps import Steps
from backproof.graph import Node, adjoints, ancestors, apply, constant, evaluate, leaf, simplify
from backproof.graph.node import rebuilt, shape_of, with_operands
from backproof.notation.tidy import tidy
from backproof.step.cut import dependent

POINTS = 3
SAME = 1e-9
ROUNDING = 2e-15  # of 1 - 0.99


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rule:
    """How the steps of a program update: one assignment after the other.

    ``state`` is what they remember beside the parameters, by name, with what it is at first; ``lines`` what
    each step computes of the gradients, whose names are ``gradients`` by parameter. ``series`` are numbers
    that differ from step to step, ``laws`` those that are told by ``step``, which counts from 0.
    """

    state: Mapping[str, Any]
    lines: tuple[tuple[str, Node], ...]
    gradients: Mapping[Node, str]
    series: Mapping[str, Any]
    laws: Mapping[str, str]


def rule_of(
    steps: Steps, names: Mapping[Node, str], gradients: Mapping[Node, str], taken: set[str]
) -> Rule | None:
    """The rule by which a program updates its parameters; None where its gradients are not the true ones.

    ``names`` are those of the parameters, ``gradients`` those of the derivatives by them, ``taken`` all names
    that mean something else.
    """
    return _Reader(steps, names, gradients, taken).rule()


class _Reader:
    """Reads the update of one step, from what the parameters become back to the gradients."""

    def __init__(
        self,
        steps: Steps,
        names: Mapping[Node, str],
        gradients: Mapping[Node, str],
        taken: set[str],
    ) -> None:
        step = self.step = steps.step
        self.names, self.taken = names, taken
        self.gradients = gradients
        self.steps = steps
        self.afters = {b: a for p in step.parameters for b, a in zip(p.leaves, p.afters, strict=True)}
        changed = [*step.window.others, *step.window.states, *step.window.locals]
        self.changes = {step.copies[c.before]: c for c in changed if c.before in step.copies}
        self.states: dict[Node, str] = {}
        self.series: dict[str, Any] = {}
        self.laws: dict[str, str] = {}
        self.leaves: dict[Node, Node] = {}
        self.forward = set(ancestors([step.loss]))

    def rule(self) -> Rule | None:
        if set(self.names) != set(self.afters):
            return None
        matches = self._matches()
        results: dict[Node, Node] = {}
        waiting = list(self.names)
        while waiting:  # parameters, and then what their updates remember
            before = waiting.pop(0)
            after = self.afters.get(before) or self._after(before)
            if after is None or before in results:
                continue
            results[before] = after
            stops = self._stops(after, matches)
            if stops is None:
                return None
            waiting += [n for n in stops if n in self.states and n not in results]
        if any(n not in results for n in self.states):
            return None
        return self._lines(results, matches)

    def _fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _matches(self) -> dict[Node, tuple[Node, float]]:
        """Values of the step that are a number times the true gradient of a parameter."""
        true = adjoints(self.step.loss, list(self.names))
        above = {p: [n for n in ancestors([self.afters[p]]) if n.operands] for p in self.names}
        every = list(dict.fromkeys(n for nodes in above.values() for n in nodes))
        tables = [evaluate([*every, *true.values()], point) for point in self._points()]
        differing = self._differing(every)
        found: dict[Node, tuple[Node, float]] = {}
        for others in (False, True):  # first the parameter's own update, then those of the others
            for p, g in true.items():
                for node in every if others and np.size(p.value) > 1 else above[p] if not others else ():
                    free = node not in found and node not in differing
                    if free and shape_of(node) == shape_of(g):
                        c = _number(node, g, tables)
                        if c is not None:
                            found[node] = (p, c)
        return found

    def _differing(self, nodes: Iterable[Node]) -> set[Node]:
        """What is computed with a number that is not the same in all steps, as a rate that falls."""
        order = ancestors(nodes)
        numbers = [n for n in order if not n.operands and np.ndim(n.value) == 0 and n not in self.forward]
        known = {n: self.steps.values(n) for n in numbers if n not in self.names}
        varying = {n for n, values in known.items() if values and any(v != values[0] for v in values)}
        return dependent(order, varying)

    def _points(self) -> Iterator[dict[Node, Any]]:
        """Random values for the parameters and for what is remembered, at the samples of other steps."""
        drawn = np.random.default_rng(7)
        for k in range(POINTS):
            samples = self.step.samples
            point: dict[Node, Any] = dict(samples[k % len(samples)]) if samples else {}
            for node in self.names:
                value = np.asarray(node.value, dtype=float)
                size = float(np.sqrt(np.mean(value**2))) or 0.5
                point[node] = (value + 0.3 * size * drawn.standard_normal(value.shape))[()]
            for node in self.changes:
                if np.asarray(node.value).dtype.kind == "f" and node not in self.names:
                    point[node] = (0.5 + drawn.random(np.shape(node.value)))[()]
            yield point

    def _after(self, before: Node) -> Node | None:
        change = self.changes.get(before)
        return None if change is None else self.step.copies.get(change.after)

    def _stops(self, after: Node, matches: Mapping[Node, tuple[Node, float]]) -> list[Node] | None:
        """The values that an update begins with; None where one of them is no part of an update."""
        found: list[Node] = []
        ends = {a for b, a in self.afters.items()} | {self._after(b) for b in self.states}
        order = ancestors([after], lambda n: n in matches or (n in ends and n is not after))
        for node in order:
            if node in matches or node.operands or node in self.names:
                continue
            if self._after(node) is not None and np.asarray(node.value).dtype.kind == "f":
                if node not in self.states:
                    self.states[node] = self._fresh(self._state_name(node))
                found.append(node)
            elif not self._constant_or_series(node):
                return None
        return found

    def _state_name(self, node: Node) -> str:
        """What an update remembers, called after the program and the parameter."""
        label = self.step.trace.labels.get(self.changes[node].place) or node.name or "memory"
        base = identifier(re.sub(r"\[['\"]\w+['\"]\]|\[\d+\]$", "", label))
        owner = next((self.names[b] for b, a in self.afters.items() if node in set(ancestors([a]))), "")
        stem = owner.rstrip("0123456789").rstrip("_")
        if owner and base.endswith(owner):
            return base
        return (
            f"{base}{owner[len(stem) :]}" if stem and base.endswith(stem) else f"{base}_{owner}".rstrip("_")
        )

    def _constant_or_series(self, node: Node) -> bool:
        """Put down a number that is the same in every step, or one that is not."""
        if node in self.leaves:
            return True
        values = self._values(node)
        if values is None:
            return False
        if all(np.array_equal(v, values[0]) for v in values):
            value = np.asarray(node.value)
            if value.ndim == 0:
                self.leaves[node] = constant(value.item())
                return True
            return False
        if np.ndim(values[0]):
            return False  # data: then it is no part of an update
        if node in self.forward:
            return False
        law = law_of(values)
        known = next((name for name, other in self.laws.items() if other == law), None)
        same = next((n for n, other in self.series.items() if np.array_equal(other, values)), None)
        name = known or same
        if name is None:
            name = self._fresh(node.name if node.name and node.name.isidentifier() else "factor")
            if law is not None:
                self.laws[name] = law
            else:
                self.series[name] = np.stack(values)
        self.leaves[node] = leaf(node.value, name)
        return True

    def _values(self, node: Node) -> list[Any] | None:
        """What a value that an update reads is in every step; None where its shape changes."""
        found = self.steps.values(node)
        return found if found is not None and len({v.shape for v in found}) == 1 else None

    def _lines(self, results: Mapping[Node, Node], matches: Mapping[Node, tuple[Node, float]]) -> Rule | None:
        """The assignments of a step: what is remembered first, the parameters last."""
        names = {**self.names, **self.states}
        stops: dict[Node, Node] = {n: leaf(n.value, name) for n, name in names.items()}
        stops |= self.leaves
        for node, (p, c) in matches.items():
            g = leaf(np.asarray(p.value, dtype=float)[()], self.gradients[p])
            stops[node] = g if abs(c - 1) < SAME else apply("multiply", constant(float(f"{c:.12g}")), g)
        ordered = [*(b for b in results if b in self.states), *(b for b in results if b in self.names)]
        ends = set(results.values())
        read: dict[Node, set[Node]] = {}
        for before, after in results.items():
            others = {*matches, *ends} - {after}
            read[before] = set(ancestors([after], others.__contains__))
        lines: list[tuple[str, Node]] = []
        late: list[tuple[str, Node]] = []
        for before in ordered:
            after = results[before]
            own = {n: s for n, s in stops.items() if n is not after}
            node = _rounded(tidy(simplify([rebuilt(after, own)])[0])) if after not in stops else stops[after]
            later = ordered[ordered.index(before) + 1 :]
            if any(before in read[other] for other in later):
                name = self._fresh(f"{names[before]}_new")
                late.append((names[before], leaf(after.value, name)))
            else:
                name = names[before]
            lines.append((name, node))
            stops[after] = leaf(after.value, name)
        state = {}
        for node, name in self.states.items():
            values = self.steps.values(node)
            if not values:
                return None
            first = np.asarray(values[0], dtype=float)
            state[name] = np.broadcast_to(first, np.shape(results[node].value)).copy()
        return Rule(state, (*lines, *late), self.gradients, self.series, self.laws)


def _rounded(root: Node) -> Node:
    """The same with 0.01 for what 1 - 0.99 gives."""
    new: dict[Node, Node] = {}
    for node in ancestors([root]):
        value = node.value
        if node.operation == "constant" and isinstance(value, float):
            short = float(f"{value:.12g}")
            new[node] = constant(short) if 0 < abs(short - value) <= ROUNDING * abs(value) else node
        else:
            new[node] = with_operands(node, tuple(new[o] for o in node.operands))
    return new[root]


def _number(node: Node, g: Node, tables: Sequence[Mapping[Node, Any]]) -> float | None:
    """The number c of a value that is c times a gradient, at every point."""
    numbers = []
    for table in tables:
        value, true = np.asarray(table[node], dtype=float), np.asarray(table[g], dtype=float)
        size = float(np.vdot(true, true))
        if not np.isfinite(size) or size == 0 or value.shape != true.shape:
            return None
        c = float(np.vdot(true, value)) / size
        if not np.linalg.norm(value - c * true) <= SAME * np.linalg.norm(value):
            return None
        numbers.append(c)
    spread = max(numbers) - min(numbers)
    return numbers[0] if numbers[0] and spread <= SAME * abs(numbers[0]) else None
