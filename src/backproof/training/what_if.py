"""``--what-if``: what could make a network learn, tried by training it with one change, then with more.

Every change is trained for several seeds. While none of them learns, the best is kept, and the others are
tried on top of it; what is not needed of those that were kept then is left out again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Generic, TypeVar

from backproof.training.options import Options
from backproof.training.run import Reached
from backproof.training.session import Result, train_networks

T = TypeVar("T")
SEEDS = 3
LEARNS = 0.05  # of the loss of always predicting the mean: 95 % of the variance is explained
DEEPEST = 4  # changes at once
BETTER = 0.8  # of the loss as it is: what is worth a change
MORE_STEPS, MORE_UNITS, RATE = 10, 5, 10.0


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One thing that may be done otherwise; ``make`` gives None where it is so already.

    ``option`` is how to ask for it. One that is ``dear`` takes more time, and one that does without is
    preferred. Of one ``kind`` only one is made. One that is ``easier`` makes another task of it, and is no
    solution.
    """

    name: str
    make: Callable[[T], T | None]
    option: str = ""
    dear: bool = False
    kind: str = ""
    easier: bool = False


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """Changes that were tried together, with the final loss for each seed."""

    changes: tuple[Change[T], ...]
    losses: tuple[float, ...]
    learns: bool

    @property
    def name(self) -> str:
        """What was changed."""
        return ", ".join(change.name for change in self.changes) or "nothing"

    @property
    def dear(self) -> bool:
        """Does it take more time?"""
        return any(change.dear for change in self.changes)

    @property
    def easier(self) -> bool:
        """Is it another task?"""
        return any(change.easier for change in self.changes)

    @property
    def middle(self) -> float:
        """The median of the losses; infinite where a run diverged."""
        return median(loss if math.isfinite(loss) else math.inf for loss in self.losses)


@dataclass(slots=True)
class Found(Generic[T]):
    """What was tried, and the fewest changes that make it learn, if any do. ``flat`` is the mean's loss.

    ``interrupted`` says that Ctrl-C ended it, ``late`` that its time was over.
    """

    flat: float
    rows: list[Row[T]] = field(default_factory=list)
    smallest: Row[T] | None = None
    interrupted: bool = False
    late: bool = False

    @property
    def ordered(self) -> list[Row[T]]:
        """The rows, best first."""
        return sorted(self.rows, key=lambda row: (row.middle, len(row.changes)))


class TimeOverError(Exception):
    """Not all could be tried in the time that was given."""


def search(
    base: T,
    changes: Sequence[Change[T]],
    losses: Callable[[T], Sequence[float]],
    flat: float,
    deepest: int = DEEPEST,
) -> Found[T]:
    """Try changes until some make it learn, or so many are made at once. ``losses`` trains for every seed.

    Where ``flat``, the loss of always predicting the mean, is not known (nan), none is said to make it learn.
    `TimeOverError` ends it.
    """
    found: Found[T] = Found(flat)
    known: dict[frozenset[str], Row[T]] = {}

    def row(tried: Sequence[Change[T]]) -> Row[T] | None:
        key = frozenset(change.name for change in tried)
        if key in known:
            return known[key]
        made: T | None = base
        for change in tried:
            made = None if made is None else change.make(made)
        if made is None:
            return None
        results = tuple(losses(made))
        learns = all(loss < LEARNS * flat for loss in results) and not any(c.easier for c in tried)
        known[key] = Row(tuple(tried), results, learns)
        found.rows.append(known[key])
        return known[key]

    try:
        kept = row(())
        while kept is not None and len(kept.changes) < deepest:
            kinds = {change.kind or change.name for change in kept.changes}
            free = [change for change in changes if (change.kind or change.name) not in kinds]
            more = [row((*kept.changes, change)) for change in free]
            useful = [r for r in more if r is not None and not r.easier]
            best = min(useful, key=lambda r: (not r.learns, r.learns and r.dear, r.middle), default=None)
            if kept.learns or best is None or not best.middle < kept.middle:
                break
            kept = best
        if kept is not None and kept.learns:
            found.smallest = _smallest(kept, row)
    except KeyboardInterrupt:
        found.interrupted = True
    except TimeOverError:
        found.late = True
    return found


def _smallest(row: Row[T], again: Callable[[Sequence[Change[T]]], Row[T] | None]) -> Row[T]:
    """Leave out what is not needed, one after the other."""
    for change in row.changes:
        less = again([c for c in row.changes if c is not change])
        if less is not None and less.learns:
            return _smallest(less, again)
    return row


