"""The inputs are far from zero, large, or on scales that differ by orders of magnitude.

## What it does
Measures mean and spread of each input over the data. Inputs of a root mean square of 3 or more, or with
columns that differ by a factor of 30, are tried standardised. They are reported when that shows what they
cost: most of the first layer's values (or a tenth, where the inputs lie on one side of zero) start where
the activation is flat, and with standardised inputs hardly any do; or the loss, each time at the best of
many rates, ends up at less than half.

## Why is this wrong?
The gradients are right, and gradient descent with them is slow: a rate that is small enough for the large
input is far too small for the others.

## Example
```python
wide = x * [1.0, 30.0, 1000.0] + 500
rate = 1 / np.linalg.norm(np.c_[wide, np.ones(n)], 2) ** 2
for step in range(500):
    error = wide @ W + b - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * wide.T @ error
    b -= rate * error.sum(axis=0)
```

## Use instead
```python
wide = x * [1.0, 30.0, 1000.0] + 500
scaled = (wide - wide.mean(axis=0)) / wide.std(axis=0)
rate = 1 / np.linalg.norm(np.c_[scaled, np.ones(n)], 2) ** 2
for step in range(500):
    error = scaled @ W + b - t
    loss = 0.5 * np.sum(error**2)
    W -= rate * scaled.T @ error
    b -= rate * error.sum(axis=0)
```

## How the derivation goes
For out = xW + b and the squared error the Hessian is XᵀX with X = [x, 1]. Along its eigenvectors the
distance from the minimum is multiplied by 1 − lr·λ in each step. The largest eigenvalue bounds the rate, lr
< 2/λ_max, and the smallest then decides about the time: about

    λ_max / λ_min

steps for each factor of e. A single input with the mean μ and the spread s beside a bias has the Hessian
N·[[μ² + s², μ], [μ, 1]], whose ratio is about μ⁴/s²: for μ = 500 and s = 1 some 6·10¹⁰. Standardised inputs
make it the condition number of their correlations, a small number.

## Fix safety
No edit is offered. Standardise with mean and spread of the *training* data, and keep the two for what comes
later. A layer without a bias needs one then: nothing else can shift what goes into its units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.graph import Node
from backproof.health.examination import Examination
from backproof.health.inputs import Input, inputs, standardised_samples
from backproof.health.places import made_at, original
from backproof.health.saturated import flat_share
from backproof.health.wording import number, share_of, warning
from backproof.step import values

RULE = Rule(
    code="BP506",
    name="unscaled-input",
    group="health",
    summary="Inputs of large or very different sizes make the loss a narrow valley.",
)


LARGE = 3.0  # root mean square: three times what weights of the usual spread are made for
UNEQUAL = 30.0  # between features: curvatures differ by its square, 900
CENTRED = 0.5  # of the values of a layer, at least, that are flat with the inputs as they are ...
OFFSET = (
    0.1  # ... or, where the inputs lie on one side of zero, and so all units bend outside of the data ...
)
RELIEF = 0.25  # ... of which no more than this part is left with standardised ones
BETTER = 0.5  # the loss with standardised inputs, beside that with the raw ones, each at its best rate
FACTORS = (1000.0, 100.0, 10.0, 1.0, 0.1, 0.01, 0.001, 1e-4, 1e-6)


def findings(examination: Examination) -> Iterator[Finding]:
    """One for the inputs, where they are large, far from zero or unequal, and that is measured to harm."""
    found = tuple(each for each in inputs(examination) if _odd(each))
    if not found:
        return
    harm = _harm(examination, found)
    if harm is None:
        return
    bias = "" if _has_bias(examination, found) else ", and give the first layer a bias"
    for each in found:
        node = original(examination.step, each.leaf)
        site = made_at(examination.step, node)
        name = (
            f"`{each.leaf.name}`"
            if each.leaf.name
            else (f"`{site.text}`" if site is not None else "the input")
        )
        own = ", each column its own" if each.size.size > 1 else ""
        message = (
            f"{name[0].upper() + name[1:]} {_described(each)}: {harm} "
            f"Subtract the mean and divide by the spread{own}{bias}."
        )
        yield warning(RULE, message, site)


def _odd(each: Input) -> bool:
    """Is a feature large, or are the features of very different sizes?"""
    size = each.size
    return bool(size.max() >= LARGE or size.max() >= UNEQUAL * max(float(size.min()), 1e-300))


def _has_bias(examination: Examination, found: tuple[Input, ...]) -> bool:
    """Does the first layer give something at an input of zero? Without a bias, nothing shifts it."""
    zero = {each.leaf: np.zeros_like(np.asarray(each.leaf.value, dtype=float)) for each in found}
    moved = {leaf: np.asarray(value, dtype=float) + 1.0 for leaf, value in examination.recorded.items()}
    for layer in examination.layers[:1]:
        return bool(np.any(examination.inputs(layer, {**examination.start, **moved}, [zero])))
    return True


def _described(each: Input) -> str:
    size = each.size
    if size.size == 1:
        mean, spread = float(each.mean[each.scaled][0]), float(each.spread[each.scaled][0])
        return f"has the mean {number(mean)} and the spread {number(spread)}"
    if size.max() >= UNEQUAL * size.min():
        return f"has columns of sizes from {number(float(size.min()))} to {number(float(size.max()))}"
    return f"has columns of sizes up to {number(float(size.max()))}"


def _harm(examination: Examination, found: tuple[Input, ...]) -> str | None:
    """What the inputs do that standardised ones would not; None where nothing of the kind is measured."""
    scaled = standardised_samples(examination, found)
    apart = any(np.any(np.abs(each.mean) > each.spread, where=each.scaled) for each in found)
    for layer in examination.layers:
        if layer.hidden and layer.function.saturates:
            raw = flat_share(layer, examination.inputs(layer, examination.start))
            if raw < (OFFSET if apart else CENTRED):
                continue
            share = flat_share(layer, examination.inputs(layer, examination.start, scaled))
            if share <= RELIEF * raw:
                return (
                    f"{share_of(raw)} of the first layer's values start where the activation is flat; with "
                    f"standardised inputs, {share_of(share)}."
                )
    trial = examination.trial
    if trial is None or not _still_right(examination, scaled):
        return None
    other = trial.with_data(tuple(scaled))
    runs = [trial.run(factor) for factor in FACTORS]
    others = [other.run(factor) for factor in FACTORS]
    raw, best = (min(run.last for run in each) for each in (runs, others))
    first = runs[0].losses[0]
    if not 0 <= best <= BETTER * raw or raw >= first * 2:
        return None
    return (
        f"at the best rate {trial.steps} steps bring the loss from {number(first)} to {number(raw)}, with "
        f"standardised inputs to {number(best)}."
    )


def _still_right(examination: Examination, scaled: list[Mapping[Node, Any]]) -> bool:
    """Are the gradients still true with the new data? Not where the step uses a copy made elsewhere."""
    step = examination.step
    results = [*step.descents, *step.truths]
    found = values(step, results, {**examination.recorded, **scaled[0]})
    half = len(step.descents)
    scales = []
    for applied, true in zip(found[:half], found[half:], strict=True):
        a, t = np.ravel(applied).astype(float), np.ravel(true).astype(float)
        norm = float(np.linalg.norm(a) * np.linalg.norm(t))
        if a.shape != t.shape or (norm and float(a @ t) < 0.999 * norm):
            return False
        scales.append(norm)
    return any(scales)
