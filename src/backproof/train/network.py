"""The network as a graph: its forward pass and loss, and the update by the graph's own derivative rules.

There is no derivative in this package: `graph.adjoints` makes the backward pass from the forward pass, by
the same table of operations that `check` holds a program against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backproof.graph import Node, adjoints, apply, leaf, simplify

Array = NDArray[np.float64]


def _leaky_relu(z: Node) -> Node:
    return apply("maximum", z, apply("multiply", 0.01, z))


def _elu(z: Node) -> Node:
    negative = apply("expm1", apply("minimum", z, 0.0))
    return apply("where", apply("greater", z, 0.0), z, negative)


def _gelu(z: Node) -> Node:
    gate = apply("add", 1.0, apply("erf", apply("multiply", z, 1 / math.sqrt(2))))
    return apply("multiply", apply("multiply", 0.5, z), gate)


ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "linear": lambda z: z,
    "sigmoid": lambda z: apply("sigmoid", z),
    "tanh": lambda z: apply("tanh", z),
    "relu": lambda z: apply("maximum", z, 0.0),
    "leaky-relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "softplus": lambda z: apply("softplus", z),
    "sin": lambda z: apply("sin", z),
}


def _half_squared(output: Node, target: Node, samples: int) -> Node:
    squares = apply("sum", apply("square", apply("subtract", output, target)), axis=None, keepdims=False)
    return apply("multiply", 0.5 / samples, squares)


def _mean_squared(output: Node, target: Node, _samples: int) -> Node:
    squares = apply("sum", apply("square", apply("subtract", output, target)), axis=None, keepdims=False)
    return apply("multiply", 1.0 / np.size(target.value), squares)


def _mean_absolute(output: Node, target: Node, _samples: int) -> Node:
    distances = apply("sum", apply("abs", apply("subtract", output, target)), axis=None, keepdims=False)
    return apply("multiply", 1.0 / np.size(target.value), distances)


LOSSES: dict[str, tuple[Callable[[Node, Node, int], Node], str]] = {
    "half-squared": (_half_squared, "½·squared error, the mean over samples"),
    "mse": (_mean_squared, "mean squared error"),
    "mae": (_mean_absolute, "mean absolute error"),
}
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9
ADAM_FIRST, ADAM_SECOND, ADAM_EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True)
class Network:
    """A multilayer perceptron and what trains it. A layer's weights have shape `(inputs, outputs)`."""

    layers: tuple[int, ...] = (1, 10, 1)
    activation: str = "sigmoid"
    output_activation: str = "linear"
    bias: bool = True
    loss: str = "half-squared"
    optimizer: str = "sgd"

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        pairs = list(zip(self.layers, self.layers[1:], strict=False))
        return sum(a * b + (b if self.bias else 0) for a, b in pairs)

    def names(self) -> list[str]:
        """The parameters' names in order: W1, b1, W2, ..."""
        kinds = "Wb" if self.bias else "W"
        return [f"{kind}{number}" for number in range(1, len(self.layers)) for kind in kinds]


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


def initial_parameters(network: Network, seed: int, largest: float | None = None) -> list[Array]:
    """Draw parameters uniformly from ±bound.

    The bound is 4 for sigmoid units, whose slope is a quarter, 2 for tanh, 1 for others, less where a layer
    has more than ten inputs. Small networks need units that bend at different places: from ±1, sin on [0,
    15) is not learnt on 3 of 20 seeds, from ±4 it is on 40 of 40. ``largest`` sets the bound instead, for
    all layers.
    """
    random = np.random.default_rng([seed, 1])
    gain = {"sigmoid": 4.0, "tanh": 2.0}.get(network.activation, 1.0)
    values: list[Array] = []
    for inputs, outputs in zip(network.layers, network.layers[1:], strict=False):
        bound = largest or gain * min(1.0, math.sqrt(10.0 / inputs))
        values.append(random.uniform(-bound, bound, (inputs, outputs)))
        if network.bias:
            values.append(random.uniform(-bound, bound, outputs))
    return values


