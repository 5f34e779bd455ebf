"""What a backward pass computes from data alone, written out: as a sum of the targets for one of the errors.

For a step that is data, and one leaf, whatever expression made it. Where a gradient is wrong, the expression
may be the mistake.
"""

from __future__ import annotations

import numpy as np

from backproof.check.recut import recut
from backproof.graph import Node
from backproof.step import TrainingStep
from backproof.step.loss import ancestors_since
from backproof.step.update import time_of


def written_out(step: TrainingStep) -> TrainingStep | None:
    """The step with what its backward pass makes of arrays of data written out; None where there is none."""
    written = _made_of(step, _from_data(step))
    return recut(step, written=written) if written else None


def _made_of(step: TrainingStep, written: frozenset[Node]) -> frozenset[Node]:
    """These values, and what else the step computes from them or from its own, though no update reads it."""
    found, copies = set(written), step.copies
    for node in step.trace.nodes:
        copy = copies.get(node) if time_of(node) >= step.window.start else None
        if copy is None or copy.operands or node.operation in ("leaf", "constant", "identity"):
            continue
        if any(o in found or (o in copies and copies[o].operands) for o in node.operands):
            found.add(node)
    return frozenset(found)


def _from_data(step: TrainingStep) -> frozenset[Node]:
    """The values of the trace that the backward pass makes of arrays of data alone, for an update."""
    window = step.window
    forward = set(ancestors_since([step.hypothesis.node], window.start - 1))
    used = ancestors_since([c.after for p in step.parameters for c in p.changes], window.start - 1)
    return frozenset(
        node
        for node in used
        if node in step.copies
        and not step.copies[node].operands
        and node not in forward
        and window.start <= time_of(node)
        and node.operation not in ("leaf", "constant", "identity")
        and node.operands
        and any(np.ndim(operand.value) for operand in node.operands)
    )
