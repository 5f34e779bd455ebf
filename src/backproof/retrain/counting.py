"""How many steps a program makes, and how long it takes for one: by its loops, and by the clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backproof.runner import Runner
from backproof.source import Program
from backproof.step import Window
from backproof.trace import Trace
from backproof.trace.run import time_program
from backproof.trace.timed import Loop, Timing

WATCHED = 1.5  # seconds for which the program is timed


@dataclass(frozen=True, slots=True)
class Course:
    """The program's own training: ``seconds`` for one step, and the ``steps``; None where not known.

    ``loops`` are those that a step stands in, outermost first, ``each`` is how many steps a round of the last
    one makes.
    """

    steps: int | None
    seconds: float | None
    loops: tuple[Loop, ...] = ()
    each: float = 1.0


def course_of(program: Program, trace: Trace, windows: Sequence[Window], runner: Runner) -> Course:
    """Time the program as it is for a while, and tell from its loops how many steps it makes."""
    loops, each = _loops(trace, program, windows)
    if not loops:
        return Course(None, None)
    timing = time_program(program, loops, seconds=WATCHED, runner=runner)
    if timing is None:
        return Course(None, None, tuple(loops), each)
    return Course(_steps(timing, loops, each), _seconds(timing, loops[-1], each), tuple(loops), each)


def _loops(trace: Trace, program: Program, windows: Sequence[Window]) -> tuple[list[Loop], float]:
    """The loops that a step stands in, outermost first, and how many steps a round of the last one makes."""
    window = windows[len(windows) // 2]
    around = [a for a in trace.activities if a.kind == "round" and _holds(a.start, a.end, window)]
    places: list[Loop] = []
    for activity in around:
        site = trace.sites[activity.site] if activity.site >= 0 else None
        if site is None or site.kind not in ("For", "While"):
            continue
        places.append((site.file or program.filename, site.span.row, site.span.column))
    if not around or not places:
        return [], 1.0
    inner = around[-1].site
    rounds = [a for a in trace.activities if a.kind == "round" and a.site == inner and a.end >= 0]
    inside = [sum(_holds(a.start, a.end, w) for w in windows) for a in rounds]
    counts = [count for count in inside if count]
    return list(dict.fromkeys(places)), sum(counts) / len(counts) if counts else 1.0


def _holds(start: int, end: int, window: Window) -> bool:
    return start <= window.start and (end < 0 or end >= window.end)


def _steps(timing: Timing, loops: Sequence[Loop], each: float) -> int | None:
    if timing.whole:
        return round(timing.rounds.get(loops[-1], 0) * each) or None
    lengths = [timing.lengths.get(loop, set()) for loop in loops]
    if not all(len(some) == 1 for some in lengths):
        return None
    return round(math.prod(next(iter(some)) for some in lengths) * each) or None


def _seconds(timing: Timing, loop: Loop, each: float) -> float | None:
    rounds = timing.rounds.get(loop, 0)
    return timing.seconds[loop] / ((rounds - 1) * each) if rounds > 1 else None
