"""Which loss a network descends, seen from its numbers: formula, factor, mean or sum, penalty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backproof.compare.network import Network
from backproof.compare.seen import UNCOMPUTED
from backproof.compare.starting import grouped

Array = np.ndarray[Any, Any]
POINTS = 7  # samples for each of the parameters at which the loss is looked at
MOST = 12  # parameters of which it is asked which are penalised
CLOSE = 1e-7
NICE = (1.0, 0.5, 2.0)
FAMILIES: dict[str, Callable[[Array, Array], float]] = {
    "squared error": lambda o, t: float(np.sum((o - t) ** 2)),
    "absolute error": lambda o, t: float(np.sum(np.abs(o - t))),
    "binary cross-entropy": lambda o, t: float(-np.sum(t * np.log(o) + (1 - t) * np.log(1 - o))),
    "cross-entropy": lambda o, t: float(-np.sum(t * np.log(o))),
    "binary cross-entropy of logits": lambda o, t: float(np.sum(np.logaddexp(0, o) - t * o)),
    "hinge": lambda o, t: float(np.sum(np.maximum(0, 1 - t * o))),
    "log-cosh": lambda o, t: float(np.sum(np.log(np.cosh(o - t)))),
    "Poisson": lambda o, t: float(np.sum(o - t * np.log(o))),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of a batch that is one sample again and again: ``factor`` times the formula, and the penalty.

    ``family`` is None where it is none of the usual ones. ``penalties`` are what half the squares of the
    parameters are multiplied by, by name; None where another penalty is there.
    """

    family: str | None
    factor: float = 0.0
    penalties: Mapping[str, float] | None = field(default_factory=dict)

    def text(self, batch: int, outputs: int, inferred: bool) -> str:
        """Write it for people; ``inferred`` says that its factor is nowhere written."""
        if self.family is None:
            return "not known"
        if inferred:
            return f"{self.family} (inferred)"
        factor, over = self.factor, []
        if batch > 1:
            mean = _is_nice(factor, outputs) or not _is_nice(factor / batch, outputs)
            factor = factor if mean else factor / batch
            over.append(f"{'mean' if mean else 'sum'} over {batch} samples")
        if outputs > 1 and not _is_nice(factor, 1) and _is_nice(factor * outputs, 1):
            factor *= outputs
            over.append(f"mean over {outputs} outputs")
        number = "" if abs(factor - 1) < CLOSE else "½ " if abs(factor - 0.5) < CLOSE else f"{factor:.6g} × "
        if self.penalties is None:
            over.append("with a penalty")
        elif self.penalties:
            over.append("penalty " + grouped({k: f"{v:.6g}" for k, v in self.penalties.items()}))
        return ", ".join([f"{number}{self.family}", *over])


def _is_nice(number: float, outputs: int) -> bool:
    return any(abs(number / n - 1) < CLOSE for n in (*NICE, *(n / outputs for n in NICE)))


def loss_of(network: Network) -> Loss:
    """Find the loss of a network among the usual ones."""
    if network.partly or not network.outputs:
        return Loss(None)
    try:
        return _of_targets(network) if network.targets or network.mirrored else _of_classes(network)
    except UNCOMPUTED:
        return Loss(None)


