"""The program as it stands does not run; this is what backproof lent it to be able to look at its gradients.

## What it does
Reports what a pasted program lacked, and what was put in its place while it was watched: imports of names
that everybody uses (`np`, `math`, `sin`, `plt`, `random`), and functions that NumPy has since removed
(`np.math`, `np.float`, `np.int`). Or what NumPy 2.4 refuses and took before: an array of one number as an
element or in `float(...)`, and `np.zeros(None)`. Your file is not changed.

## Why is this wrong?
It is not a wrong gradient, so it never makes a file faulty. But the program stops with a `NameError` or an
`AttributeError` for everybody who runs it without backproof.

## Example
```python
def sigmoid(z):
    return 1 / (1 + np.math.e ** -z)


half = sigmoid(0.0)
```

## Use instead
```python
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


half = sigmoid(0.0)
```

## How the derivation goes
None is needed: `np.math` was the standard library's `math` module, which NumPy 1.x let through by accident,
so `np.math.e ** -z` and `np.exp(-z)` are the same function and have the same derivative,

    d/dz e⁻ᶻ = −e⁻ᶻ.

What is supplied is always the thing that the name stood for; a name that could mean several things is not
guessed, and the program is then reported as one that failed.

## Fix safety
No edit is offered: which imports a file should have is its author's decision.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP001",
    name="supplied",
    group="general",
    summary="Something was supplied for the program to run.",
)
