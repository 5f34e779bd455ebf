"""What could make a program learn whose network is not one of plain layers: variants of its own training.

Only what can be changed from outside is: the rate, the number of steps, and the first values. They are drawn
anew for every seed, where it was seen how the program draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.recurrence import Carried
from backproof.retrain.taken_over import TakenOver
from backproof.retrain.training import train
from backproof.step.change import root
from backproof.step.drawing import Law, laws_of
from backproof.step.rates import RATE as RATE_NAME
from backproof.training.what_if import MORE_STEPS, RATE, SEEDS, Change, Found, search

Array = NDArray[np.float64]
SCALE = 10.0  # by which first values are made smaller and larger
DEEPEST = 2  # changes at once


@dataclass(frozen=True, slots=True)
class Variant:
    """A training of the program: so many steps, at a rate, from first values that are scaled or drawn anew.

    ``rate`` is how many times its own; ``drawn`` replaces first weights that are all the same.
    """

    steps: int
    rate: float = 1.0
    scale: float = 1.0
    drawn: bool = False


def variants(taken: TakenOver, steps: int, seed: int = 0, rate: float | None = None) -> Found[Variant]:
    """Train variants of a program for the seeds that it has, best first; none of them is said to learn."""
    own = taken.machine.rate if rate is None else rate
    seeds = seeds_of(taken, seed)

    def losses(tried: Variant) -> Sequence[float]:
        found = []
        for each in seeds:
            first = first_values(taken, tried, each, seed)
            outcome = train(taken, tried.steps, each, own * tried.rate, first=first)
            if outcome.interrupted:
                raise KeyboardInterrupt
            found.append(math.inf if outcome.divergence else outcome.final_loss)
        return found

    base = Variant(steps)
    return search(base, changes_of(taken, steps, own), losses, math.nan, deepest=DEEPEST)


def seeds_of(taken: TakenOver, seed: int) -> range:
    """Several seeds, or one where nothing that was seen is drawn at random."""
    parameters = taken.recurrence.carried[: taken.recurrence.parameters]
    random = (
        taken.order.random
        or bool(taken.recurrence.draws)
        or any(any(_redrawn(taken, each)) for each in parameters)
    )
    return range(seed, seed + (SEEDS if random else 1))


def changes_of(taken: TakenOver, steps: int, rate: float) -> list[Change[Variant]]:
    """What can be done otherwise with a program from outside."""
    found: list[Change[Variant]] = []
    if taken.rates or decaying(taken):
        for name, factor in (("rate × 10", RATE), ("rate ÷ 10", 1 / RATE)):
            option = f"--lr {rate * factor:g}" if taken.rates else ""
            found.append(Change(name, partial(replace, rate=factor), option, kind="rate"))
    more = MORE_STEPS * steps
    option = f"--steps {more}"
    found.append(Change(f"{MORE_STEPS} × the steps", partial(replace, steps=more), option, dear=True))
    weights = [each.first for each in taken.recurrence.carried[: taken.recurrence.parameters]]
    if any(map(_is_flat, weights)):
        found.append(Change("weights begun at random", partial(replace, drawn=True), kind="first"))
    if any(np.any(value) for value in weights):
        found.append(Change("first values ÷ 10", partial(replace, scale=1 / SCALE), kind="first"))
        found.append(Change("first values × 10", partial(replace, scale=SCALE), kind="first"))
    return found


def decaying(taken: TakenOver) -> list[int]:
    """The places in the state where the program keeps a rate that it makes smaller by itself."""
    carried = list(enumerate(taken.recurrence.carried))[taken.recurrence.parameters :]
    return [k for k, each in carried if each.first.size == 1 and RATE_NAME.search(each.name)]


def first_values(taken: TakenOver, variant: Variant, seed: int, own: int) -> list[Array]:
    """What the training begins with: as the program does for its own seed, else drawn by the same laws."""
    random = np.random.default_rng([seed, 6])
    found = []
    for each in taken.recurrence.carried[: taken.recurrence.parameters]:
        value = each.first
        if seed != own:
            value = _drawn(value, _redrawn(taken, each), random)
        if variant.drawn and _is_flat(value):
            value = random.uniform(-1, 1, value.shape) / math.sqrt(value.shape[0])
        found.append(value * variant.scale)
    rates = decaying(taken)
    for k, each in enumerate(taken.recurrence.carried[len(found) :], len(found)):
        found.append(each.first * variant.rate if k in rates and not taken.rates else each.first)
    return found


def _is_flat(value: Array) -> bool:
    """Are these weights, no biases, that are all the same?"""
    return value.ndim == 2 and min(value.shape) > 1 and bool(np.all(value == value.flat[0]))


def _redrawn(taken: TakenOver, each: Carried) -> list[Law | None]:
    """The laws by which numbers can be drawn anew; None for one that is not random, or not known to be."""
    node = root(each.before.nodes[0], 0)
    laws = laws_of(taken.recurrence.trace, node) if np.size(node.value) == each.first.size else []
    drawn = [law if law is not None and law.kind != "constant" else None for law in laws]
    return drawn or [None] * each.first.size


def _drawn(value: Array, laws: Sequence[Law | None], random: np.random.Generator) -> Array:
    flat = value.ravel().copy()
    for k, law in enumerate(laws):
        if law is not None:
            flat[k] = law.draw(random, ())
    return flat.reshape(value.shape)
