"""Each step overshoots the minimum by more than it was away from it, so the loss grows.

## What it does
Repeats the program's own updates on the recorded step, with its data and the memory of its optimizer, from
the parameters that it starts with. Reported is a rate at which the loss climbs to more than one and a half
times what it began with and stays there, when at a tenth of it or less it falls.

## Why is this wrong?
The gradient is a promise about small steps only. It is no fault of the derivation, so it is a warning; but
looking for one when the rate is to blame costs days.

## Example
```python
rate = 1.0
for step in range(50):
    error = x @ W - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * x.T @ error
```

## Use instead
```python
rate = 1 / np.linalg.norm(x, 2) ** 2
for step in range(50):
    error = x @ W - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * x.T @ error
```

## How the derivation goes
Near a minimum L(w) ≈ L* + ½ λ (w − w*)² along a direction of curvature λ. One step takes

    w − w*  →  (1 − lr · λ)(w − w*),

which shrinks exactly when |1 − lr·λ| < 1, that is when

    lr < 2/λ.

For a linear layer with the squared error λ is the largest eigenvalue of xᵀx, the square of the spectral
norm of x. It grows with the size of the inputs and, for a summed loss, with the number of samples: a rate
that was fine for a mean loss is N times too large for a sum.

## Fix safety
No edit is offered: the report names a rate at which the loss fell. Momentum, batch size and schedule matter
too.
"""

from __future__ import annotations

from collections.abc import Iterator

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.health.examination import Examination
from backproof.health.places import rate_of
from backproof.health.trial import Course
from backproof.health.wording import number, warning

RULE = Rule(
    code="BP501",
    name="learning-rate-too-large",
    group="health",
    summary="The gradients are right, and the steps along them too long.",
)


SLOWER = (0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6)  # times the program's rate
TRIED = (0.5, 0.2)  # between the two, for the advice


def findings(examination: Examination) -> Iterator[Finding]:
    """One where the program's own updates, repeated, raise the loss, and shorter ones lower it."""
    trial = examination.trial
    if trial is None:
        return
    own = trial.run()
    if not own.rises:
        return
    slower = next(((f, run) for f in SLOWER if (run := trial.run(f)).falls), None)
    if slower is None:
        return
    factor, course = slower
    if factor == SLOWER[0]:
        factor, course = next(((f, run) for f in TRIED if (run := trial.run(f)).falls), slower)
    rate, site = rate_of(examination)
    at = f"At the learning rate {number(rate)}" if rate else "As the updates are"
    other = f"at {number(rate * factor)}" if rate else f"with updates {number(1 / factor)} times shorter"
    message = (
        f"{at} the loss {_said(own)}; {other} it falls to {number(course.last)}. The gradients are right, "
        f"the steps too long: use {f'{number(rate * factor)} or less' if rate else 'a smaller rate'}."
    )
    yield warning(RULE, message, site, [p.name for p in examination.step.parameters])


def _said(course: Course) -> str:
    first = number(course.losses[0])
    if course.last > 1e6 * max(abs(course.losses[0]), 1e-12):
        return f"grows from {first} beyond all bounds within {course.steps} steps"
    return f"rises from {first} to {number(course.last)} in {course.steps} steps"
