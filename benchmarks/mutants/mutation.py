"""A mistake made in a program's text, and the places where a report may point at it."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from .text import Place, Source

CHAIN = (ast.BinOp, ast.Call, ast.Attribute, ast.Subscript, ast.UnaryOp, ast.keyword, ast.Compare)
LEVELS = 4  # of enclosing expressions that count as the place, too


@dataclass(frozen=True, slots=True)
class Change:
    """The text of ``place`` becomes ``new``."""

    place: Place
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake: the changes, the names that it may be called by, and further places to point at.

    ``names[0]`` is the rule that it stands for in the tables. ``also`` are places in the unchanged text.
    ``statement`` is one where the mistake is in the loss that the program states.
    """

    operator: str
    names: tuple[str, ...]
    changes: tuple[Change, ...]
    also: tuple[Place, ...] = ()
    crashes: bool = False

    @property
    def rule(self) -> str:
        """The rule that the mistake stands for."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one or more mistakes in it.

    ``key`` names it in every run: the program, then each mistake with a checksum of the text with it alone.
    ``regions`` are the places in its text that each mistake changed, ``also`` those that belong to it.
    """

    key: str
    program: str
    text: str
    mutations: tuple[Mutation, ...]
    regions: tuple[tuple[Place, ...], ...]
    also: tuple[tuple[Place, ...], ...]

    def spans(self, number: int) -> tuple[tuple[int, int, int], ...]:
        """The places of a mistake as row, column and end column, from 1; of several rows, each."""
        source = Source.of(self.text)
        places = [place for region in self.regions[number] for place in _around(source, region)]
        every = dict.fromkeys([*places, *self.also[number]])
        return tuple(span for place in every for span in rows_of(source, place))


def mutant(program: str, source: Source, mutations: Iterable[Mutation]) -> Mutant | None:
    """Make the mistakes in a program; None where they stand in each other's way or are no Python."""
    mutations = tuple(mutations)
    changes = sorted((c for m in mutations for c in m.changes), key=lambda c: c.place)
    if any(a.place[1] > b.place[0] for a, b in pairwise(changes)):
        return None
    parts, at, moved = [], 0, {}
    for change in changes:
        parts.append(source.text[at : change.place[0]])
        begin = sum(map(len, parts))
        parts.append(change.new)
        moved[change] = (begin, begin + len(change.new))
        at = change.place[1]
    text = "".join([*parts, source.text[at:]])
    if text == source.text:
        return None
    try:
        ast.parse(text)
    except SyntaxError:
        return None

    def now(offset: int) -> int:
        before = [c for c in changes if c.place[1] <= offset]
        return offset + sum(len(c.new) - (c.place[1] - c.place[0]) for c in before)

    regions = tuple(tuple(moved[c] for c in mutation.changes) for mutation in mutations)
    also = tuple(tuple((now(start), now(end)) for start, end in mutation.also) for mutation in mutations)
    kinds = "+".join(mutation.operator for mutation in mutations)
    key = f"{program}:{kinds}:{zlib.crc32(text.encode()):08x}"
    return Mutant(key, program, text, mutations, regions, also)


def _around(source: Source, region: Place) -> list[Place]:
    """A changed region and the expressions around it, as far as they are one product, call or sum."""
    start, end = _stripped(source.text, region)
    if start == end:
        return []
    inside = [
        node
        for node in source.expressions()
        if source.place(node)[0] <= start and end <= source.place(node)[1]
    ]
    found = [(start, end)]
    if inside:
        node: ast.AST = min(inside, key=lambda node: source.place(node)[1] - source.place(node)[0])
        for _ in range(LEVELS):
            if isinstance(node, ast.expr):
                found.append(source.place(node))
            node = source.parents[node]
            if not isinstance(node, CHAIN):
                break
    else:
        rows = range(_row(source, start), _row(source, end) + 1)
        found += [
            source.place(node)
            for node in source.statements()
            if node.lineno in rows and not hasattr(node, "body")
        ]
    return found


def _stripped(text: str, region: Place) -> Place:
    start, end = region
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _row(source: Source, offset: int) -> int:
    return sum(start <= offset for start in source.starts)


def rows_of(source: Source, place: Place) -> list[tuple[int, int, int]]:
    """Split a place into its rows: row, column and end column, from 1."""
    found = []
    for row in range(_row(source, place[0]), _row(source, max(place[0], place[1] - 1)) + 1):
        start = source.starts[row - 1]
        end = source.starts[row] - 1 if row < len(source.starts) else len(source.text)
        first, last = max(place[0], start), min(place[1], end)
        indent = len(source.text[first:last]) - len(source.text[first:last].lstrip())
        if first + indent < last:
            found.append((row, first + indent - start + 1, last - start + 1))
    return found
