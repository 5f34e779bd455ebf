"""The gradients of earlier steps, or the same gradient a second time, are still in the sum that is applied.

## What it does
Finds an accumulated gradient that holds more than this step's: a buffer that was made once and only ever
added to, or a contribution that is added in two places.

## Why is this wrong?
After k steps the update is the sum of k gradients, each from another point. It acts like momentum without
decay: the first steps look fine, then the loss oscillates with a growing amplitude. Correct gradients in
the first step are no evidence, since the buffer starts at zero.

## Example
```python
# dW = np.zeros_like(W) stands above the training loop
error = x @ W - t
loss = 0.5 * np.sum(error**2)

for sample, e in zip(x, error):
    dW += np.outer(sample, e)
W -= lr * dW
```

## Use instead
```python
error = x @ W - t
loss = 0.5 * np.sum(error**2)

dW = np.zeros_like(W)
for sample, e in zip(x, error):
    dW += np.outer(sample, e)
W -= lr * dW
```

## How the derivation goes
The gradient of a sum over samples is the sum of their gradients, which is why it is accumulated:

    ∂L/∂W = Σ_i x_i ⊗ e_i.

The sum runs over the samples of this batch and has to start at zero for each step. If it does not, step k
applies

    Σ_{j ≤ k} ∂L/∂W at W_j,

the gradients at all points passed so far with equal weight. Momentum is the same sum with weights μ^(k−j)
and μ < 1; that is meant, has a name and a factor, and is not reported.

## Fix safety
The line that makes the buffer is moved to where the step begins, or a reset is put there. The mended
program is run for several steps to verify it, since one step cannot show the fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backproof.check.place import Place
from backproof.check.trial import Edge
from backproof.faults.correction import Correction, Part
from backproof.faults.rule import Rule
from backproof.graph import Node, constant

RULE = Rule(
    code="BP302",
    name="not-reset",
    group="update",
    summary="A gradient buffer is not zeroed, or is accumulated twice.",
)


def proposals(places: list[Place]) -> Iterator[Correction]:
    """Let what a gradient buffer carries over from the step before be nothing."""
    if not places:
        return
    step = places[0].scenery.bench.step
    carried = {
        step.copies[change.before]
        for change in step.window.others
        if change.before in step.copies and np.asarray(change.before.value).dtype.kind == "f"
    }
    for place in places:
        if not all(edge.operand in carried for edge in place.edges):
            continue

        def build(edge: Edge) -> Node | None:
            return constant(np.zeros(np.shape(edge.operand.value)))

        why = (
            f"`{place.text}` still holds the gradients of the step before; every step has to start from zero"
        )
        yield Correction(
            "not-reset",
            (Part(place, place.text, build),),
            1.2,
            why,
            expected="zero at the start of the step",
            edits=(),
        )
