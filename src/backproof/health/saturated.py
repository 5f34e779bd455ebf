"""Most units of a layer are far out on the flat part of their activation: hardly any gradient passes.

## What it does
Measures the slopes of a hidden layer's activation at what goes into it, over the data and at the parameters
that the program starts with. Reported is a layer of which 60 % of the values or more have a slope below a
hundredth of the steepest, because sigmoid or tanh are at their limits. A good start has a few of these at
most.

## Why is this wrong?
The gradient is right, and right is nearly zero. The layers below stand still however long the training goes
on. Large initial weights, inputs of large numbers and large rates all lead there.

## Example
```python
random = np.random.default_rng(1)
W1 = 40 * random.standard_normal((3, 5))
for step in range(300):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W1 -= 0.05 * x.T @ d_h
```

## Use instead
```python
random = np.random.default_rng(1)
W1 = random.standard_normal((3, 5)) / np.sqrt(3)
for step in range(300):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W1 -= 0.05 * x.T @ d_h
```

## How the derivation goes
For large |z| the slopes fall off exponentially:

    tanh′(z) = 1 − tanh²(z) ≈ 4 e^(−2|z|),        σ′(z) = σ(z)(1 − σ(z)) ≈ e^(−|z|).

At |z| = 5 they are 1.8e-4 and 6.6e-3. The gradient of the weights below has this as a factor, so it is a
thousand times smaller than where the unit works. With n inputs of size one and weights of spread s, z has a
spread of s√n: to keep it near one, s has to be about 1/√n.

## Fix safety
No edit is offered. Smaller initial weights, standardised inputs or a smaller rate help; the what-if of
`train` shows which.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.health.examination import Examination
from backproof.health.layers import FLAT, Layer
from backproof.health.places import initial_site, layer_name, spread
from backproof.health.wording import number, share_of, warning

RULE = Rule(
    code="BP503",
    name="saturated",
    group="health",
    summary="The activations sit where their slope is almost zero.",
)


MOST = (
    0.6  # of the values: more than half of the paths of the gradient are cut, not some tail of a good start
)


def findings(examination: Examination) -> Iterator[Finding]:
    """One for each hidden layer that starts on the flat parts of its activation."""
    for layer in examination.layers:
        if not (layer.hidden and layer.function.saturates):
            continue
        values = examination.inputs(layer, examination.start)
        share = flat_share(layer, values)
        if values.size < examination.enough or share < MOST:
            continue
        weights, name = layer.parameters[0], layer_name(examination, layer)
        size = spread([np.asarray(examination.start[leaf], dtype=float) for leaf in weights.leaves])
        sums = spread(values)
        message = (
            f"{share_of(share)} of the values of `{name}` start where the activation is flat (slope below "
            f"{100 * FLAT:.0f} % of its steepest), so hardly any gradient gets to `{weights.name}`. The sums "
            f"that go in are of size {number(sums)}, not 1: start `{weights.name}` at a spread of about "
            f"{number(size / sums)} instead of {number(size)}."
        )
        yield warning(RULE, message, initial_site(examination, weights), [weights.name])


def flat_share(layer: Layer, values: np.ndarray) -> float:
    """The share of some values that go into a layer at which its slope is nearly zero."""
    return float(np.mean(layer.function.slopes(values) < FLAT * layer.function.steepest))
