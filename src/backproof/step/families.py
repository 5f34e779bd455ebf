"""The losses that are so usual that a program need not write them: a term for each output and its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backproof.graph import Node, apply


@dataclass(frozen=True, slots=True)
class Family:
    """A loss: how to make its terms of an output and a target, and how to write them and their sum's factor.

    ``term`` gives None where the values cannot be such outputs and targets. ``signed`` says that its terms
    may have weights below zero, as the advantages of a policy gradient are; ``needs`` are operations of
    which its backward pass has one.
    """

    name: str
    term: Callable[[Node, Node], Node | None]
    factor: str
    text: str
    signed: bool = False
    needs: frozenset[str] = frozenset()

    def formula(self, output: str, target: str, weights: str | None = None) -> str:
        """Write the loss, as a sum over all samples and outputs."""
        text = self.text.format(o=output, t=target)
        if weights is not None:
            text = f"{weights}*({text})" if " + " in text or " - " in text else f"{weights}*{text}"
        return f"{self.factor}sum({text})"


def squared(output: Node, target: Node) -> Node | None:
    """½(o − t)²."""
    return apply("multiply", 0.5, apply("square", apply("subtract", output, target)))


def binary_cross_entropy(output: Node, target: Node) -> Node | None:
    """−t log o − (1 − t) log(1 − o), of probabilities."""
    if not _probabilities(output, target):
        return None
    positive = apply("multiply", target, apply("log", output))
    rest = apply("multiply", apply("subtract", 1.0, target), apply("log", apply("subtract", 1.0, output)))
    return apply("negative", apply("add", positive, rest))


def cross_entropy(output: Node, target: Node) -> Node | None:
    """−t log o, where the outputs of a sample sum to one."""
    o = np.asarray(output.value)
    if not _probabilities(output, target) or o.ndim == 0:
        return None
    if not any(np.allclose(o.sum(axis=axis), 1) for axis in range(o.ndim)):
        return None
    return apply("negative", apply("multiply", target, apply("log", output)))


def poisson(output: Node, target: Node) -> Node | None:
    """O − t log o, of expected and counted numbers."""
    counts = np.asarray(target.value, dtype=float)
    if output.operation != "exp" or np.any(counts < 0) or np.any(counts != np.round(counts)):
        return None
    return apply("subtract", output, apply("multiply", target, apply("log", output)))


def absolute(output: Node, target: Node) -> Node | None:
    """|o − t|."""
    return apply("abs", apply("subtract", output, target))


def log_cosh(output: Node, target: Node) -> Node | None:
    """The logarithm of cosh(o − t)."""
    return apply("log", apply("cosh", apply("subtract", output, target)))


def huber(threshold: float) -> Family:
    """½(o − t)² up to a threshold k, beyond it k|o − t| − ½k²: its derivative is the clipped difference."""

    def term(output: Node, target: Node) -> Node | None:
        difference = apply("subtract", output, target)
        size = apply("abs", difference)
        inner = apply("multiply", 0.5, apply("square", difference))
        outer = apply("subtract", apply("multiply", threshold, size), 0.5 * threshold**2)
        return apply("where", apply("less_equal", size, threshold), inner, outer)

    return Family("huber", term, "", f"huber({{o}} - {{t}}, {threshold:g})")


def summed(term: Node) -> Node:
    """All numbers of a term added up."""
    return apply("sum", term, axis=None, keepdims=False) if np.ndim(term.value) else term


def total(parts: list[Node]) -> Node:
    """Terms added up two by two, so that no sum is deep."""
    while len(parts) > 1:
        parts = [
            apply("add", *parts[k : k + 2]) if k + 1 < len(parts) else parts[k]
            for k in range(0, len(parts), 2)
        ]
    return parts[0]


def _probabilities(output: Node, target: Node) -> bool:
    o, t = np.asarray(output.value), np.asarray(target.value, dtype=float)
    return bool(np.all((o > 0) & (o < 1)) and np.all((t >= 0) & (t <= 1)))


FAMILIES = (
    Family("squared", squared, "0.5*", "({o} - {t})**2"),
    Family("binary", binary_cross_entropy, "-", "{t}*log({o}) + (1 - {t})*log(1 - {o})", signed=True),
    Family("categorical", cross_entropy, "-", "{t}*log({o})", signed=True),
    Family("poisson", poisson, "", "{o} - {t}*log({o})"),
    Family("absolute", absolute, "", "abs({o} - {t})", needs=frozenset({"sign", "greater", "less"})),
    Family("log-cosh", log_cosh, "", "log(cosh({o} - {t}))", needs=frozenset({"tanh"})),
)
