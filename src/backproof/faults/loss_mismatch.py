"""What the program descends and what it calls its loss are different functions.

## What it does
Finds gradients that are all true for one loss, while the program computes and reports another one: a
squared error behind a cross-entropy, a penalty that is in only one of the two, a Huber loss with the
squared error's gradient.

## Why is this wrong?
The number on the screen is not what is being minimised: it can rise while the training does what it was
written for, and its minimum is somewhere else. Stopping, comparing and tuning by that number all go wrong.

Watching another measure is no fault: a program that prints the mean absolute error or the accuracy while it
descends the squared error is not reported, nor is weight decay that is in the update by convention.

## Example
```python
error = x @ W - t
size = np.abs(error)
loss = np.sum(np.where(size < 0.3, 0.5 * error**2, 0.3 * (size - 0.15)))

dW = x.T @ error
```

## Use instead
```python
error = x @ W - t
size = np.abs(error)
loss = np.sum(np.where(size < 0.3, 0.5 * error**2, 0.3 * (size - 0.15)))

dW = x.T @ np.clip(error, -0.3, 0.3)
```

## How the derivation goes
The stated loss is Huber's with the threshold k = 0.3: ½e² inside, k(|e| − k/2) outside. Piece by piece

    ∂L/∂e = e               where |e| < k
    ∂L/∂e = k · sign(e)     elsewhere,

which is e clipped to [−k, k]. The Example has ∂L/∂e = e everywhere, the derivative of ½Σe²: a right
gradient of a different loss, and the outliers that Huber's loss is there to bound pull with their full
weight.

## Fix safety
There are two ways to make them agree, and only you know which loss was meant. The edit changes the backward
pass to the stated loss; it is marked unsafe where the other way is as small.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP401",
    name="loss-mismatch",
    group="consistency",
    summary="The gradient is right for another loss than the one the program states.",
)