def draws(network: Network, seed: int, count: int = POINTS) -> tuple[Array, list[tuple[Array, Array]]]:
    """Parameters, and samples with targets."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=network.size) * 2 / (1 + network.size**0.25)
    pairs = []
    for _ in range(count):
        sample = generator.normal(size=network.width_in)
        target = generator.uniform(
            0.1, 0.9, size=network.width_out if network.mirrored else network.width_target
        )
        pairs.append((target if network.mirrored else sample, target))
    return numbers, pairs


def _of_targets(network: Network) -> Loss:
    if (network.width_in if network.mirrored else network.width_target) != network.width_out:
        return Loss(None)
    found: dict[str, list[tuple[float, float]]] = {}
    seeds = _seeds(network)
    for seed in seeds:
        numbers, pairs = draws(network, seed)
        losses = np.array([network.loss_at(numbers, x, t) for x, t in pairs])
        outputs = [network.predict(numbers, x) for x, _ in pairs]
        with np.errstate(all="ignore"):
            for family, term in FAMILIES.items():
                terms = np.array([term(o, t) for o, (_, t) in zip(outputs, pairs, strict=True)])
                fit = _fitted(terms, losses)
                if fit is not None:
                    found.setdefault(family, []).append(fit)
    for family, fits in found.items():
        factors = [factor for factor, _ in fits]
        if len(fits) < len(seeds) or np.ptp(factors) > 1e-6 * abs(factors[0]) or factors[0] <= 0:
            continue
        return Loss(
            family, float(np.mean(factors)) * network.together, _penalties(network, [r for _, r in fits])
        )
    return Loss(None)


def _fitted(terms: Array, losses: Array) -> tuple[float, float] | None:
    """The factor and the rest of losses that are a factor times terms and a rest."""
    if not np.all(np.isfinite(terms)) or not np.all(np.isfinite(losses)):
        return None
    table = np.stack([terms, np.ones_like(terms)], axis=1)
    solution, *_ = np.linalg.lstsq(table, losses, rcond=None)
    size = float(np.max(np.abs(losses - np.mean(losses))))
    if size == 0 or np.max(np.abs(table @ solution - losses)) > CLOSE * size:
        return None
    factor, rest = map(float, solution)
    return factor, rest if abs(rest) > CLOSE * float(np.max(np.abs(losses))) else 0.0


def _seeds(network: Network) -> range:
    """The parameters at which a loss is looked at: more than there are parameters that it may penalise."""
    return range(31, 34 + min(len(set(network.owners)), MOST))


def _penalties(network: Network, rests: Sequence[float]) -> dict[str, float] | None:
    """What half the squares of the parameters are multiplied by in the rests; None where it is not that."""
    if np.ptp(rests) <= 1e-6 * float(np.max(np.abs(rests))):
        return {}  # nothing, or a total of the steps before
    names = list(dict.fromkeys(network.owners))
    if len(names) > MOST:
        return None
    owners = np.array(network.owners)
    table = []
    for seed in _seeds(network):
        numbers, _ = draws(network, seed)
        table.append([float(np.sum(numbers[owners == name] ** 2)) / 2 for name in names])
    solution, *_ = np.linalg.lstsq(np.array(table), np.array(rests), rcond=None)
    size = float(np.max(np.abs(rests)))
    if np.max(np.abs(np.array(table) @ solution - rests)) > 1e-6 * size:
        return None
    least = 1e-6 * float(np.max(np.abs(solution)))
    return {n: float(f"{v:.6g}") for n, v in zip(names, solution.tolist(), strict=True) if abs(v) > least}


def _of_classes(network: Network) -> Loss:
    """The loss that picks the logarithms of some outputs, one of each sample, and a penalty."""
    count = network.width_out
    rows, losses, seeds = [], [], _seeds(network)
    for seed in seeds:
        numbers, pairs = draws(network, seed, count + 3)
        with np.errstate(all="ignore"):
            rows += [-np.log(network.predict(numbers, x)) for x, _ in pairs]
        losses.append([network.loss_at(numbers, x, t) for x, t in pairs])
    rests = np.kron(np.eye(len(seeds)), np.ones((count + 3, 1)))
    table, wanted = np.hstack([np.array(rows), rests]), np.ravel(losses)
    if not np.all(np.isfinite(table)):
        return Loss(None)
    solution, *_ = np.linalg.lstsq(table, wanted, rcond=None)
    shares, size = solution[:count], float(np.max(np.abs(wanted)))
    if np.max(np.abs(table @ solution - wanted)) > CLOSE * size or np.min(shares) < -CLOSE:
        return Loss(None)
    rest = [r if abs(r) > CLOSE * size else 0.0 for r in solution[count:].tolist()]
    return Loss("cross-entropy", float(np.sum(shares)) * network.together, _penalties(network, rest))
