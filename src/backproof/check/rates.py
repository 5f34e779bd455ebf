"""The learning rate of a step: the plain number that its updates multiply their gradients by."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from backproof.graph import Node, ancestors
from backproof.step import TrainingStep
from backproof.step.update import terms


def learning_rate(step: TrainingStep) -> float | None:
    """The plain number that the updates multiply their gradients by, where all have the same."""
    if step.hypothesis.minimised:
        return 1.0
    rates = _rates(step)
    known = [rate for rate in rates if rate is not None]
    return _one_of(known) if len(known) == len(rates) else None


def common_rate(step: TrainingStep) -> float | None:
    """The same of those updates that multiply by one: others may lack it, and lengths are none."""
    return _one_of([rate for rate in _rates(step, "f") if rate is not None])


def _one_of(rates: Sequence[float]) -> float | None:
    return rates[0] if rates and 0 < max(rates) <= min(rates) * (1 + 1e-9) else None


def _rates(step: TrainingStep, kinds: str = "biuf") -> list[float | None]:
    """The plain number of these kinds that the update of each parameter multiplies its gradient by."""
    if step.lengths:
        return [None]
    rates, counted = list[float | None](), set(ancestors([step.loss]))
    for parameter in step.parameters:
        _, added = terms(parameter.afters[0], parameter.leaves[0])
        found = (abs(r) for term in added if (r := _factor(term, counted, kinds)) is not None)
        rates.append(next(found, None))
    return rates


def _factor(term: Node, counted: Collection[Node], kinds: str) -> float | None:
    """The product of the numbers that the outermost multiplications of a term hold.

    What is ``counted`` in the loss is no part of a rate.
    """

    def is_number(node: Node) -> bool:
        data = node.operation == "leaf" and node in counted
        number = node.operation in ("leaf", "constant") and np.size(node.value) == 1
        return number and not data and np.asarray(node.value).dtype.kind in kinds

    total, found = 1.0, False
    while term.operation in ("multiply", "divide", "negative", "identity"):
        if term.operation in ("negative", "identity"):
            term = term.operands[0]
            continue
        x, y = term.operands
        if is_number(x) and term.operation == "multiply":
            total, term, found = total * float(np.ravel(x.value)[0]), y, True
        elif is_number(y):
            number = float(np.ravel(y.value)[0])
            total, term, found = (total * number if term.operation == "multiply" else total / number), x, True
        else:
            break
        if found:
            return total
    return total if found else None
