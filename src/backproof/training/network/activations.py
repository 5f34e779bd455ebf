"""Activations by name: what a layer makes of its sums z, as nodes of the graph.

Where one has a kink at 0, its slope there is PyTorch's: 0 for relu, 0.01 for leaky relu, 1 for elu.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from backproof.graph import Node, apply

LEAK = 0.01


def _leaky_relu(z: Node) -> Node:
    return apply("where", apply("greater", z, 0.0), z, apply("multiply", LEAK, z))


def _elu(z: Node) -> Node:
    """Z above 0, eᶻ − 1 below; of the branch that is not taken the exponential is not taken either."""
    positive = apply("greater", z, 0.0)
    return apply("where", positive, z, apply("expm1", apply("where", positive, 0.0, z)))


def _gelu(z: Node) -> Node:
    """Z·Φ(z) with Φ the distribution function of a normal variable, not an approximation of it."""
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
# At the end of a network also what looks at all units of the layer.
OUTPUT_ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    **ACTIVATIONS,
    "softmax": lambda z: apply("softmax", z, axis=-1),
}
