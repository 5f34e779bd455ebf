"""What can be read where in a step: names, values of expressions, subscripts of the forward pass."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np

from backproof.check.grades import RIGHT
from backproof.check.reading import Memory
from backproof.check.trial import Bench
from backproof.graph import Node, ancestors, leaf, unnamed
from backproof.step.cut import dependent
from backproof.step.pairs import is_literal
from backproof.step.update import time_of
from backproof.trace import Item, Site

SIMPLE = re.compile(r"^[A-Za-z_][\w.]*(\[(['\"][^'\"]*['\"]|-?\d+|\w+|-?\w+( ?[-+] ?\d+)?)\])*(\.T)?$")
SUBSCRIPT = re.compile(r"(?<=[\w\])])\[[^\[\]'\"(]*[A-Za-z][^\[\]'\"(]*\]")  # a list is none
SLICES = re.compile(r"(?<=[\w\])])\[[-\d:, ]*:[-\d:, ]*\]")
ALIKE = 1e-9  # relative: one value computed twice


@dataclass(eq=False, repr=False)
class Scenery:
    """What can be read where: the names bound in every frame, and the expressions evaluated there."""

    bench: Bench
    bound: dict[int, dict[str, list[tuple[int, Node]]]] = field(default_factory=dict)
    read: dict[int, dict[str, list[tuple[int, Node]]]] = field(default_factory=dict)
    items: dict[int, dict[str, list[Item]]] = field(default_factory=dict)
    leaves: dict[Node, Node] = field(default_factory=dict)
    known: dict[tuple[str, int, int], Node | None] = field(default_factory=dict)

    @cached_property
    def memory(self) -> Memory:
        """What every place of the run held."""
        return Memory(self.bench.step.trace, self.local)

    def in_forward(self, node: Node) -> Node:
        """The value of the forward pass that one is which the backward pass computes again; else itself."""
        tables = self.bench.base
        if node in self.bench.forward or not node.operands or any(node not in table for table in tables):
            return node
        for other in self._moving_forward.get(np.shape(node.value), ()):
            if all(np.allclose(table[node], table[other], rtol=ALIKE, atol=0) for table in tables):
                return other
        return node

    @cached_property
    def _moving_forward(self) -> dict[tuple[int, ...], list[Node]]:
        """The arrays that the forward pass computes from parameters, by their shapes."""
        found = dict[tuple[int, ...], list[Node]]()
        line = ancestors([self.bench.step.loss])
        for node in dependent(line, self.bench.step.leaves):
            if node.operands and np.size(node.value) > 1 and node.operation != "identity":
                found.setdefault(np.shape(node.value), []).append(node)
        return found

    @cached_property
    def forward_keys(self) -> list[str]:
        """The subscripts of the forward pass with names in them, as ``[i * s : i * s + k]``."""
        return self._subscripts(SUBSCRIPT)

    @cached_property
    def forward_slices(self) -> list[str]:
        """The subscripts of the forward pass that are slices between whole numbers, as ``[:, 1:]``."""
        return self._subscripts(SLICES)

    @cached_property
    def forward_exponents(self) -> tuple[int, ...]:
        """The whole numbers above two that the forward pass raises something to."""
        powers = (n.operands[1] for n in self.bench.forward if n.operation == "power")
        found = {float(n.value) for n in powers if not n.operands and np.ndim(n.value) == 0}
        return tuple(sorted(int(number) for number in found if 2 < number < 10 and number == int(number)))

    @cached_property
    def forward_constants(self) -> dict[tuple[float, bool], None]:
        """The numbers that the forward pass writes as factors or divisors on the way of some gradients only.

        As ``0.5`` in ``exp(0.5 * logvar)``. What is on the way of those that are right too, as the factor of
        a loss, none of the others lacks alone.
        """
        bench, found = self.bench, dict[tuple[float, bool], None]()
        states = zip(bench.step.parameters, bench.initial, strict=True)
        right = {leaf for parameter, state in states if state == RIGHT for leaf in parameter.leaves}
        line = ancestors([bench.step.loss]) if right else []
        theirs = dependent(line, right)
        for node in line:
            up = node.operation == "multiply"
            for position in (0, 1) if up else (1,) if node.operation == "divide" else ():
                number, other = node.operands[position], node.operands[1 - position]
                if node in theirs or not np.ndim(other.value) or node.origin is None:
                    continue
                if is_literal(bench.step.trace, node, position):
                    found[float(number.value), up] = None
        return found

    @cached_property
    def forward_scales(self) -> frozenset[str]:
        """What the forward pass has as a number by which it multiplies or divides, as ``np.sqrt(d)``."""
        found, sites = set[str](), self.bench.step.trace.sites
        for node in self.bench.forward:
            if node.operation in ("multiply", "divide") and node.origin is not None:
                pairs = zip(node.operands, node.origin.operand_sites, strict=False)
                found.update(
                    sites[s].text for o, s in pairs if s is not None and s >= 0 and not np.ndim(o.value)
                )
        return frozenset(text for text in found if not text[0].isdigit())

    @cached_property
    def forward_matrices(self) -> dict[Node, bool]:
        """The square matrices of data by which the forward pass multiplies, and whether by ``dot``."""
        found, leaves = dict[Node, bool](), frozenset(self.bench.step.leaves)
        for node in self.bench.forward:
            for operand in map(unnamed, node.operands) if node.operation in ("matmul", "dot") else ():
                shape = np.shape(operand.value)
                if not operand.operands and operand not in leaves and len(shape) == 2 and len({*shape}) == 1:
                    found[operand] = node.operation == "dot"
        return found

    @cached_property
    def forward_means(self) -> dict[tuple[int, ...], tuple[int, ...]]:
        """The shapes of what the forward pass takes a mean of over several axes, by the lengths of these."""
        means = (n for n in self.bench.forward if n.operation == "mean" and np.ndim(n.operands[0].value) > 1)
        found = dict[tuple[int, ...], tuple[int, ...]]()
        for node in sorted(means, key=lambda n: self.bench.order.get(n, 0)):
            shape, axis = np.shape(node.operands[0].value), node.attributes.get("axis")
            axes = range(len(shape)) if axis is None else np.atleast_1d(axis).tolist()
            if len(axes) > 1:
                found[tuple(shape[k] for k in axes)] = shape
        return found

    @cached_property
    def forward_factors(self) -> frozenset[Node]:
        """What the forward pass multiplies by, but for names."""
        products = (n for n in self.bench.forward if n.operation == "multiply")
        return frozenset(unnamed(operand) for n in products for operand in n.operands)

    @cached_property
    def forward_weights(self) -> list[str]:
        """What the forward pass calls the matrices that are parameters."""
        sites, bench = self.bench.step.trace.sites, self.bench
        matrices = (leaf for leaf in bench.step.leaves if np.ndim(leaf.value) == 2)
        reads = (read for leaf in matrices for read in self.readers(leaf))
        return list(dict.fromkeys(sites[number].text for user, number in reads if user in bench.forward))

    def readers(self, node: Node) -> Iterator[tuple[Node, int]]:
        """What is computed from a value, and the number of the expression by which it reads that."""
        for user in self.bench.consumers.get(node, ()):
            number = None if user.origin is None else user.origin.operand_sites[user.operands.index(node)]
            if number is not None and number >= 0:
                yield user, int(number)

    def is_counted(self, name: str) -> bool:
        """Does the forward pass take what a list of this name holds, as ``C[ctx]``, or read how many?"""
        marks = (f"[{name}]", f"[{name},", f"len({name})")
        return any(mark in site.text for site in self.forward_sites for mark in marks)

    @cached_property
    def forward_sites(self) -> list[Site]:
        """The expressions of the forward pass."""
        numbers = {n.origin.site for n in self.bench.forward if n.origin is not None and n.origin.site >= 0}
        return [self.bench.step.trace.sites[number] for number in sorted(numbers)]

    def _subscripts(self, pattern: re.Pattern[str]) -> list[str]:
        texts = [site.text for site in self.forward_sites if site.kind == "Subscript"]
        return list(dict.fromkeys(key for text in texts for key in pattern.findall(text)))

    @classmethod
    def of(cls, bench: Bench) -> Scenery:
        """Collect the names and the simple expressions of a trace."""
        scenery = cls(bench)
        trace = bench.step.trace
        simple = [bool(SIMPLE.match(site.text)) for site in trace.sites]
        for binding in trace.bindings:
            names = scenery.bound.setdefault(binding.frame, {})
            names.setdefault(binding.name, []).append((binding.time, binding.node))
        for item in sorted(trace.items, key=lambda i: i.start):
            scenery.items.setdefault(item.frame, {}).setdefault(item.name, []).append(item)
        for node in trace.nodes:
            origin: Any = node.origin
            if origin is None:
                continue
            texts = scenery.read.setdefault(origin.frame, {})
            for site, operand in zip(origin.operand_sites, node.operands, strict=False):
                if site is not None and site >= 0 and simple[site]:
                    texts.setdefault(trace.sites[site].text, []).append((origin.time, operand))
            if origin.site >= 0 and simple[origin.site]:
                texts.setdefault(trace.sites[origin.site].text, []).append((origin.time, node))
        return scenery

    def resolve(self, text: str, frame: int, time: int) -> Node | None:
        """What ``text`` means in a frame at a time, as a node of the step.

        None where it means nothing there.
        """
        key = (text, frame, time)
        if key not in self.known:
            self.known[key] = self._resolved(text, frame, time)
        return self.known[key]

    def _resolved(self, text: str, frame: int, time: int) -> Node | None:
        own = self._item(text, frame, time)
        if own is not None:
            return self.local(own)
        for number in self.enclosing(frame):
            found = _latest(self.bound.get(number, {}).get(text), time)
            if found is not None:
                return self.local(self.memory.current(found, time))
        if not text.isidentifier():
            held = self.memory.read(text, self.enclosing(frame), time)
            if isinstance(held, Node):
                return held
        found = _nearest(self.read.get(frame, {}).get(text), time)
        return self.local(found) if found is not None else None

    def _item(self, name: str, frame: int, time: int) -> Node | None:
        """What a name of the comprehension around means at a time."""
        entries = self.items.get(frame, {}).get(name)
        index = bisect_left(entries, time, key=lambda item: item.start) if entries else 0
        latest = entries[index - 1] if entries and index else None
        return latest.node if latest is not None and time < latest.end else None

    def enclosing(self, frame: int) -> tuple[int, ...]:
        """The frames whose names can be read in a frame: its own, those it was defined in, the program's."""
        found = [frame] if frame else []
        frames = self.bench.step.trace.frames
        while found and (around := frames[found[-1]].within) is not None:
            found.append(around)
        return (*found, 0)

    def local(self, node: Node) -> Node:
        """The copy of a node of the trace in the step; a leaf where the step does not hold it.

        What got one more name that the step does not read is the value that has it.
        """
        copies = self.bench.step.copies
        copy = copies.get(node)
        if copy is None or not copy.operands:
            copy = copies.get(unnamed(node), copy)
        if copy is not None:
            return copy
        if node not in self.leaves:
            self.leaves[node] = leaf(node.value, node.name)
        return self.leaves[node]

    def texts(self, frame: int, time: int) -> list[str]:
        """Everything that could be written in a frame at a time: names first, nearest first."""
        names = {name: time for name in self.items.get(frame, {}) if self._item(name, frame, time)}
        left_over = set[str]()
        for number in self.enclosing(frame):
            for name, bindings in self.bound.get(number, {}).items():
                earlier = bisect_left(bindings, time, key=itemgetter(0))
                if earlier and self._is_left_over(bindings, earlier):
                    left_over.add(name)
                elif earlier:
                    names.setdefault(name, bindings[earlier - 1][0] if number == frame else -1)
        for text, reads in self.read.get(frame, {}).items():
            if text not in left_over and any(time_of(node) < time for _, node in reads):
                names.setdefault(text, 0)
        return sorted(names, key=lambda n: -names[n])

    def _is_left_over(self, bindings: list[tuple[int, Node]], following: int) -> bool:
        """Does a name hold what the step before has left, and this one has not come to, nor read?

        In the first step it holds nothing.
        """
        window, copies = self.bench.step.window, self.bench.step.copies
        time, node = bindings[following - 1]
        if time >= window.start or following == len(bindings) or bindings[following][0] >= window.end:
            return False
        return node not in copies and unnamed(node) not in copies


def _latest(entries: list[tuple[int, Node]] | None, time: int) -> Node | None:
    index = bisect_left(entries, time, key=itemgetter(0)) if entries else 0
    return entries[index - 1][1] if entries and index else None


def _nearest(entries: list[tuple[int, Node]] | None, time: int) -> Node | None:
    usable = [(abs(when - time), node) for when, node in entries or () if time_of(node) < time]
    return min(usable, key=lambda pair: pair[0])[1] if usable else None
