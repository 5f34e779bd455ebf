"""Several units of a layer have the same weights in and out, get the same gradients, and so remain one unit.

## What it does
Finds hidden layers all of whose units get equal sums and have equal adjoints, for every sample, at the
start and some steps later: weights that start at zero or at one constant.

## Why is this wrong?
The layer has as many units as it was given only on paper; it computes one function, several times over.
With zeros in both layers the gradients are zero as well, and nothing moves but the last bias.

## Example
```python
W1 = np.full((3, 5), 0.5)
W2 = np.full((5, 2), 0.5)
for step in range(400):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W2 -= 0.05 * h.T @ error
    W1 -= 0.05 * x.T @ d_h
```

## Use instead
```python
random = np.random.default_rng(1)
W1 = random.standard_normal((3, 5)) / np.sqrt(3)
W2 = random.standard_normal((5, 2)) / np.sqrt(5)
for step in range(400):
    h = np.tanh(x @ W1)
    error = h @ W2 - t
    loss = 0.5 * np.sum(error**2)
    d_h = error @ W2.T * (1 - h**2)
    W2 -= 0.05 * h.T @ error
    W1 -= 0.05 * x.T @ d_h
```

## How the derivation goes
Let units j and k have equal weights in, W1_·j = W1_·k, and out, W2_j· = W2_k·. Then h_j = h_k for every
sample, and

    ∂L/∂W2_j· = h_jᵀ e = h_kᵀ e = ∂L/∂W2_k·
    ∂L/∂W1_·j = xᵀ(e · W2_jᵀ ⊙ f′) = ∂L/∂W1_·k.

Equal gradients make equal steps, so the two are equal after the step too, and by induction for ever.
Exchanging the units is a symmetry of the network, and gradient descent cannot break one; the initialisation
has to.

Zero *biases* are fine, and so is a single layer (a linear or logistic regression) that starts at zero.

## Fix safety
No edit is offered. Draw the weights at random, with a spread of about 1/√(number of inputs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.graph import Node
from backproof.health.examination import Examination
from backproof.health.layers import Layer
from backproof.health.places import initial_site, layer_name
from backproof.health.wording import number, warning

RULE = Rule(
    code="BP502",
    name="symmetric-initialisation",
    group="health",
    summary="Units that start equal stay equal.",
)


EQUAL = 1e-10  # relative: equal sums, taken in another order, differ by less


def findings(examination: Examination) -> Iterator[Finding]:
    """One for each hidden layer whose units are all equal, at the start and at the recorded step."""
    for layer in examination.layers:
        function = layer.function
        if not (layer.hidden and (function.saturates or function.rectifies)):
            continue
        recorded = {**examination.start, **examination.recorded}
        if not (_equal(examination, layer, examination.start) and _equal(examination, layer, recorded)):
            continue
        weights = layer.parameters[0]
        values = np.concatenate([np.ravel(examination.start[leaf]) for leaf in weights.leaves])
        size = int(np.prod(weights.shape)) // max(1, len(examination.inputs(layer, examination.start)))
        at = f" (`{weights.name}` is {number(values[0])} everywhere)" if np.ptp(values) == 0 else ""
        units = len(examination.inputs(layer, examination.start))
        message = (
            f"All {units} units of `{layer_name(examination, layer)}` start equal{at}, get equal gradients "
            f"and stay equal: together they can do no more than one unit. Draw `{weights.name}` at random, "
            f"with a spread of about {number(1 / np.sqrt(max(size, 1)))}."
        )
        yield warning(RULE, message, initial_site(examination, weights), [weights.name])


def _equal(examination: Examination, layer: Layer, parameters: Mapping[Node, Any]) -> bool:
    """Do all units get the same, and is the loss as sensitive to each, for every sample?"""
    values = examination.inputs(layer, parameters)
    if values.shape[0] < 2 or not _alike(values):
        return False
    return _alike(examination.adjoints_of(layer, parameters))


def _alike(values: np.ndarray) -> bool:
    return bool(np.all(np.ptp(values, axis=0) <= EQUAL * np.max(np.abs(values), initial=0.0)))
