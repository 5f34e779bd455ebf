"""What a network is, and the parameters that it starts with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Of the first parameters: their bound, and up to how many inputs of a layer it holds.
SPREADS = {"sigmoid": (4.0, 10.0), "tanh": (2.0, 10.0), "sin": (1.0, 10.0)}


@dataclass(frozen=True, slots=True)
class Network:
    """A multilayer perceptron and what trains it. A layer's weights have shape `(inputs, outputs)`.

    ``decay`` is the weight decay: that many times each parameter is added to its gradient.
    """

    layers: tuple[int, ...] = (1, 10, 1)
    activation: str = "sigmoid"
    output_activation: str = "linear"
    bias: bool = True
    loss: str = "half-squared"
    optimizer: str = "sgd"
    decay: float = 0.0

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(math.prod(shape) for shape in self.shapes())

    def names(self) -> list[str]:
        """The parameters' names in order: W1, b1, W2, ..."""
        kinds = "Wb" if self.bias else "W"
        return [f"{kind}{number}" for number in range(1, len(self.layers)) for kind in kinds]

    def shapes(self) -> list[tuple[int, ...]]:
        """The parameters' shapes in the same order."""
        shapes: list[tuple[int, ...]] = []
        for inputs, outputs in zip(self.layers, self.layers[1:], strict=False):
            shapes.append((inputs, outputs))
            if self.bias:
                shapes.append((outputs,))
        return shapes


def initial_parameters(network: Network, seed: int, largest: float | None = None) -> list[Array]:
    """Draw parameters uniformly from ±bound.

    The bound is 4 for sigmoid units, whose slope is a quarter, 2 for tanh, 1 for others, less where a layer
    has many inputs. Small networks need units that bend at different places: from ±1, sin on [0, 15) is not
    learnt on 3 of 20 seeds, from ±4 it is on 40 of 40. Rectifiers are held to He's bound, √(6/inputs) (He and
    others 2015): from √(10/inputs), four hidden layers of 32 diverge at rate 0.1 on 2 of 5 seeds. ``largest``
    sets the bound instead, for all layers.
    """
    random = np.random.default_rng([seed, 1])
    gain, wide = SPREADS.get(network.activation, (1.0, 6.0))
    values: list[Array] = []
    for inputs, outputs in zip(network.layers, network.layers[1:], strict=False):
        bound = largest or gain * min(1.0, math.sqrt(wide / inputs))
        values.append(random.uniform(-bound, bound, (inputs, outputs)))
        if network.bias:
            values.append(random.uniform(-bound, bound, outputs))
    return values
