"""One step of training as a graph.

There is no derivative in this package: `graph.adjoints` makes the backward pass from the forward pass, by
the same table of operations that `check` holds a program against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, adjoints, apply, leaf, simplify
from backproof.training.network.activations import OUTPUT_ACTIVATIONS
from backproof.training.network.losses import LOSSES
from backproof.training.network.model import Network
from backproof.training.network.optimizers import OPTIMIZERS, decayed

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of training as a graph.

    ``state`` are the parameters and whatever the optimiser remembers, ``updated`` their values after the
    step, in the same order; the first ``len(parameters)`` of them are the parameters. ``x``, ``y`` and
    ``rate`` are the other leaves.
    """

    x: Node
    y: Node
    rate: Node
    output: Node
    loss: Node
    parameters: tuple[Node, ...]
    state: tuple[Node, ...] = field(default=())
    updated: tuple[Node, ...] = field(default=())


def forward(network: Network, parameters: Sequence[Array], x: Array, y: Array) -> Step:
    """Build the forward pass and the loss for one sample (``x`` a vector) or a batch (one sample a row)."""
    nodes = [leaf(value, name) for value, name in zip(parameters, network.names(), strict=True)]
    inputs, target, rate = leaf(x, "x"), leaf(y, "y"), leaf(0.01, "lr")
    value = sums = inputs
    remaining = list(nodes)
    last = len(network.layers) - 1
    for number in range(1, last + 1):
        sums = apply("matmul", value, remaining.pop(0), name=f"z{number}")
        if network.bias:
            sums = apply("add", sums, remaining.pop(0), name=f"z{number}")
        kind = network.output_activation if number == last else network.activation
        value = OUTPUT_ACTIVATIONS[kind](sums)
    samples = np.shape(x)[0] if np.ndim(x) == 2 else 1
    loss = LOSSES[network.loss]
    stated = loss.value(sums if loss.of_classes else value, target, samples)
    return Step(inputs, target, rate, value, stated, tuple(nodes))


def training_step(network: Network, parameters: Sequence[Array], batch: int | None = None) -> Step:
    """Build one step: the forward pass, its gradients by the graph's own rules, and the update.

    ``batch`` None takes one sample, a vector; a number takes that many, one a row.
    """
    rows = () if batch is None else (batch,)
    random = np.random.default_rng(0)
    x, y = (random.uniform(0.1, 0.9, (*rows, count)) for count in (network.layers[0], network.layers[-1]))
    step = forward(network, parameters, x, y)
    found = adjoints(step.loss, step.parameters)
    gradients = [decayed(parameter, found[parameter], network.decay) for parameter in step.parameters]
    changes = OPTIMIZERS[network.optimizer].changes(step.parameters, gradients)
    updated = [
        apply("subtract", parameter, apply("multiply", step.rate, change))
        for parameter, change in zip(step.parameters, changes.of, strict=True)
    ]
    return Step(
        step.x,
        step.y,
        step.rate,
        step.output,
        step.loss,
        step.parameters,
        (*step.parameters, *changes.memory),
        tuple(simplify([*updated, *changes.remembered])),
    )
