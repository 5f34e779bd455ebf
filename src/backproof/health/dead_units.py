"""Rectified units that are off for all of the data: their value, slope and gradients are zero.

## What it does
Finds layers of ReLU-like units of which half or more are inactive for every sample that was seen, both at
the parameters that the program starts with and some steps later. A few dead units of many are usual, and
not reported.

## Why is this wrong?
The gradient is right: a unit that is never on has no influence, and so no gradient. But nothing that
training does can turn it on again, so the layer has lost it. A single step with too large a rate can do
this to a whole layer.

## Example
```python
b1 = np.full(5, -10.0)
for step in range(300):
    h = np.maximum(0, x @ W1 + b1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (h > 0)
    W2 -= 0.02 * h.T @ error
    W1 -= 0.02 * x.T @ d_h
    b1 -= 0.02 * d_h.sum(axis=0)
```

## Use instead
```python
b1 = np.zeros(5)
for step in range(300):
    h = np.maximum(0, x @ W1 + b1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (h > 0)
    W2 -= 0.02 * h.T @ error
    W1 -= 0.02 * x.T @ d_h
    b1 -= 0.02 * d_h.sum(axis=0)
```

## How the derivation goes
For h = max(0, z) the slope is [z > 0]. If z_ij < 0 for every sample i, then for unit j

    ∂L/∂W2_j· = Σ_i h_ij e_i = 0,        ∂L/∂W1_·j = Σ_i x_i · 0 = 0,        ∂L/∂b1_j = 0,

and the unit's parameters are a fixed point of every optimiser that only uses the gradient. A leaky slope a
> 0 on the negative side makes them a · Σ…, small but not zero.

## Fix safety
No edit is offered. Biases that start at zero or slightly above, a smaller rate, or a leaky activation help;
each of them changes the model or the run, which is your choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.health.examination import Examination
from backproof.health.layers import Layer
from backproof.health.places import initial_site, layer_name, spread
from backproof.health.wording import number, warning
from backproof.step import Parameter

RULE = Rule(
    code="BP504",
    name="dead-units",
    group="health",
    summary="Units that are zero for every sample get no gradient and never come back.",
)


HALF = 0.5  # of a layer: a few dead units of many are usual, and do no harm


def findings(examination: Examination) -> Iterator[Finding]:
    """One for each hidden layer of which half or more is dead from the start, and still after some steps."""
    for layer in examination.layers:
        if not (layer.hidden and layer.function.rectifies):
            continue
        values = examination.inputs(layer, examination.start)
        later = examination.inputs(layer, {**examination.start, **examination.recorded})
        if values.shape[0] < 2 or values.shape[1] < examination.enough:
            continue
        dead = _dead(layer, values) & _dead(layer, later)
        if np.mean(dead) < HALF:
            continue
        culprit, units = _culprit(examination, layer), len(dead)
        starts = [np.mean(np.asarray(examination.start[leaf], dtype=float)) for leaf in culprit.leaves]
        mean, size = float(np.mean(starts)), spread([examination.start[leaf] for leaf in culprit.leaves])
        where = f"near {number(mean)}" if abs(mean) > 0.5 * size else f"with a spread of {number(size)}"
        advice = "start it at zero" if culprit is not layer.parameters[0] else "draw it around zero"
        message = (
            f"{int(dead.sum())} of the {units} units of `{layer_name(examination, layer)}` are off for all "
            f"{values.shape[1]} values seen: they get no gradient, so no step turns them on again. "
            f"The cause is `{culprit.name}`, which starts {where}: {advice}."
        )
        yield warning(RULE, message, initial_site(examination, culprit), [culprit.name])


def _dead(layer: Layer, values: np.ndarray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which units have the slope zero at every value that goes into them."""
    return np.asarray(np.all(layer.function.slopes(values) == 0, axis=1))


def _culprit(examination: Examination, layer: Layer) -> Parameter:
    """The parameter without which the fewest units would be dead: a bias, or else the weights."""
    axes = [sum(n > 1 for n in p.shape) for p in layer.parameters]
    for bias in [p for p, count in zip(layer.parameters, axes, strict=True) if count < axes[0]]:
        zero = {leaf: np.zeros_like(np.asarray(leaf.value, dtype=float)) for leaf in bias.leaves}
        without = examination.inputs(layer, {**examination.start, **zero})
        if np.mean(_dead(layer, without)) < HALF:
            return bias
    return layer.parameters[0]
