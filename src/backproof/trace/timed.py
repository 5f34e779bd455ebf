"""How long a program's rounds take, and how many there are: measured while it runs as it is, unrecorded."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from typing import Any

WATCH = "__backproof_watch__"
ASK = "ask"  # the file that asks a run to end
Loop = tuple[str, int, int]  # the file, and where the statement begins: row and column from 1


@dataclass(slots=True)
class Timing:
    """What was seen of the loops of a program, by their places.

    ``rounds`` counts them, ``lengths`` are how many rounds a loop has each time that it is entered, as far as
    that is known, ``seconds`` is the time from the first round of each to the last one seen. ``whole`` says
    that the program ran to its end; ``followed`` is what it has shown of its training.
    """

    rounds: dict[Loop, int] = field(default_factory=dict)
    lengths: dict[Loop, set[int]] = field(default_factory=dict)
    seconds: dict[Loop, float] = field(default_factory=dict)
    whole: bool = False
    followed: Any = None


class Watch:
    """Counts and times rounds while the program runs; after ``seconds`` in its loops it calls ``enough``.

    So it does before a round of one loop beyond the ``most``. ``told`` is handed what the program tells
    besides, and gives it back.
    """

    def __init__(
        self, seconds: float, enough: Callable[[], None], most: tuple[Loop, int] | None = None
    ) -> None:
        self.timing = Timing()
        self.limit = seconds
        self.enough = enough
        self.most = {} if most is None else {most[0]: most[1]}
        self.told: Callable[[Any, int], Any] = lambda value, _: value
        self.first: dict[Loop, float] = {}
        self.began: float | None = None

    def tick(self, *loop: Any) -> None:
        """A round of a loop begins."""
        now = time.perf_counter()
        timing = self.timing
        place: Loop = loop
        if place not in self.first:
            self.first[place] = now
            self.began = now if self.began is None else self.began
        if timing.rounds.get(place, 0) >= self.most.get(place, math.inf):
            timing.seconds[place] = now - self.first[place]
            self.enough()
        timing.rounds[place] = timing.rounds.get(place, 0) + 1
        timing.seconds[place] = now - self.first[place]
        if now - self.began > self.limit:  # type: ignore[operator]
            self.enough()

    def rounds(self, iterable: Iterable[Any], *loop: Any) -> Iterator[Any]:
        """Run a loop over ``iterable``, counting its rounds."""
        lengths = self.timing.lengths.setdefault(loop, set())
        if isinstance(iterable, Sized):
            lengths.add(len(iterable))
        done = 0
        for item in iterable:
            self.tick(*loop)
            yield item
            done += 1
        lengths.add(done)


class Timer(ast.NodeTransformer):
    """Lets the loops at some places tell the watch of their rounds."""

    def __init__(self, file: str, loops: Collection[Loop]) -> None:
        self.file = file
        self.loops = set(loops)

    def visit_For(self, node: ast.For) -> ast.For:
        """``for target in iterable: ...``."""
        self.generic_visit(node)
        place = self._place(node)
        if place in self.loops:
            node.iter = self._call("rounds", place, node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        """``while test: ...``."""
        self.generic_visit(node)
        place = self._place(node)
        if place in self.loops:
            tick = ast.copy_location(ast.Expr(self._call("tick", place)), node)
            node.body = [ast.fix_missing_locations(tick), *node.body]
        return node

    def _place(self, node: ast.stmt) -> Loop:
        return self.file, node.lineno, node.col_offset + 1

    def _call(self, method: str, place: Loop, *arguments: ast.expr) -> ast.expr:
        watch = ast.Name(WATCH, ast.Load())
        call = ast.Call(
            ast.Attribute(watch, method, ast.Load()),
            [*arguments, *(ast.Constant(part) for part in place)],
            [],
        )
        for part in arguments[:1]:
            ast.copy_location(call, part)
            ast.fix_missing_locations(call)
        return call
