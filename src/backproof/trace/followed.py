"""What a program shows while it is run as it is: its loss, what it prints last, and what it has learnt."""

from __future__ import annotations

import ast
import io
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backproof.source import Program, span_of
from backproof.trace.timed import WATCH

Place = tuple[str, int, int, int, int]  # a file, and where an expression begins and ends in it
POINTS = 1000  # of the curve; a longer one keeps every second, and again
LINES, WIDTH = 5, 200  # that are kept of what is printed
LARGEST = 10_000_000  # numbers of an array that is brought back


@dataclass(slots=True)
class Curve:
    """A loss, ``(how many times it was computed, its value)``: the first, and some of the others.

    ``count`` is how many there were, ``last`` the last, ``broken`` the first that was not finite.
    """

    points: list[tuple[int, float]] = field(default_factory=list)
    count: int = 0
    last: float = math.nan
    broken: int | None = None
    every: int = 1

    def note(self, value: Any) -> None:
        """The program has computed it once more."""
        try:
            self.last = float(np.sum(value))
        except (TypeError, ValueError):
            return
        self.count += 1
        if self.broken is None and not math.isfinite(self.last):
            self.broken = self.count
        if (self.count - 1) % self.every == 0:
            self.points.append((self.count, self.last))
            if len(self.points) > POINTS:
                self.points, self.every = self.points[::2], 2 * self.every


@dataclass(slots=True)
class Followed:
    """What was seen of a run: the losses, one for each place that was asked for.

    ``said`` are the last lines that the program printed, ``values`` the parameters at its end, by their
    names, as far as these are known there.
    """

    losses: list[Curve] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def told(self, value: Any, number: int) -> Any:
        """The program has computed one of the losses; gives it back."""
        self.losses[number].note(value)
        return value

    def end(self, said: list[str], names: Iterable[str], spaces: Iterable[Mapping[str, Any]]) -> None:
        """The run is over: keep what names stand for, the first of the spaces that knows them counting."""
        self.said = said
        known = list(spaces)
        for name in names:
            for space in known:
                try:
                    value = np.array(eval(name, {}, dict(space)), dtype=np.float64)
                except Exception:
                    continue
                if value.size <= LARGEST:
                    self.values[name] = value
                break


class Ear(io.TextIOBase):
    """Standard output of which the last lines are kept."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=LINES)
        self.rest = ""

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep a text."""
        *whole, rest = (self.rest + text).split("\n")
        self.lines += [line.rpartition("\r")[2][:WIDTH] for line in whole if line.strip()]
        self.rest = rest[-WIDTH:]
        return len(text)

    def heard(self) -> list[str]:
        """The last lines."""
        last = self.rest.rpartition("\r")[2]
        return [*self.lines, *([last] if last.strip() else [])][-LINES:]


class Follower(ast.NodeTransformer):
    """Lets the expressions at some places, or what is added there to a total, tell the watch their values."""

    def __init__(self, program: Program, places: Sequence[Place]) -> None:
        self.program = program
        self.places = {place[1:]: k for k, place in enumerate(places) if place[0] == program.filename}

    def visit(self, node: ast.AST) -> Any:
        """Any node."""
        number = self.places.get(self._place(node)) if isinstance(node, ast.expr | ast.AugAssign) else None
        self.generic_visit(node)
        if number is None:
            return node
        if isinstance(node, ast.AugAssign):
            node.value = self._told(node.value, number)
            return node
        return self._told(node, number) if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) else node

    def _place(self, node: Any) -> tuple[int, int, int, int]:
        span = span_of(self.program, node)
        return span.row, span.column, span.end_row, span.end_column

    def _told(self, node: Any, number: int) -> ast.expr:
        method = ast.Attribute(ast.Name(WATCH, ast.Load()), "told", ast.Load())
        told = ast.Call(method, [node, ast.Constant(number)], [])
        return ast.fix_missing_locations(ast.copy_location(told, node))
