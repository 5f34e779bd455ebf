"""Which loss a network descends, seen from its numbers: formula, factor, mean or sum, penalty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.compare.network import Network

Array = np.ndarray[Any, Any]
POINTS = 7  # samples for each of the parameters at which the loss is looked at
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

    ``family`` is None where it is none of the usual ones. ``penalty`` is what half the square of the
    parameters is multiplied by; None where another penalty is there.
    """

    family: str | None
    factor: float = 0.0
    penalty: float | None = 0.0

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
        if self.penalty != 0:
            over.append("with a penalty" if self.penalty is None else f"penalty {self.penalty:.6g}")
        return ", ".join([f"{number}{self.family}", *over])


def _is_nice(number: float, outputs: int) -> bool:
    return any(abs(number / n - 1) < CLOSE for n in (*NICE, *(n / outputs for n in NICE)))


def loss_of(network: Network) -> Loss:
    """Find the loss of a network among the usual ones."""
    if network.partly or not network.outputs:
        return Loss(None)
    try:
        return _of_targets(network) if network.targets else _of_classes(network)
    except (ValueError, TypeError, IndexError, ArithmeticError, NotImplementedError):
        return Loss(None)


def draws(network: Network, seed: int) -> tuple[Array, list[tuple[Array, Array]]]:
    """Parameters, and samples with targets."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=network.size) * 2 / (1 + network.size**0.25)
    pairs = [
        (generator.normal(size=network.width_in), generator.uniform(0.1, 0.9, size=network.width_target))
        for _ in range(POINTS)
    ]
    return numbers, pairs


def _of_targets(network: Network) -> Loss:
    if network.width_target != network.width_out:
        return Loss(None)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in (31, 32, 33):
        numbers, pairs = draws(network, seed)
        losses = np.array([network.loss_at(numbers, x, t) for x, t in pairs])
        outputs = [network.predict(numbers, x) for x, _ in pairs]
        with np.errstate(all="ignore"):
            for family, term in FAMILIES.items():
                terms = np.array([term(o, t) for o, (_, t) in zip(outputs, pairs, strict=True)])
                fit = _fitted(terms, losses)
                if fit is not None:
                    found.setdefault(family, []).append((*fit, float(numbers @ numbers)))
    for family, fits in found.items():
        factors = [factor for factor, _, _ in fits]
        if len(fits) < 3 or np.ptp(factors) > 1e-6 * abs(factors[0]) or factors[0] <= 0:
            continue
        return Loss(family, float(np.mean(factors)), _penalty(fits))
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


def _penalty(fits: list[tuple[float, float, float]]) -> float | None:
    """What half the square of all parameters is multiplied by in the rest."""
    shares = [2 * rest / square for _, rest, square in fits]
    if not any(shares):
        return 0.0
    return float(f"{shares[0]:.6g}") if np.ptp(shares) <= 1e-5 * abs(shares[0]) else None


def _of_classes(network: Network) -> Loss:
    """The loss that picks the logarithms of some outputs, one of each sample."""
    rows, losses = [], []
    for seed in range(40, 42 + network.width_out):
        numbers, pairs = draws(network, seed)
        for x, t in pairs[:2]:
            rows.append(-np.log(network.predict(numbers, x)))
            losses.append(network.loss_at(numbers, x, t))
    table, wanted = np.array(rows), np.array(losses)
    if not np.all(np.isfinite(table)):
        return Loss(None)
    shares, *_ = np.linalg.lstsq(table, wanted, rcond=None)
    if (
        np.max(np.abs(table @ shares - wanted)) > CLOSE * float(np.max(np.abs(wanted)))
        or np.min(shares) < -CLOSE
    ):
        return Loss(None)
    return Loss("cross-entropy", float(np.sum(shares)))
