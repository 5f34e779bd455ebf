"""Take a forward pass apart at a loop: what stands behind it is derived first, then one round."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from backproof.derive.apart import own_statements
from backproof.derive.derived import derivation
from backproof.derive.forward import Forward
from backproof.derive.identifiers import identifier
from backproof.derive.naming import adjoint_names, own_name, pattern
from backproof.derive.parts import part
from backproof.derive.plan import Derivation
from backproof.derive.points import random_points
from backproof.derive.repeated import Repeated, repeated
from backproof.derive.rolled import Rolled
from backproof.derive.roundwise import Given, Spelling
from backproof.graph import Node, adjoints, ancestors, constant, evaluate, leaf, simplify
from backproof.notation import to_numpy
from backproof.step.cut import dependent

POINTS = 2


def rolled(forward: Forward) -> Rolled | None:
    """The backward pass of a forward pass with a loop; None where there is none that all rounds do alike."""
    order = ancestors([forward.loss])
    moving = dependent(order, {p.leaf for p in forward.parameters} & set(order))
    for loop in forward.loops:
        found = repeated(loop, forward.loss, moving, forward.recorded)
        if found is not None:
            return _Roller(forward, found, moving).result()
    return None


class _Roller:
    """Takes a forward pass apart at a loop, and derives the parts."""

    def __init__(self, forward: Forward, loop: Repeated, moving: set[Node]) -> None:
        self.forward, self.loop, self.moving = forward, loop, moving
        self.leaves = [p.leaf for p in forward.parameters]
        self.spelling = Spelling(forward, loop)
        self.taken = set(forward.names.values()) | set(self.spelling.reads) | {self.spelling.counter}
        self.ends = {n: loop.matched[n][-1] for n in loop.nodes}
        self.stand_ins: dict[Node, Node] = {}
        self.pattern = ("d", "")
        self.each_round: dict[Node, list[str]] = {}

    def result(self) -> Rolled | None:
        loop = self.loop
        fixed = [n for n in loop.fixed if n in self.moving]
        each = [n for n in loop.varying if n in self.moving]
        begun = [first for first in loop.carried.values() if first in self.moving]
        outside = {*fixed, *begun, *(f for n in each for f in loop.varying[n] if f is not None)}
        if not set(loop.last) <= set(loop.carried) or not outside <= set(self.leaves):
            return None  # values that are computed in a loop before
        if any(self.spelling.reads[self.spelling.names[n]].kept for n in each) or begun:
            return None
        if any(p not in self.spelling.names for p in loop.carried):
            return None  # nothing could be said of it behind the loop
        names, own = self._names()
        self.pattern = before, behind = pattern(self.forward, {n: names[n] for n in self.leaves})
        lists = {}
        for n in each:
            base = self.spelling.reads[self.spelling.names[n]].base
            lists[n] = self._fresh(f"{before}{identifier(base)}{behind}")
        adding = [p for p in loop.carried if self._adds_up(p)]
        arriving: dict[Node, str] = {}
        for p in loop.carried:
            base = own.get(p) or f"{before}{self.spelling.stem(p)}{behind}"
            arriving[p] = self._fresh(base if p in adding else f"{base}_next")
        after = self._after(names, arriving)
        handed = self._handed(after)
        if handed is None:
            return None
        seeds = {p: self._seed(p, after, arriving[p]) for p in adding}
        if any(seed is None for seed in seeds.values()):
            return None
        states = {p: name for p, name in arriving.items() if p not in adding}
        body = self._body(fixed, each, names, lists, own, states, seeds, handed)
        gradients = {n: names[n] for n in self.leaves if n in names}
        for n in each:
            read = self.spelling.reads[self.spelling.names[n]]
            for k, fellow in zip(loop.positions, loop.varying[n], strict=True):
                if fellow is not None:
                    gradients[fellow] = f"{lists[n]}[{loop.number(k) + read.offset}]"
        sums = {n: names[n] for n in fixed}
        over = {self.stand_ins[p]: name for p, name in arriving.items() if p in self.stand_ins}
        quiet = {arriving[p] for p, seed in seeds.items() if seed is not None and seed.operation != "leaf"}
        over = {n: name for n, name in over.items() if name not in quiet}
        dropped = frozenset(quiet | {name for names in self.each_round.values() for name in names})
        last = {p: self._last_text(p) for p in states}
        return Rolled(
            forward=self.forward,
            loop=loop,
            spelling=self.spelling,
            after=after,
            body=body,
            sums=sums,
            parts=lists,
            states=states,
            gradients=gradients,
            handed_over=over,
            last_texts=last,
            dropped=dropped,
        )

    def _names(self) -> tuple[dict[Node, str], dict[Node, str]]:
        """Names for the derivatives by the parameters, and those of the author for what a round computes."""
        forward, loop = self.forward, self.loop
        spoken = [n for n in loop.nodes if n in self.spelling.names or n in loop.carried]
        found = adjoints(forward.loss, [*self.leaves, *spoken])
        points = random_points(forward, POINTS)
        names = adjoint_names(forward, {n: found[n] for n in self.leaves}, points)
        self.taken |= set(names.values())
        own: dict[Node, str] = {}
        if forward.backward:
            backward: dict[str, list[Node]] = {}
            for name, node in forward.backward:
                backward.setdefault(name, []).append(node)
            nodes = [n for name in backward for n in backward[name]]
            tables = [
                evaluate([*(found[n] for n in spoken), *nodes], {**forward.state, **point})
                for point in points
            ]
            for n in spoken:
                called = own_name(found[n], backward, tables)
                if called is not None and called not in self.taken and called not in own.values():
                    own[n] = called
            self.taken |= set(own.values())
        return names, own

    def _fresh(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _adds_up(self, node: Node) -> bool:
        """Does a value only add to what it was a round before, so that its derivative stays the same?"""
        before = [b for b, source in self.loop.before.items() if source is node]
        users = [u for u in self.loop.nodes if any(b in u.operands for b in before)]
        first = node.operation == "subtract" and node.operands[0] in before
        same = (node.operation == "add" or first) and users == [node]
        shapes = {np.shape(o.value) for o in node.operands} | {np.shape(node.value)}
        return same and (len(shapes) == 1 or np.ndim(node.value) == 0)

    def _after(self, names: Mapping[Node, str], arriving: Mapping[Node, str]) -> Derivation | None:
        """What stands behind the loop, by what the last round leaves and by the parameters there."""
        forward, loop = self.forward, self.loop
        if self.ends.get(loop.last[-1] if loop.last else forward.loss) is forward.loss:
            return None
        stops = {}
        called = {}
        by = []
        for p in loop.carried:
            if p in loop.handed:
                continue  # the last round gets it as the others do
            end = self.ends[p]
            text = self._last_text(p)
            stand_in = leaf(end.value, self.spelling.stem(p))
            stops[end] = stand_in
            called[stand_in] = text
            by.append((stand_in, text))
        applied: dict[Node, str] = {}
        for q in loop.handed:
            stem, fellows = self.spelling.stem(q), loop.matched[q]
            self.each_round[q] = []
            for number, fellow in enumerate(fellows):
                stand_in = leaf(fellow.value, f"{stem}_{number}")
                stops[fellow], called[stand_in] = stand_in, f"{stem}_{number}"
                by.append((stand_in, f"{stem}_{number}"))
                applied[stand_in] = self._fresh(f"{self.pattern[0]}{stem}_{number}{self.pattern[1]}")
                self.each_round[q].append(applied[stand_in])
        given = {n: name for n, name in forward.names.items() if n not in stops} | called
        by += [(p.leaf, p.text) for p in forward.parameters]
        kept = {p: name for p, name in arriving.items() if p not in loop.handed}
        applied |= {stops[self.ends[p]]: name for p, name in kept.items()}
        applied |= {n: names[n] for n in self.leaves if n in names}
        behind = part(forward, [(forward.loss, None)], stops, given, by, applied, self.pattern)
        self.stand_ins = {p: stops[self.ends[p]] for p in kept}
        return derivation(behind)

    def _handed(self, after: Derivation | None) -> dict[Node, str] | None:
        """How a round reads the derivatives by what is handed over in every round; None where it differs."""
        found: dict[Node, str] = {}
        numbers = [self.loop.number(k) for k in self.loop.positions]
        lines = {} if after is None else {line.name: line for line in after.lines}
        for q, names in self.each_round.items():
            texts = set()
            for name, number in zip(names, numbers, strict=True):
                if name not in lines:
                    return None
                text = re.sub(r",\]", "]", to_numpy(lines[name].node))
                texts.add(re.sub(rf"(?<=\[){number}(?=[\],])", self.spelling.counter, text))
            if len(texts) != 1:
                return None
            found[q] = texts.pop()
        return found

    def _last_text(self, node: Node) -> str:
        """What a value of the last round is called behind the loop."""
        name = self.spelling.names.get(node)
        read = self.spelling.reads.get(name) if name else None
        if read is None or read.kept:
            return self.spelling.stem(node)
        return f"{read.base}[{self.loop.number(self.loop.positions[-1]) + read.offset}]"

    def _seed(self, node: Node, after: Derivation | None, name: str) -> Node | None:
        """The derivative by a value that adds up: a number, or a name that the part behind gives it."""
        if after is None:
            return constant(1.0) if self.ends[node] is self.forward.loss else None
        stand_in = self.stand_ins[node]
        found = after.found.get(stand_in)
        if found is None:
            return None
        (found,) = simplify([found])
        if found.operation == "divide" and found.operands[0].operation == "constant":
            number = found.operands[1]  # of a mean of the losses of all rounds
            if number in self.forward.names and number.operation == "leaf":
                return found
        return leaf(found.value, name) if found.operands or found.operation != "constant" else found

    def _body(
        self,
        fixed: list[Node],
        each: list[Node],
        names: Mapping[Node, str],
        lists: Mapping[Node, str],
        own: Mapping[Node, str],
        states: Mapping[Node, str],
        seeds: Mapping[Node, Node | None],
        handed: Mapping[Node, str],
    ) -> Derivation:
        """One round, by the parameters and by what it got from the round before."""
        loop, spelling = self.loop, self.spelling
        drawn = np.random.default_rng(13)
        stops: dict[Node, Node] = {}
        called: dict[Node, str] = dict(spelling.names)
        for node in (*loop.before, *loop.varying):
            stops[node] = leaf(node.value, spelling.names[node])
        results: list[tuple[Node, Node | None]] = []
        for p, name in states.items():
            arriving = leaf(drawn.standard_normal(np.shape(p.value))[()], name)
            called[arriving] = name
            results.append((p, arriving))
        for p, seed in seeds.items():
            one = seed is not None and seed.operation == "constant" and np.all(seed.value == 1.0)
            results.append((p, None if one else seed))
            if seed is not None and seed.operation == "divide":
                called[seed.operands[1]] = self.forward.names[seed.operands[1]]
            if seed is not None and not one and seed.operation == "leaf":
                called[seed] = seed.name or "d"
        for q, text in handed.items():
            name = self._fresh(f"{self.pattern[0]}{spelling.stem(q)}_given{self.pattern[1]}")
            arriving = leaf(drawn.standard_normal(np.shape(q.value))[()], name)
            called[arriving] = name
            results.append((q, arriving))
            spelling.reads[name] = Given(text)
        adding = {b for b, source in loop.before.items() if source in seeds}
        by: list[tuple[Node, str]] = [(n, self.forward.texts.get(n, names[n])) for n in fixed]
        by += [(stops[n], spelling.names[n]) for n in each]
        by += [(stops[b], spelling.names[b]) for b in loop.before if b not in adding]
        applied: dict[Node, str] = {n: names[n] for n in fixed}
        applied |= {stops[n]: lists[n] for n in each}
        applied |= own
        applied |= {stops[b]: f"{states[s]}_" for b, s in loop.before.items() if s in states}
        called = {n: name for n, name in called.items() if n not in seeds}
        given = {stops.get(n, n): name for n, name in called.items()}
        found = derivation(part(self.forward, results, stops, given, by, applied, self.pattern))
        return own_statements(found, {p.leaf for p in found.forward.parameters})
