"""The output activation cannot reach the targets, so the loss has a floor that no training gets under.

## What it does
Compares the range of the targets with that of the output's activation: targets of 10 for a sigmoid,
negative ones for a ReLU, labels of −1 for a probability. Reported when more than 5 % of the targets lie
outside, by more than 5 % of the range.

## Why is this wrong?
The gradients are right, and lead the output to its limit, where its slope vanishes: the weights grow
without end, and the loss stops at the distance between the limit and the targets.

## Example
```python
high = 10 * t
for step in range(2000):
    out = sigmoid(x @ W + b)
    error = out - high
    loss = 0.5 * np.mean(error**2)
    delta = error * out * (1 - out) / n
    W -= 0.5 * x.T @ delta
    b -= 0.5 * delta.sum(axis=0)
```

## Use instead
```python
high = 10 * t
for step in range(2000):
    out = x @ W + b
    error = out - high
    loss = 0.5 * np.mean(error**2)
    delta = error / n
    W -= 0.5 * x.T @ delta
    b -= 0.5 * delta.sum(axis=0)
```

## How the derivation goes
With out = σ(z) < 1 and a target t > 1,

    ∂L/∂z = (out − t) · out(1 − out) < 0        for every z,

so gradient descent raises z for ever, and the loss falls towards its infimum ½(1 − t)², which is not
attained. For t = 10 that is 40.5, however large the network is.

Regression wants an output without an activation. Where the activation is wanted, bring the targets into its
range, (t − min)/(max − min), and undo it on what the network predicts.

## Fix safety
No edit is offered, since both ways change what the network computes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.graph import Node, ancestors
from backproof.health.examination import Examination
from backproof.health.layers import Activation, root_of
from backproof.health.places import site_of
from backproof.health.wording import number, share_of, warning

RULE = Rule(
    code="BP505",
    name="target-out-of-range",
    group="health",
    summary="The targets lie outside what the output can be.",
)


BEYOND = 0.05  # of the range: a target just at a limit, or a little noise over it, is usual
SHARE = 0.05  # of the targets: a single outlier is not the model's fault


def findings(examination: Examination) -> Iterator[Finding]:
    """One for an output whose activation cannot give the targets that it is held against."""
    step = examination.step
    seen: set[Node] = set()
    forward = set(ancestors([step.loss]))
    for node in ancestors([step.loss, *step.descents]):
        if node.operation != "subtract":
            continue
        for output, target in (node.operands, node.operands[::-1]):
            if not _is_data(target) or target in examination.first or output not in forward:
                continue  # what the step itself goes on with, as a running total, is no target
            activation = root_of(step, output)
            if activation is None or activation.before in seen:
                continue
            low, high = activation.limits
            values = _targets(examination, target)
            beyond = BEYOND * (high - low) if np.isfinite(high - low) else BEYOND * np.std(values)
            out = (values < low - beyond) | (values > high + beyond)
            if not np.isfinite(values).all() or np.mean(out) < SHARE or not out.any():
                continue
            seen.add(activation.before)
            yield _finding(examination, activation, target, values, float(np.mean(out)))


def _is_data(node: Node) -> bool:
    """Is this a value that the program was given, and no number of a formula, as the 1 of 1 - a is?"""
    return node.operation == "leaf" or (node.operation == "constant" and node.name is not None)


def _targets(examination: Examination, target: Node) -> np.ndarray:
    values = [np.ravel(sample.get(target, target.value)) for sample in examination.samples]
    return np.concatenate(values).astype(float)


def _finding(
    examination: Examination, activation: Activation, target: Node, values: np.ndarray, share: float
) -> Finding:
    low, high = activation.limits
    site = site_of(examination.step, activation.after)
    name = f"`{target.name}`" if target.name else "the targets"
    if np.isfinite(high - low):
        reach = f"between {number(low)} and {number(high)}"
    else:
        reach = f"above {number(low)}" if np.isfinite(low) else f"below {number(high)}"
    output = f"`{activation.after.name}`" if activation.after.name else "the output"
    message = (
        f"{output[0].upper() + output[1:]} can only be {reach}, but {share_of(share)} of {name} "
        f"({number(float(values.min()))} to {number(float(values.max()))}) are outside: the loss cannot come "
        "near zero. Leave the activation off at the output, or scale the targets into its range."
    )
    return warning(RULE, message, site)
