"""The same step cut out of the trace once more, seen otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from backproof.graph import Node
from backproof.step import TrainingStep, training_step


def recut(
    step: TrainingStep, apart: Sequence[Node] = (), written: Collection[Node] = ()
) -> TrainingStep | None:
    """The step with some values of the trace as leaves of their own, and others written out.

    None where it has other parameters then.
    """
    traced = {copy: node for node, copy in step.copies.items()}
    other = training_step(
        step.trace,
        step.window,
        step.hypothesis,
        apart,
        opened=step.opened,
        lengths=[traced[leaf] for leaf in step.lengths if leaf in traced],
        decaying=not step.decays,
        written=written,
    )
    if other is None or [p.name for p in other.parameters] != [p.name for p in step.parameters]:
        return None
    state = {
        other.copies[n]: step.state[c]
        for n, c in step.copies.items()
        if c in step.state and n in other.copies
    }
    return replace(other, state={**other.state, **state})
