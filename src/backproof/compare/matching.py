"""Which number of one network's parameters is which of another's, whatever they are called and shaped.

Parameters are told apart by what they do. All numbers begin with one value; where the prediction is as
sensitive to two numbers as to each other, they have one colour, and else two. Every colour then gets a value
of its own, and so on until no colour is split any more, in both networks at once: colour refinement, with the
gradient as what is looked at (for graphs: Weisfeiler and Leman 1968). What is left in one colour can be
exchanged, as the units of a layer can: it is paired in order, and the rest is refined again. A pairing counts
only when both networks then predict the same at random parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.compare.network import Network
from backproof.compare.seen import UNCOMPUTED

Array = np.ndarray[Any, Any]
LOOKS = 3  # samples at which sensitivities are looked at
CLOSE = 1e-7  # relative: two sensitivities that are one
AGREE = 1e-8  # relative: two predictions that are one
CHECKS = 4  # random parameters at which a pairing is tested
LARGEST = 400_000  # numbers of a network
ROUNDS = 400  # refinements


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """``same``: do both compute the same; None where that is not known.

    ``partner[k]`` is the number of the second network that number ``k`` of the first one is.
    """

    same: bool | None
    partner: Array | None = None


def match(first: Network, second: Network, starts: tuple[Array, Array]) -> Match:
    """Pair the parameters of two networks; what can be exchanged is paired by the values of ``starts``."""
    unsure = any(n.noise or n.foreign for n in (first, second)) or first.size > LARGEST
    if first.size != second.size:
        return Match(None if unsure else False)
    if (first.width_in, first.width_out) != (second.width_in, second.width_out):
        return Match(None)
    try:
        return _matched(first, second, unsure, starts)
    except UNCOMPUTED:
        raise


def _matched(first: Network, second: Network, unsure: bool, starts: tuple[Array, Array]) -> Match:
    colours = np.zeros(first.size, dtype=int), np.zeros(second.size, dtype=int)
    looks = _looks(first)
    for _ in range(ROUNDS):
        refined = _refined(first, second, colours, looks)
        if refined is None:
            return Match(None if unsure else False)
        colours = refined
        sizes = np.bincount(colours[0])
        if sizes.max() == 1:
            break
        colours = _split(colours, _telling(colours[0], sizes, starts[0]), starts)
    partner = np.empty(first.size, dtype=int)
    partner[np.argsort(colours[0], kind="stable")] = np.argsort(colours[1], kind="stable")
    agree = _agree(first, second, partner)
    return Match(True, partner) if agree else Match(None)


def _looks(network: Network) -> list[tuple[Array, Array]]:
    """Samples and weights of the predictions, at which sensitivities are compared."""
    generator = np.random.default_rng(11)
    scale = 1 / np.sqrt(max(network.width_in, 1))
    return [
        (3 * scale * generator.normal(size=network.width_in), generator.normal(size=network.width_out))
        for _ in range(LOOKS)
    ]


def _refined(
    first: Network, second: Network, colours: tuple[Array, Array], looks: list[tuple[Array, Array]]
) -> tuple[Array, Array] | None:
    """Split colours by sensitivities until none is split; None where the networks split differently."""
    x, y = colours
    while True:
        known = int(x.max()) + 1
        for look, (sample, seeds) in enumerate(looks):
            count = int(x.max()) + 1
            values = np.random.default_rng(1000 + look).uniform(0.5, 1.5, count) * _size(first)
            values *= np.random.default_rng(2000 + look).choice((1.0, 1.0, -1.0), count)
            slopes = [n.slopes(values[c], sample, seeds) for n, c in ((first, x), (second, y))]
            if not all(np.all(np.isfinite(s)) for s in slopes):
                raise ArithmeticError("a gradient is not finite")
            x, y = _coloured(x, y, *slopes)
            if not np.array_equal(np.bincount(x), np.bincount(y)):
                return None
        if int(x.max()) + 1 == known:
            return x, y


def _coloured(x: Array, y: Array, slopes_x: Array, slopes_y: Array) -> tuple[Array, Array]:
    """New colours for what had one colour and has unequal sensitivities now."""
    old, slopes = np.concatenate([x, y]), np.concatenate([slopes_x, slopes_y])
    order = np.lexsort((slopes, old))
    size = float(np.max(np.abs(slopes), initial=0.0))
    a, b = slopes[order][:-1], slopes[order][1:]
    apart = np.abs(b - a) > CLOSE * np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6 * size)
    new = np.concatenate([[0], np.cumsum(apart | (np.diff(old[order]) > 0))])
    result = np.empty(len(old), dtype=int)
    result[order] = new
    found = result[: len(x)], result[len(x) :]
    length = int(new[-1]) + 1
    if not np.array_equal(np.bincount(found[0], minlength=length), np.bincount(found[1], minlength=length)):
        return np.zeros(1, dtype=int), np.zeros(2, dtype=int)  # unequal: the caller sees it
    return found


def _size(network: Network) -> float:
    """How large numbers are drawn: large layers add up many of them."""
    return float(2 / (1 + network.size**0.25))


def _telling(colours: Array, sizes: Array, start: Array) -> int:
    """The first colour of several numbers that have no value twice; else the first of several numbers."""
    several = np.flatnonzero(sizes > 1)
    for colour in several:
        if np.unique(start[colours == colour]).size == sizes[colour]:
            return int(colour)
    return int(several[0])


def _split(colours: tuple[Array, Array], colour: int, starts: tuple[Array, Array]) -> tuple[Array, Array]:
    """Give every number of one colour its own: by their values where both have the same, or else in order."""
    places = [np.flatnonzero(each == colour) for each in colours]
    values = [start[where] for start, where in zip(starts, places, strict=True)]
    ranks = [np.argsort(each, kind="stable") for each in values]
    if np.allclose(values[0][ranks[0]], values[1][ranks[1]], rtol=CLOSE, atol=0):
        places = [where[rank] for where, rank in zip(places, ranks, strict=True)]
    found = []
    for each, where in zip(colours, places, strict=True):
        new = each.copy()
        new[where] = int(each.max()) + 1 + np.arange(len(where))
        _, new = np.unique(new, return_inverse=True)
        found.append(new)
    return found[0], found[1]


def _agree(first: Network, second: Network, partner: Array) -> bool:
    """Do both predict the same at random parameters and samples?"""
    generator = np.random.default_rng(23)
    for _ in range(CHECKS):
        numbers = generator.normal(size=first.size) * _size(first)
        sample = generator.normal(size=first.width_in)
        a = first.predict(numbers, sample)
        b = second.predict(moved(numbers, partner), sample)
        if not np.all(np.isfinite(a)) or not np.allclose(
            a, b, rtol=AGREE, atol=AGREE * float(np.max(np.abs(a)))
        ):
            return False
    return True


def moved(numbers: Array, partner: Array) -> Array:
    """The numbers of the first network, where the second has them."""
    found = np.empty(len(numbers))
    found[partner] = numbers
    return found
