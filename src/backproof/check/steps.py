"""Which of the steps that were seen to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.graph import Node
from backproof.step import Window
from backproof.step.apart import updated_later
from backproof.step.change import made_between
from backproof.trace import Trace

BLOWN_UP = 1e3  # times as large as they began: parameters that diverge, where nothing can be compared
OTHERS = 3  # steps in which gradients that are right in one have to be right as well
LONGEST, SHORT = 3, 2_000  # times as many values as that step makes, or so many: more is no step like it


def chosen_window(found: list[Window]) -> Window:
    """The last step, when every value has its type, before the program blows up.

    But the first in which a parameter changes its shape.
    """
    for window in found:
        if any(np.shape(c.before.value) != np.shape(c.after.value) for c in window.parameters):
            return window
    most = max(len(w.parameters) for w in found)
    whole = [w for w in found if len(w.parameters) == most]
    largest = BLOWN_UP * (1 + _size(whole[0]))
    return next((w for w in reversed(whole) if _size(w) < largest), whole[0])


def _size(window: Window) -> float:
    """The largest number among the parameters before and after a step; infinite where one is none."""
    sizes = [
        float(np.max(np.abs(np.asarray(value, dtype=float)), initial=0.0))
        for c in window.parameters
        for value in (c.before.value, c.after.value)
    ]
    return max((s if np.isfinite(s) else np.inf for s in sizes), default=0.0)


def breaks_off(trace: Trace, found: Sequence[Window]) -> bool:
    """Was the run stopped while it had begun to update something else than what these steps do?

    As where a round trains several networks, and the first of them looked like all there is.
    """
    return trace.ended == "stopped" and bool(found) and updated_later(trace, found)


def first_alone(trace: Trace, found: Sequence[Window]) -> bool:
    """Was the run stopped when only a first step was over, in which some numbers are not known as yet?

    A number of a list is known once something was computed from it and from what is known: the weights of a
    first layer from the second step on, since the data that they are first used with are not.
    """
    if trace.ended != "stopped" or len(found) != 1:
        return False
    (window,) = found
    return any(
        store.before is None
        and store.place[0] == "item"
        and window.start <= store.time < window.end
        and np.ndim(store.after.value) == 0
        for store in trace.stores
    )


def telling_windows(trace: Trace, found: list[Window], window: Window) -> list[Window]:
    """The steps that say the most beside this one: those that run other code, then the longest, the last.

    And the shortest, in which what is repeated is repeated less often: lengths that were one by chance
    differ. The first step is none of them, whose empty buffers make it special, nor is one that is so long
    that it does other things as well.
    """
    others = [w for w in found[1:] if w.start != window.start and len(w.parameters) == len(window.parameters)]
    nodes, sites = _contents(trace, window)
    contents = [(w, *_contents(trace, w)) for w in others]
    contents = [entry for entry in contents if entry[1] <= max(LONGEST * nodes, SHORT)]
    chosen: list[Window] = []
    while contents and len(chosen) < OTHERS:
        entry = max(contents, key=lambda e: (len(e[2] - sites), e[1], e[0].start))
        contents.remove(entry)
        sites |= entry[2]
        chosen.append(entry[0])
    shortest = min(contents, key=lambda e: (e[1], -e[0].start), default=None)
    if shortest is not None and shortest[1] < nodes:
        chosen.append(shortest[0])
    return [*_repeating(trace, found, window), *chosen]


def _repeating(trace: Trace, found: list[Window], window: Window) -> list[Window]:
    """The first step that writes to one entry of an array twice at once, where this one does not.

    What is there twice is to count twice.
    """
    if _repeats(made_between(trace, window.start, window.end)):
        return []
    alike = (w for w in found if w.start != window.start and len(w.parameters) == len(window.parameters))
    return [w for w in alike if _repeats(made_between(trace, w.start, w.end))][:1]


def _repeats(nodes: Sequence[Node]) -> bool:
    """Is anything written to entries of an array that are named by numbers of which some are the same?"""
    for node in nodes:
        index = node.attributes.get("index") if node.operation == "index_update" else None
        for part in index if isinstance(index, tuple) else (index,):
            if isinstance(part, np.ndarray) and part.dtype.kind in "iu" and len(np.unique(part)) < part.size:
                return True
    return False


def _contents(trace: Trace, window: Window) -> tuple[int, set[int]]:
    """How many values a step has made, and at which places of the program."""
    made = made_between(trace, window.start, window.end)
    return len(made), {node.origin.site for node in made if node.origin is not None}
