"""Optimisers by name: what is taken off the parameters, times the rate; as nodes of the graph.

The conventions are PyTorch's, with its defaults. g is the gradient, p the parameter, λ the weight decay:

- g ← g + λ·p first, for all parameters, biases too; the loss that is reported is without the decay;
- sgd: p ← p − rate·g;
- momentum: v ← 0.9·v + g; p ← p − rate·v (the rate stands outside of v, unlike in Keras);
- nesterov: v ← 0.9·v + g; p ← p − rate·(g + 0.9·v);
- rmsprop: s ← 0.99·s + 0.01·g²; p ← p − rate·g/(√s + 1e-8);
- adam: Kingma and Ba 2015, algorithm 1, with 0.9, 0.999 and 1e-8 outside of the root.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backproof.graph import Node, apply, leaf

MOMENTUM = 0.9
RMSPROP_DECAY = 0.99
ADAM_FIRST, ADAM_SECOND = 0.9, 0.999
EPSILON = 1e-8


@dataclass(slots=True)
class Changes:
    """What is taken off each parameter, times the rate; what is remembered, before the step and after it."""

    of: list[Node] = field(default_factory=list)
    memory: list[Node] = field(default_factory=list)
    remembered: list[Node] = field(default_factory=list)

    def remember(self, old: Node, new: Node) -> Node:
        """Keep a value for the next step."""
        self.memory.append(old)
        self.remembered.append(new)
        return new


@dataclass(frozen=True, slots=True)
class Optimizer:
    """``changes(parameters, gradients)`` builds the update; ``rate`` is the rate where none is given."""

    rate: float
    changes: Callable[[Sequence[Node], Sequence[Node]], Changes]


def decayed(parameter: Node, gradient: Node, decay: float) -> Node:
    """The gradient with the weight decay in it."""
    return apply("add", gradient, apply("multiply", decay, parameter)) if decay else gradient


def _zeros(kind: str, parameter: Node) -> Node:
    return leaf(np.zeros_like(parameter.value), f"{kind} of {parameter.name}")


def _moving(beta: float, old: Node, value: Node) -> Node:
    """The moving mean β·old + (1 − β)·value."""
    return apply("add", apply("multiply", beta, old), apply("multiply", 1.0 - beta, value))


def _sgd(_parameters: Sequence[Node], gradients: Sequence[Node]) -> Changes:
    return Changes(list(gradients))


def _velocities(parameters: Sequence[Node], gradients: Sequence[Node], *, ahead: bool) -> Changes:
    changes = Changes()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        old = _zeros("velocity", parameter)
        new = changes.remember(old, apply("add", apply("multiply", MOMENTUM, old), gradient))
        changes.of.append(apply("add", gradient, apply("multiply", MOMENTUM, new)) if ahead else new)
    return changes


def _momentum(parameters: Sequence[Node], gradients: Sequence[Node]) -> Changes:
    return _velocities(parameters, gradients, ahead=False)


def _nesterov(parameters: Sequence[Node], gradients: Sequence[Node]) -> Changes:
    return _velocities(parameters, gradients, ahead=True)


def _rmsprop(parameters: Sequence[Node], gradients: Sequence[Node]) -> Changes:
    changes = Changes()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        old = _zeros("mean square", parameter)
        new = changes.remember(old, _moving(RMSPROP_DECAY, old, apply("square", gradient)))
        changes.of.append(apply("divide", gradient, apply("add", apply("sqrt", new), EPSILON)))
    return changes


def _adam(parameters: Sequence[Node], gradients: Sequence[Node]) -> Changes:
    changes = Changes()
    # βᵗ is kept, and 1/(1 − βᵗ) takes the bias out of a mean that began at 0. At the recorded point the
    # power is β itself, so that the factor is finite.
    scales = []
    for beta, name in ((ADAM_FIRST, "β₁ᵗ"), (ADAM_SECOND, "β₂ᵗ")):
        old = leaf(1.0, name)
        power = changes.remember(old, apply("multiply", beta, old))
        scales.append(apply("reciprocal", apply("subtract", 1.0, power)))
    for parameter, gradient in zip(parameters, gradients, strict=True):
        means = []
        for beta, scale, kind, value in (
            (ADAM_FIRST, scales[0], "mean", gradient),
            (ADAM_SECOND, scales[1], "mean square", apply("square", gradient)),
        ):
            old = _zeros(kind, parameter)
            means.append(apply("multiply", changes.remember(old, _moving(beta, old, value)), scale))
        changes.of.append(apply("divide", means[0], apply("add", apply("sqrt", means[1]), EPSILON)))
    return changes


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(0.1, _sgd),
    "momentum": Optimizer(0.01, _momentum),
    "nesterov": Optimizer(0.01, _nesterov),
    "rmsprop": Optimizer(0.003, _rmsprop),
    "adam": Optimizer(0.003, _adam),
}
