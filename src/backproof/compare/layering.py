"""A network in words: the sizes of its layers, their activations, biases."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from backproof.compare.network import Network
from backproof.compare.seen import UNCOMPUTED
from backproof.graph import ancestors
from backproof.health.layers import Activation, Layer, layers, root_of

Array = np.ndarray[Any, Any]
GRID = np.linspace(-3, 3, 61)
KNOWN = {
    "sigmoid": 1 / (1 + np.exp(-GRID)),
    "tanh": np.tanh(GRID),
    "ReLU": np.maximum(GRID, 0),
    "softplus": np.log1p(np.exp(GRID)),
    "sin": np.sin(GRID),
    "exp": np.exp(GRID),
    "softsign": GRID / (1 + np.abs(GRID)),
    "ELU": np.where(GRID > 0, GRID, np.exp(GRID) - 1),
    "square": GRID**2,
    "arctan": np.arctan(GRID),
    "cos": np.cos(GRID),
    "SiLU": GRID / (1 + np.exp(-GRID)),
    "GELU": GRID * (1 + np.vectorize(math.erf)(GRID / math.sqrt(2))) / 2,
    "hard tanh": np.clip(GRID, -1, 1),
}
PARTS = frozenset({"exp", "square", "another activation"})  # of a softmax, of a norm


def described(network: Network) -> str:
    """The sizes of the layers and their activations; where they are no chain, the parameters only."""
    count = f"{network.size} parameters" if network.size > 1 else "1 parameter"
    above = {n for port in network.outputs for n in ancestors([port.node])}
    found = [each for each in layers(network.step) if each.activations[0].after in above]
    hidden = [each for each in found if each.hidden]
    sizes = [network.width_in, *(_units(each, network) for each in hidden), network.width_out]
    weights = sum(a * b for a, b in pairwise(sizes))
    names = [_name(each.function) or "linear" for each in hidden]
    end = _end(network)
    kinds = ", ".join(dict.fromkeys(names)) if names else "" if end else "linear"
    if network.size == weights:
        bias = "no biases"
    elif network.size == weights + sum(sizes[1:]):
        bias = "biases"
    else:
        shapes = ", ".join("×".join(map(str, p.shape)) or "1" for p in network.step.parameters[::-1][:6])
        inner = [n for n in names if n not in PARTS]
        kinds = ", ".join(dict.fromkeys([*inner, *([f"{end} at the end"] if end else [])]))
        return f"{count} ({shapes}{', …' if len(network.step.parameters) > 6 else ''})" + (
            f", {kinds}" if kinds else ""
        )
    parts = ["-".join(map(str, sizes)), kinds, end and f"{end} at the end", bias, count]
    return ", ".join(part for part in parts if part)


def _units(layer: Layer, network: Network) -> int:
    """The units of a layer: its values for one sample."""
    total = sum(int(np.size(a.after.value)) for a in layer.activations)
    rows = network.batch if any(p.held > 1 for p in network.outputs) else 1
    return total // rows if total % rows == 0 else total


def _name(function: Activation) -> str:
    with np.errstate(all="ignore"):
        values = np.broadcast_to(np.asarray(function.at(GRID), dtype=float), GRID.shape)
    if np.allclose(np.diff(values, 2), 0, atol=1e-9):
        return ""  # a straight line
    for name, wanted in KNOWN.items():
        if np.allclose(values, wanted, rtol=1e-6, atol=1e-9):
            return name
    left, right = values[:30] / GRID[:30], values[31:] / GRID[31:]
    if np.ptp(left) < 1e-9 and np.ptp(right) < 1e-9 and abs(right[0] - 1) < 1e-9:
        return f"leaky ReLU {left[0]:.4g}"
    return "another activation"


def _end(network: Network) -> str:
    """What the outputs go through at the end."""
    generator = np.random.default_rng(3)
    if network.width_out > 1 and all(p.axis is not None or p.laid is None for p in network.outputs):
        try:
            rows = [
                network.predict(generator.normal(size=network.size), generator.normal(size=network.width_in))
                for _ in range(3)
            ]
        except UNCOMPUTED:
            rows = []
        if rows and all(abs(np.sum(row) - 1) < 1e-9 and np.all(row >= 0) for row in rows):
            return "softmax"
    found = [root_of(network.step, port.node) for port in network.outputs]
    return ", ".join(filter(None, dict.fromkeys(_name(f) for f in found if f is not None)))