def changes_of(options: Options) -> list[Change[Options]]:
    """What could be done otherwise with a network and its data."""

    def network(**values: object) -> Callable[[Options], Options]:
        return lambda o: replace(o, network=replace(o.network, **values))  # type: ignore[arg-type]

    own = options.network
    found: list[Change[Options]] = []
    if not own.bias:
        found.append(Change("biases", network(bias=True), "--bias"))
    if not options.standardize:
        found.append(Change("input standardised", lambda o: replace(o, standardize=True), "--standardize"))
    for name, factor in (("rate × 10", RATE), ("rate ÷ 10", 1 / RATE)):
        rate = options.rate * factor
        found.append(Change(name, partial(_at_rate, rate=rate), f"--lr {rate:g}", kind="rate"))
    hidden = own.layers[1:-1]
    if hidden:
        wider = (own.layers[0], *(MORE_UNITS * size for size in hidden), own.layers[-1])
        found.append(
            Change(
                f"{MORE_UNITS} × the units",
                network(layers=wider),
                f"--layers {','.join(map(str, wider))}",
                dear=True,
            )
        )
        other = "tanh" if own.activation != "tanh" else "relu"
        found.append(Change(f"{other} units", network(activation=other), f"--activation {other}"))
    if options.largest is not None:
        found.append(Change("weights begun wider", lambda o: replace(o, largest=None)))
    else:
        found.append(Change("weights begun within ±0.5", lambda o: replace(o, largest=0.5)))
    longer = MORE_STEPS * options.steps
    found.append(
        Change(
            f"{MORE_STEPS} × the steps", lambda o: replace(o, steps=longer), f"--steps {longer}", dear=True
        )
    )
    if not options.same_data:
        low, high = options.bounds
        near = (low, low + (high - low) / 5)
        found.append(
            Change(f"x in [{near[0]:g}, {near[1]:g}) only", lambda o: replace(o, bounds=near), easier=True)
        )
    return found


def _at_rate(options: Options, rate: float) -> Options:
    return replace(options, rate=rate)


def what_if(
    options: Options, *, written: bool = True, seconds: float = math.inf
) -> tuple[Found[Options], Result]:
    """Try what could help a network, each change for several seeds; gives also what it comes to as it is.

    ``written`` says that a change can be asked for by an option; with a program it is made in the source.
    After so many ``seconds`` nothing more is tried.
    """
    end = time.perf_counter() + seconds
    base = replace(options, networks=max(options.networks, SEEDS), checkpoint=None)

    def late(_: Reached | None = None) -> bool:
        return time.perf_counter() > end

    own = train_networks(base, late)
    compiled = {base.network: own.trainer}  # what is changed around a network needs no new code

    def losses(tried: Options) -> Sequence[float]:
        if late():
            raise TimeOverError
        result = own if tried is base else train_networks(tried, late, trainer=compiled.get(tried.network))
        compiled.setdefault(tried.network, result.trainer)
        if result.interrupted:
            raise KeyboardInterrupt
        if any(outcome.stopped for outcome in result.outcomes):
            raise TimeOverError
        return [math.inf if o.divergence else o.final_loss for o in result.outcomes]

    changes = [change if written else replace(change, option="") for change in changes_of(base)]
    return search(base, changes, losses, own.trainer.loss_of_mean()), own


def table_as_text(found: Found[T], seeds: Sequence[int], most: int = 16) -> str:
    """The table, best first, and the smallest change that makes it learn."""
    return "\n".join(_lines(found, seeds, most)) + "\n"


def _lines(found: Found[T], seeds: Sequence[int], most: int) -> Iterator[str]:
    known = math.isfinite(found.flat)
    if known:
        under = f"under {LEARNS * found.flat:.2g} it learns"
        yield f"always predicting the mean: a loss of {found.flat:.3g}; {under}"
        yield ""
    rows = found.ordered
    own = next((row for row in rows if not row.changes), None)
    shown = rows[:most]
    if own is not None and own not in shown:
        shown = [*shown[:-1], own]
    width = max([len(row.name) for row in shown], default=7)
    yield f"  {'changed':{width}}  {'final loss for seeds ' + ', '.join(map(str, seeds))}"
    for row in shown:
        cells = "".join(f"{f'{v:.2g}' if math.isfinite(v) else 'diverged':>10}" for v in row.losses)
        note = "  learns" if row.learns else ""
        note = "  (another task)" if row.easier else note
        yield f"  {row.name:{width}}{cells}{note}".rstrip()
    if len(rows) > len(shown):
        yield f"  … and {len(rows) - len(shown)} more, which are worse"
    yield ""
    if found.interrupted:
        yield "Stopped by Ctrl-C before all was tried."
    elif found.late:
        yield "The time was over before all was tried."
    elif not known:
        yield _better(rows[0], own)
    elif found.smallest is None:
        yield "None of these, nor the best of them together, makes it learn for every seed."
    elif not found.smallest.changes:
        yield "It learns as it is."
    else:
        options = " ".join(change.option for change in found.smallest.changes if change.option)
        with_options = f" ({options})" if options else ""
        yield f"The smallest change that makes it learn: {found.smallest.name}{with_options}."


def _better(best: Row[T], own: Row[T] | None) -> str:
    """Say what the best of the variants is, where it is not known from which loss on they learn."""
    if own is None or best is own or not best.middle < BETTER * own.middle:
        return "None of these comes much further than the program as it is."
    options = " ".join(change.option for change in best.changes if change.option)
    with_options = f" ({options})" if options else ""
    return f"The best: {best.name}{with_options}, a loss of {best.middle:.2g} in place of {own.middle:.2g}."


def table_as_json(found: Found[T], seeds: Sequence[int]) -> dict[str, object]:
    """The table and the smallest change, as data; a loss that is not finite is null."""
    return {
        "version": 1,
        "seeds": list(seeds),
        "loss_of_mean": found.flat if math.isfinite(found.flat) else None,
        "what_if": [
            {
                "changed": [change.name for change in row.changes],
                "final_losses": [loss if math.isfinite(loss) else None for loss in row.losses],
                "learns": row.learns,
            }
            for row in found.ordered
        ],
        "smallest": None if found.smallest is None else [change.name for change in found.smallest.changes],
    }
