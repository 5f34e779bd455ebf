"""A memory of the optimizer that begins with the values of the weights, and not with zeros."""

from __future__ import annotations

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import Change, label
from backproof.step.change import root
from backproof.step.memory import is_momentum
from backproof.trace import Trace


def begun_as_weights(judgement: Judgement) -> tuple[tuple[str, str], ...]:
    """The velocities that held a parameter's own first values, each with the name of that parameter."""
    step, trace = judgement.step, judgement.step.trace
    first = [
        (node, label(trace, change))
        for change in step.window.parameters
        if (node := _first(trace, change)) is not None and np.size(node.value) > 1
    ]
    found = []
    for change in step.window.others:
        if np.size(change.before.value) == 1:
            continue  # one number is like another by chance
        begun = _first(trace, change) if is_momentum(change, step.window.parameters) else None
        if begun is not None and np.any(np.ravel(begun.value) != np.ravel(begun.value)[:1]):
            alike = (name for node, name in first if np.array_equal(node.value, begun.value))
            found += [(label(trace, change), name) for name in alike]
    return tuple(dict.fromkeys(found))


def _first(trace: Trace, change: Change) -> Node | None:
    """The value that a place is seen to have held first."""
    store = next((s for s in trace.stores if s.place == change.place), None)
    if store is None:
        return None
    return root(store.after if store.before is None else store.before, 0)