def forward(network: Network, parameters: Sequence[Array], x: Array, y: Array) -> Step:
    """Build the forward pass and the loss for one sample (``x`` a vector) or a batch (one sample a row)."""
    nodes = [leaf(value, name) for value, name in zip(parameters, network.names(), strict=True)]
    inputs, target, rate = leaf(x, "x"), leaf(y, "y"), leaf(0.01, "lr")
    value, remaining = inputs, list(nodes)
    last = len(network.layers) - 1
    for number in range(1, last + 1):
        value = apply("matmul", value, remaining.pop(0), name=f"z{number}")
        if network.bias:
            value = apply("add", value, remaining.pop(0), name=f"z{number}")
        kind = network.output_activation if number == last else network.activation
        value = ACTIVATIONS[kind](value)
    samples = np.shape(x)[0] if np.ndim(x) == 2 else 1
    loss = LOSSES[network.loss][0](value, target, samples)
    return Step(inputs, target, rate, value, loss, tuple(nodes))


def training_step(network: Network, parameters: Sequence[Array], batch: int | None = None) -> Step:
    """Build one step: the forward pass, its gradients by the graph's own rules, and the update.

    ``batch`` None takes one sample, a vector; a number takes that many, one a row.
    """
    rows = () if batch is None else (batch,)
    random = np.random.default_rng(0)
    x, y = (random.uniform(0.1, 0.9, (*rows, count)) for count in (network.layers[0], network.layers[-1]))
    step = forward(network, parameters, x, y)
    gradients = adjoints(step.loss, step.parameters)
    memory: list[Node] = []
    remembered: list[Node] = []
    changes = []
    if network.optimizer == "adam":
        memory, remembered, scales = _decays()
    for parameter in step.parameters:
        gradient = gradients[parameter]
        match network.optimizer:
            case "momentum":
                old = leaf(np.zeros_like(parameter.value), f"velocity of {parameter.name}")
                change = apply("add", apply("multiply", MOMENTUM, old), gradient)
                memory.append(old)
                remembered.append(change)
            case "adam":
                change, old_means, new_means = _adam(parameter, gradient, scales)
                memory += old_means
                remembered += new_means
            case _:
                change = gradient
        changes.append(apply("subtract", parameter, apply("multiply", step.rate, change)))
    updated = simplify([*changes, *remembered])
    return Step(
        step.x,
        step.y,
        step.rate,
        step.output,
        step.loss,
        step.parameters,
        (*step.parameters, *memory),
        tuple(updated),
    )


def _decays() -> tuple[list[Node], list[Node], list[Node]]:
    """β₁ᵗ and β₂ᵗ, kept as state; and the factors 1/(1 − βᵗ) that take the bias out of the means."""
    olds = [leaf(1.0, "β₁ᵗ"), leaf(1.0, "β₂ᵗ")]
    news = [apply("multiply", beta, old) for beta, old in zip((ADAM_FIRST, ADAM_SECOND), olds, strict=True)]
    # At the recorded point the power is β itself, so that the factor is finite.
    return olds, news, [apply("reciprocal", apply("subtract", 1.0, new)) for new in news]


def _adam(parameter: Node, gradient: Node, scales: Sequence[Node]) -> tuple[Node, list[Node], list[Node]]:
    """Adam's change of one parameter (Kingma and Ba 2015, algorithm 1), and the means it remembers."""
    zeros = np.zeros_like(parameter.value)
    olds = [leaf(zeros, f"mean of {parameter.name}"), leaf(zeros.copy(), f"mean square of {parameter.name}")]
    news = []
    for beta, old, value in zip(
        (ADAM_FIRST, ADAM_SECOND), olds, (gradient, apply("square", gradient)), strict=True
    ):
        news.append(apply("add", apply("multiply", beta, old), apply("multiply", 1.0 - beta, value)))
    mean, mean_square = (apply("multiply", new, scale) for new, scale in zip(news, scales, strict=True))
    root = apply("add", apply("sqrt", mean_square), ADAM_EPSILON)
    return apply("divide", mean, root), olds, news
