"""A function of the program is not in backproof's table; its derivative was found by calling it.

## What it does
Reports which library functions of the training step have no derivative rule here, so that the true gradients
were computed numerically there: by a complex step where the function takes complex numbers rightly, else by
Ridders' extrapolation of central differences, which comes with an estimate of its own error.

## Why is this wrong?
It is not. The gradients are held against the true ones as always, to a relative 10⁻⁶ instead of to rounding.
A derivative whose own estimate of its error is larger than that, as at a kink of the function, is not used:
the program is then called neither right nor wrong.

## Example
```python
volume = np.linalg.norm(x @ W)
loss = 0.5 * volume**2

dW = x.T @ (x @ W)
```

## Use instead
```python
volume = np.sqrt(np.sum((x @ W) ** 2))
loss = 0.5 * volume**2

dW = x.T @ (x @ W)
```

## How the derivation goes
For a function f that can only be called, the complex step gives

    ∂f/∂x = Im f(x + ih) / h    with h = 10⁻²⁰⁰,

without a difference of nearly equal numbers. Where f cannot take complex numbers, differences at steps
h, h/1.4, h/1.4², ... are extrapolated to h = 0 (Ridders, 1982).

## Fix safety
No edit is offered, since nothing is wrong.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP004",
    name="numeric-derivative",
    group="general",
    summary="A library function has no derivative rule; its derivative was found by calling it.",
)
