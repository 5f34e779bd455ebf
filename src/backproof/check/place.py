"""One expression of the backward pass, as the faults see it.

Its text, its values, and what else could stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np

from backproof.check.nameable import beside, containers, kept, stored, under_objects
from backproof.check.scenery import SIMPLE, SUBSCRIPT, Scenery
from backproof.check.trial import Bench, Edge
from backproof.graph import Node
from backproof.trace import Binding, Site, Trace

MOST_KEPT = 20  # attributes that a method does not read, and might have
MOST_STORED = 12  # items of dictionaries that a function does not read, and might have
WORD = re.compile(r"[A-Za-z_]\w*")
ITEMS = 3  # whole numbers that arrays hold
KEYS, CONTAINERS = 6, 16  # subscripts, and what they may be put behind
PIECES = 8  # slices
COUNTERS, ARRAYS = 3, 6  # with which items are read of arrays of one axis
COUNTED = re.compile(r"\bfor (\w+) in\b")
PAIR = 2  # subscripts of a list of lists
SIBLINGS = 12  # items of dictionaries
DISPLAYS = frozenset({"Dict", "List", "Tuple"})


@dataclass(eq=False, repr=False)
class Place:
    """All uses of the value of one expression in the backward pass."""

    scenery: Scenery
    site: Site
    edges: tuple[Edge, ...]

    @property
    def trace(self) -> Trace:
        """The trace that the place belongs to."""
        return self.scenery.bench.step.trace

    @property
    def text(self) -> str:
        """The expression as the author wrote it."""
        return self.site.text

    @cached_property
    def parent(self) -> Site | None:
        """The expression or statement around it."""
        return None if self.site.parent is None else self.trace.sites[self.site.parent]

    @property
    def handed(self) -> bool:
        """Is its value handed to a function of the program, which calls it by another name?"""
        return (
            self.parent is not None
            and self.parent.kind == "Call"
            and all(edge.consumer.operation == "identity" or _in_another_call(edge) for edge in self.edges)
        )

    @property
    def is_kept(self) -> bool:
        """Is it only put into a list, a tuple or a dictionary, from which something else reads it?"""
        return self.parent is not None and self.parent.kind in DISPLAYS

    @property
    def calls(self) -> set[int | None]:
        """The sites of the calls by which the function that it stands in is used."""
        return {self.trace.frames[where(edge)[0]].call for edge in self.edges}

    @property
    def is_called_once(self) -> bool:
        """Does one call alone use the function that it stands in?"""
        return bool(self.site.function) and len(self.calls) == 1

    @property
    def has_one_argument(self) -> bool:
        """Is it a call with a single argument?"""
        return len(self.site.children) - self.site.arguments == 1

    @cached_property
    def children(self) -> tuple[Site, ...]:
        """Its direct sub-expressions."""
        return tuple(self.trace.sites[number] for number in self.site.children)

    @cached_property
    def statement(self) -> Site | None:
        """The statement that it stands in."""
        return None if self.site.statement is None else self.trace.sites[self.site.statement]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What could be written here instead, nearest first.

        Only what holds numbers in every use of the place.
        """
        edge = self.edges[0]
        frame, time = where(edge)
        texts = [t for t in self.scenery.texts(frame, time) if SIMPLE.match(t) and t != self.text]
        memory, frames = self.scenery.memory, self.scenery.enclosing(frame)[:-1]
        source = self.trace.files[self.site.file]
        items = stored(memory, frames, time, '"' if source.count('["') >= source.count("['") else "'")
        named = (*kept(memory, frames, time)[:MOST_KEPT], *items[:MOST_STORED])
        others = (*self.companions, *self.elements, *self.entries, *named, *self.pieces, *self.siblings)
        return tuple(dict.fromkeys([*texts[:60], *others]))

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """The slices that the function around takes of arrays: `image[i:i + 3, j:j + 2]`."""
        here, site = self.trace.sites, self.site
        found = [s for s in here if s.kind == "Subscript" and (s.scope, s.file) == (site.scope, site.file)]
        found.sort(key=lambda s: abs(s.span.row - site.span.row))
        texts = dict.fromkeys(s.text for s in found if s.text != self.text and not SIMPLE.match(s.text))
        return tuple(list(texts)[:PIECES])

    @cached_property
    def companions(self) -> tuple[str, ...]:
        """Items of lists and dictionaries: `zs[-l]` beside `acts[-l]`, and under objects: `into[self]`."""
        frame, time = where(self.edges[0])
        memory, frames = self.scenery.memory, self.scenery.enclosing(frame)
        held = containers(memory, frames, time)
        if not held:
            return ()
        counted = (f"{name}{key}" for key in self.keys[:KEYS] for name in held[:CONTAINERS])
        return (*counted, *under_objects(memory, frames, time)[:CONTAINERS])

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Items of arrays at what things are counted with: `x[j]` beside `W[j, k]`, `a[t]` beside `h[t]`."""
        counted = [part.strip() for key in self.keys[:KEYS] for part in key[1:-1].split(",")]
        counted = [name for name in dict.fromkeys(counted) if name.isidentifier()][:COUNTERS]
        if not counted:
            return ()
        edge = self.edges[0]
        named = [t for t in self.scenery.texts(*where(edge)) if t.isidentifier() and t not in counted]
        nodes = ((name, self.value(name, edge)) for name in named)
        arrays = [name for name, node in nodes if node is not None and np.ndim(node.value) == 1]
        return tuple(f"{name}[{key}]" for key in counted for name in arrays[:ARRAYS])

    @cached_property
    def entries(self) -> tuple[str, ...]:
        """Numbers in lists of lists, at what the statement counts with: `X[i][j]` beside `error[i]`."""
        edge, text = self.edges[0], self.statement.text if self.statement is not None else self.text
        keys = (key[1:-1] for key in SUBSCRIPT.findall(text))
        counted = [c for c in dict.fromkeys([*keys, *COUNTED.findall(text)]) if c.isidentifier()][:COUNTERS]
        if len(counted) < PAIR:
            return ()
        frame, time = where(edge)
        held = containers(self.scenery.memory, self.scenery.enclosing(frame), time)[:CONTAINERS]
        found = (f"{name}[{a}][{b}]" for name in held for a, b in permutations(counted, PAIR))
        return tuple(text for text in found if text != self.text and self.value(text, edge) is not None)

    @cached_property
    def counted_lists(self) -> dict[str, int]:
        """How long the lists are by which the forward pass takes rows, or that it counts, by their names."""
        frame, time = where(self.edges[0])
        memory, frames = self.scenery.memory, self.scenery.enclosing(frame)
        names = [name for name in containers(memory, frames, time) if self.scenery.is_counted(name)]
        held = ((name, memory.read(name, frames, time)) for name in names)
        lengths = {name: memory.length(number, time) for name, number in held if isinstance(number, int)}
        return {name: length for name, length in lengths.items() if length}

    @cached_property
    def siblings(self) -> tuple[str, ...]:
        """Items whose keys differ from those read here: `cache[f"D{l}"]` beside `cache[f"Z{l}"]`."""
        frame, time = where(self.edges[0])
        memory, frames = self.scenery.memory, self.scenery.enclosing(frame)
        found = (text for piece in (self.text, *self.pieces) for text in beside(memory, piece, frames, time))
        return tuple(dict.fromkeys(found))[:SIBLINGS]

    @cached_property
    def keys(self) -> list[str]:
        """The subscripts that are used here, and in the function around, nearest first."""
        texts = (self.text, *self._own_texts)
        return list(dict.fromkeys(key for text in texts for key in SUBSCRIPT.findall(text)))

    @cached_property
    def _own_texts(self) -> list[str]:
        """The statements of the function around, nearest first."""
        site = self.site
        own = [
            s
            for s in self.trace.sites
            if s.scope == site.scope and s.file == site.file and s.kind in ("Assign", "AugAssign")
        ]
        own.sort(key=lambda s: abs(s.span.row - site.span.row))
        return [s.text for s in own]

    @cached_property
    def counters(self) -> list[str]:
        """What holds whole numbers here: names, such as those that loops count with, and items: ``y[i]``."""
        frame, time = where(self.edges[0])
        memory, frames = self.scenery.memory, self.scenery.enclosing(frame)
        found = [s for s in self._own_items if memory.is_whole(s, frames, time)]
        return [*memory.counters(frames, time)[:8], *found[:ITEMS]]

    @cached_property
    def _own_items(self) -> list[str]:
        """The subscripts of items that the function around the place has, as ``y[i]`` in ``scores[y[i]]``."""
        sites, site = self.trace.sites, self.site
        inner = (s for s in sites if s.kind == "Subscript" and (s.scope, s.file) == (site.scope, site.file))
        return list(dict.fromkeys(s.text for s in inner if SIMPLE.match(s.text)))

    def value(self, text: str, edge: Edge) -> Node | None:
        """What ``text`` would mean where ``edge`` reads the place."""
        return self.scenery.resolve(text, *where(edge))

    def child(self, number: int, edge: Edge) -> Node | None:
        """The value of sub-expression ``number`` in the evaluation that ``edge`` reads."""
        node = edge.operand
        wanted = self.site.children[number]
        return self.inside(node, wanted)

    def inside(self, node: Node, wanted: int) -> Node | None:
        """The value of the sub-expression at site ``wanted``, somewhere inside the evaluation of ``node``."""
        stack, seen = [node], 0
        while stack and seen < 200:
            current = stack.pop()
            seen += 1
            sites = current.origin.operand_sites if current.origin is not None else ()
            for position, site in enumerate(sites):
                if position < len(current.operands) and site == wanted:
                    return current.operands[position]
            stack.extend(current.operands)
        return None

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The words that the function around the place uses anyway."""
        sites = self.trace.sites
        texts = (s.text for s in sites if s.scope == self.site.scope and s.file == self.site.file)
        return frozenset(word for text in texts for word in WORD.findall(text))

    def foreign(self, name: str) -> float:
        """A cost for reading, inside a function, a name of the module that it does not read so far."""
        if not self.site.function or WORD.findall(name)[0] in self.own_words:
            return 0.0
        frame, time = where(self.edges[0])
        own = [self.scenery.bound.get(number, {}).get(name) for number in self.scenery.enclosing(frame)[:-1]]
        return 0.0 if any(bindings and bindings[0][0] < time for bindings in own) else 0.5

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value in the first use."""
        return np.shape(self.edges[0].operand.value)


def _in_another_call(edge: Edge) -> bool:
    """Is a value used in another call of a function than the one that made it or gave it its name?"""
    made, used = edge.operand.origin, edge.consumer.origin
    return edge.made and made is not None and used is not None and made.frame != used.frame


def where(edge: Edge) -> tuple[int, int]:
    """The frame and the time at which the place was evaluated for an edge."""
    origin: Any = edge.operand.origin if edge.made else edge.consumer.origin
    return origin.frame, origin.time


def places(bench: Bench, uses: Mapping[int, Sequence[Edge]] | None = None) -> Iterator[Place]:
    """Every place of the backward pass whose value reaches an update, those nearest to the updates last.

    Or of those ``uses`` of values. Of those with the same use first the one where the value is made, then
    those where it is read.
    """
    scenery = Scenery.of(bench)
    sites = bench.step.trace.sites
    uses = bench.edges if uses is None else uses
    first = {site: min(bench.order[e.consumer] for e in edges) for site, edges in uses.items()}
    read = {site: not any(e.made for e in edges) for site, edges in uses.items()}
    for site in sorted(uses, key=lambda s: (first[s], read[s])):
        yield Place(scenery, sites[site], tuple(uses[site]))


__all__ = ["Binding", "Place", "Scenery", "places", "where"]
