"""Two networks at the same parameters, samples and targets: their losses and the gradients they apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.compare.losses import draws
from backproof.compare.matching import moved
from backproof.compare.network import Network
from backproof.compare.pair import Pair
from backproof.compare.seen import UNCOMPUTED

Array = np.ndarray[Any, Any]
LOOKS = 5  # points that are looked at
CLOSE = 1e-6  # relative


def differences(network: Network, numbers: Array, sample: Array, target: Array) -> Array:
    """What the loss at a point is more than at others: a total of former steps does not count."""
    here = network.loss_at(numbers, sample, target)
    there = network.loss_at(numbers / 2, sample, target), network.loss_at(numbers, sample / 2, target / 2)
    return here - np.array(there)


def ratios(pair: Pair, look: Callable[[Network, Array, Array, Array], Array]) -> Array | None:
    """What one network has, relative to the other, at the same points; None where that cannot be computed."""
    if pair.networks is None:
        return None
    a, b, partner = pair.networks
    if not _meet(a, b):
        return None
    found = []
    try:
        for seed in range(50, 50 + LOOKS):
            numbers, pairs = draws(a, seed)
            sample, target = pairs[0]
            x = look(a, numbers, sample, target)
            y = look(b, moved(numbers, partner), sample, target)
            y = y[partner] if y.size == len(partner) and look is not differences else y
            size = float(x @ x)
            if not size or not np.all(np.isfinite(x)) or not np.all(np.isfinite(y)):
                return None
            ratio = float(x @ y) / size
            if np.linalg.norm(y - ratio * x) > CLOSE * np.linalg.norm(y):
                return None
            found.append(ratio)
    except UNCOMPUTED:
        return None
    return np.array(found)


def _meet(a: Network, b: Network) -> bool:
    """Can both be given the same sample with the same target?"""
    if a.partly or b.partly or a.mirrored != b.mirrored:
        return False
    return a.mirrored or bool(a.targets and a.width_target == b.width_target)


def first_apart(pair: Pair) -> tuple[str, str] | None:
    """The first parameter that two programs apply other gradients to at the same point, in both programs."""
    faulty = "faulty" in pair.both(lambda each: each.report.verdict)
    if pair.networks is None or not faulty:
        return None
    a, b, partner = pair.networks
    if not _meet(a, b):
        return None
    try:
        names = [_apart_at(a, b, partner, seed) for seed in range(60, 60 + LOOKS)]
    except UNCOMPUTED:
        return None
    return names[0] if names[0] is not None and len(set(names)) == 1 else None


def _apart_at(a: Network, b: Network, partner: Array, seed: int) -> tuple[str, str] | None:
    numbers, pairs = draws(a, seed)
    sample, target = pairs[0]
    x = a.applied(numbers, sample, target)
    y = b.applied(moved(numbers, partner), sample, target)[partner]
    owners, others = np.array(a.owners), np.array(b.owners)[partner]
    scales: dict[str, float | None] = {}
    for name in dict.fromkeys(owners.tolist()):
        u, v = x[owners == name], y[owners == name]
        length = float(np.linalg.norm(u) * np.linalg.norm(v))
        parallel = length and float(u @ v) >= (1 - 1e-9) * length
        scales[name] = float(u @ v) / float(u @ u) if parallel else None
    common = _most_shared([s for s in scales.values() if s is not None])
    for name, scale in scales.items():
        if scale is None or abs(scale - common) > CLOSE * common:
            theirs: list[str] = list(dict.fromkeys(others[owners == name].tolist()))
            return name, ", ".join(theirs[:3])
    return None


def _most_shared(scales: list[float]) -> float:
    """The scale that most parameters have; of several the one nearest to 1."""
    shared = [(sum(abs(s - t) <= CLOSE * t for s in scales), -abs(np.log(t)), t) for t in scales]
    return max(shared)[2] if shared else 1.0
