"""How a round of a loop reads its values: ``hs[t]``, ``hs[t - 1]``, ``xs[t]``, ``weights[l]``."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.identifiers import identifier
from backproof.derive.repeated import Repeated
from backproof.graph import Node, ancestors

ITEM = re.compile(r"^([A-Za-z_][\w.]*)\[(-?\d+)\]$")


@dataclass(frozen=True, slots=True)
class Read:
    """A value of a round: the list and how far from the number of the round it stands there.

    ``kept`` says that the program has no such list: ``what`` is what one would have to keep in it.
    """

    base: str
    offset: int
    kept: bool
    what: str

    def text(self, counter: str) -> str:
        """The value as it is read: ``hs[t - 1]``."""
        sign = "+" if self.offset > 0 else "-"
        return f"{self.base}[{counter}{f' {sign} {abs(self.offset)}' if self.offset else ''}]"


@dataclass(frozen=True, slots=True)
class Given:
    """A derivative that the part behind the loop has for every round, as a round reads it."""

    expression: str
    base: str = ""
    offset: int = 0
    kept: bool = False
    what: str = ""

    def text(self, _counter: str) -> str:
        """The expression, in which the round is counted already."""
        return self.expression


class Spelling:
    """Names for the values of one round, and what each is read as."""

    def __init__(self, forward: Forward, loop: Repeated) -> None:
        self.forward, self.loop = forward, loop
        self.used = {n for n in forward.names.values() if n.isidentifier()} | {"np"}
        varied = any(n in {p.leaf for p in forward.parameters} for n in loop.varying)
        self.counter = loop.loop.counter or self._free("l" if varied else "t", "k", "i")
        self.ending = self._ending()
        self.names: dict[Node, str] = {}
        self.reads: dict[str, Read | Given] = {}
        self._bases: dict[Node, Read] = {}
        for node in loop.nodes:
            own = self._own(node)
            if forward.texts.get(node) or not own.kept:
                self._bases[node] = own
                self._named(node, self.stem(node), own)
        for node, source in loop.before.items():
            found = self._bases.get(source) or self._own(source)
            earlier = Read(found.base, found.offset - 1, found.kept, found.what)
            self._named(node, f"{self.stem(source)}_before", earlier)
        for node, fellows in loop.varying.items():
            self._named(node, identifier(self._name(node)), self._outside(node, fellows))
        for node in loop.fixed:
            if node in forward.names:
                self.names[node] = forward.names[node]

    def _free(self, *wanted: str) -> str:
        return next((name for name in wanted if name not in self.used), f"{wanted[0]}_")

    def _named(self, node: Node, name: str, read: Read) -> None:
        name = name if name.isidentifier() else "value"
        while name in self.reads or name in self.names.values() or name == self.counter:
            name += "_"
        self.names[node], self.reads[name] = name, read

    def _name(self, node: Node) -> str:
        text = self.forward.texts.get(node, "value")
        found = ITEM.match(text)
        return found[1] if found else text

    def _stem(self, node: Node) -> str:
        """The name of a value without the number of its round."""
        text = self.forward.texts.get(node, "value")
        base, bracket, inside = text.partition("[")
        return (
            identifier(base)
            if bracket and inside.rstrip("]").strip() == self.loop.loop.counter
            else identifier(text)
        )

    def stem(self, node: Node) -> str:
        """What the derivative of a value is named after: without a name the list that it is kept in."""
        known = self._bases.get(node)
        return identifier(known.base) if known and node not in self.forward.texts else self._stem(node)

    def _own(self, node: Node) -> Read:
        """Where the program keeps a value of every round, or a list that it would have to be kept in."""
        fellows = self.loop.matched[node]
        held = [self.forward.held.get(f) for f in fellows]
        numbers = [self.loop.number(k) for k in self.loop.positions]
        known = [(h, n) for h, n in zip(held, numbers, strict=True) if h is not None]
        bases = {h[0] for h, _ in known}
        offsets = {h[1] - n for h, n in known}
        first = self.loop.carried.get(node)
        if len(known) >= len(numbers) - 1 and len(bases) == len(offsets) == 1:
            base, offset = bases.pop(), offsets.pop()
            begun = first is None or self.forward.held.get(first) == (base, numbers[0] - 1 + offset)
            if begun and base not in self.used:  # a name may become an array of what was in the list
                return Read(base, offset, False, base)
        text = self.forward.texts.get(node, "value")
        return Read(self._list(self._stem(node)), 0, True, text)

    def _ending(self) -> str:
        """What makes a list of a name: ``hs`` of ``h``, where that is a good name for all of them."""
        given = [*self.loop.nodes, *self.loop.varying]
        wanted = {f"{self._stem(n)}s" for n in given if n in self.forward.texts}
        bad = any(keyword.iskeyword(w) or w in self.used or w == "os" or w.endswith("ss") for w in wanted)
        return "_all" if bad else "s"

    def _list(self, stem: str) -> str:
        """A name for the list of what a name was in every round."""
        name = f"{stem}{self.ending}"
        while name in self.used:
            name += "_"
        return name

    def _outside(self, node: Node, fellows: tuple[Node | None, ...]) -> Read:
        """What comes from outside: an item of a list or an array, or what is named anew each time."""
        texts = [None if f is None else self.forward.texts.get(f) for f in fellows]
        known = [(t, self.loop.number(k)) for t, k in zip(texts, self.loop.positions, strict=True) if t]
        numbers = [number for _, number in known]
        found = [ITEM.match(text) for text, _ in known]
        if all(found):
            bases = {m[1] for m in found if m}
            offsets = {int(m[2]) - n for m, n in zip(found, numbers, strict=True) if m}
            if len(bases) == len(offsets) == 1:
                return Read(bases.pop(), offsets.pop(), False, "")
        stem = identifier(self._name(node))
        return Read(self._list(stem), 0, True, self.forward.texts.get(node, stem))

    def values(self, table: Mapping[Node, Any]) -> dict[str, dict[int, Any]]:
        """What every list holds, from the values of the graph."""
        found: dict[str, dict[int, Any]] = {}
        numbers = [self.loop.number(k) for k in self.loop.positions]
        for node, name in self.names.items():
            read = self.reads.get(name)
            if not isinstance(read, Read):
                continue
            fellows: tuple[Node | None, ...]
            if node in self.loop.before:
                source = self.loop.before[node]
                fellows = (self.loop.carried[source], *self.loop.matched[source][:-1])
            elif node in self.loop.varying:
                fellows = self.loop.varying[node]
            else:
                fellows = self.loop.matched[node]
            held = found.setdefault(read.base, {})
            for number, fellow in zip(numbers, fellows, strict=True):
                if fellow is not None:
                    value = table.get(fellow, fellow.value)
                    held[number + read.offset] = np.array(value)[()]
        return found

    def header(self) -> tuple[str, dict[str, int]]:
        """The head of the loop backwards, and values of the names that stand in it."""
        numbers = [self.loop.number(k) for k in self.loop.positions]
        first, last = numbers[0], numbers[-1]
        through = self.loop.loop.through
        whole = len(numbers) == len(self.loop.loop.rounds)
        simple = re.fullmatch(r"range\((?:(\d+), )?([A-Za-z_]\w*)\)", through or "")
        if whole and simple and int(simple[1] or 0) == first:
            return f"for {self.counter} in reversed({through}):", {simple[2]: last + 1}
        lists = [
            r.base for n, name in self.names.items() if n in self.loop.varying
            for r in [self.reads[name]] if not r.kept and r.offset == 0
        ]  # fmt: skip
        counted = self.loop.loop.counter is None or through == f"range(len({lists[0]}))" if lists else False
        if whole and first == 0 and counted:
            return f"for {self.counter} in reversed(range(len({lists[0]}))):", {}
        said = f"{last + 1}" if first == 0 else f"{first}, {last + 1}"
        return f"for {self.counter} in reversed(range({said})):", {}


def parameters_of(forward: Forward) -> set[Node]:
    """The leaves that a forward pass is derived by."""
    return {p.leaf for p in forward.parameters} & set(ancestors([forward.loss]))
