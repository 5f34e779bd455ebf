"""Schedules: how the learning rate changes over a run, written as ``name:number,...``.

Steps count from 0. ``warmup:N+NAME`` warms up first; the schedule behind the plus begins when that is done.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError

Array = NDArray[np.float64]


class ScheduleError(BackproofError):
    """--schedule is not one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A schedule: what it takes, and the factor of the rate at steps t of a run of so many.

    ``numbers`` says of each number what it is: a ``count`` of steps from 1 on, a ``factor`` above 0, or a
    ``share`` from 0 to 1; ``optional`` stands for those that are left out at the end.
    """

    usage: str
    text: str
    numbers: tuple[str, ...]
    factor: Callable[[Array, int, Sequence[float]], Array]
    optional: tuple[float, ...] = ()
    whole: bool = False  # depends on how long the run is


def _cosine(t: Array, steps: int, numbers: Sequence[float]) -> Array:
    last = numbers[0]
    return last + (1.0 - last) * 0.5 * (1.0 + np.cos(math.pi * t / steps))


KINDS: dict[str, Kind] = {
    "constant": Kind("constant", "the rate as it is", (), lambda t, _, __: np.ones_like(t)),
    "step": Kind(
        "step:EVERY,FACTOR",
        "times FACTOR after EVERY steps, and again",
        ("count", "factor"),
        lambda t, _, numbers: numbers[1] ** (t // numbers[0]),
    ),
    "exponential": Kind(
        "exponential:EVERY,FACTOR",
        "the same, a little at each step",
        ("count", "factor"),
        lambda t, _, numbers: numbers[1] ** (t / numbers[0]),
    ),
    "cosine": Kind(
        "cosine:LAST",
        "half a cosine down to LAST times the rate at the end (0)",
        ("share",),
        _cosine,
        (0.0,),
        whole=True,
    ),
    "warmup": Kind(
        "warmup:STEPS",
        "up from 0 in a straight line",
        ("count",),
        lambda t, _, numbers: np.minimum((t + 1.0) / numbers[0], 1.0),
    ),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rates of a run of so many steps: ``rate`` times the factor of each step."""

    rate: float
    steps: int
    warmup: int = 0
    name: str = "constant"
    numbers: tuple[float, ...] = ()

    @property
    def of_whole_run(self) -> bool:
        """Do the rates depend on how long the run is?"""
        return KINDS[self.name].whole

    def rates(self, first: int, count: int) -> float | Array:
        """The rates of ``count`` steps from number ``first`` on, `(count,)`; one where all have the same."""
        if self.name == "constant" and first >= self.warmup:
            return self.rate
        t = np.arange(first, first + count, dtype=np.float64)
        later = np.maximum(t - self.warmup, 0.0)
        with np.errstate(over="ignore", under="ignore"):
            factors = KINDS[self.name].factor(later, max(self.steps - self.warmup, 1), self.numbers)
            if first < self.warmup:
                factors = np.where(t < self.warmup, KINDS["warmup"].factor(t, 0, (self.warmup,)), factors)
            return np.asarray(self.rate * factors)


Rate: TypeAlias = float | Schedule


def rates_at(rate: Rate, first: int, count: int) -> float | Array:
    """The rates of steps, of a schedule or of one rate for all."""
    return rate.rates(first, count) if isinstance(rate, Schedule) else rate


def read_schedule(text: str, rate: float, steps: int) -> Schedule:
    """Read what stands behind ``--schedule``; raises `ScheduleError`.

    >>> read_schedule("warmup:2+step:3,0.5", 0.8, 100).rates(0, 9).tolist()
    [0.4, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]
    """
    parts = [_part(part.strip(), text) for part in text.split("+")]
    warmup = 0
    if parts[0][0] == "warmup":
        warmup = int(parts.pop(0)[1][0])
    if any(name == "warmup" for name, _ in parts) or len(parts) > 1:
        raise ScheduleError(
            f"--schedule {text}: one schedule, or a warm-up before one, as in warmup:1000+cosine."
        )
    name, numbers = parts[0] if parts else ("constant", ())
    schedule = Schedule(rate, steps, warmup, name, numbers)
    last = np.asarray(schedule.rates(max(steps - 1, 0), 1))
    if not np.isfinite(last).all():
        raise ScheduleError(f"--schedule {text}: the rate grows beyond all numbers within {steps:,} steps.")
    return schedule


def _part(part: str, text: str) -> tuple[str, tuple[float, ...]]:
    name, _, rest = part.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, KINDS, n=1)
        known = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KINDS)}."
        raise ScheduleError(f"--schedule {text}: {name!r} is not known; {known}")
    given = [_number(each) for each in rest.split(",")] if rest else []
    missing = len(kind.numbers) - len(given)
    numbers = (*given, *kind.optional[len(kind.optional) - missing :]) if missing > 0 else tuple(given)
    if len(numbers) != len(kind.numbers) or not all(map(_fits, numbers, kind.numbers)):
        raise ScheduleError(
            f"--schedule {text}: write it as {kind.usage}"
            + "".join(f", {word}" for word in dict.fromkeys(LIMITS[number] for number in kind.numbers))
            + "."
        )
    return name, numbers


LIMITS = {
    "count": "the steps a whole number from 1 on",
    "factor": "the factor above 0",
    "share": "a number from 0 to 1",
}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _fits(number: float, kind: str) -> bool:
    if not math.isfinite(number):
        return False
    if kind == "count":
        return number >= 1 and number == int(number)
    return number > 0 if kind == "factor" else 0 <= number <= 1
