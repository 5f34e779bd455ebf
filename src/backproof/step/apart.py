"""Networks that are trained side by side: the parameters of a step in groups that have nothing in common.

A program that compares optimizers updates several networks in one round of its loop, each by a loss of its
own. No single loss explains them all, and none has to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.step.loss import ancestors_since, stated
from backproof.step.update import time_of
from backproof.step.window import Window, parameters_since
from backproof.trace import Trace

MOST = 12  # networks that are looked at one by one
LAST = 8  # steps beside the first that are kept of each

Place = tuple[Any, ...]


def apart(trace: Trace, steps: Sequence[Window]) -> list[list[Window]]:
    """The steps of each network that a training updates, where there are several; else none.

    Two parameters belong to one network where anything that enters an update, or a scalar that may be the
    loss, is computed from both. Single numbers may be on their own, as the terms of a sum are: where a group
    holds nothing else, nothing is taken apart. Each step is as long as what is computed from its parameters.
    """
    steps = [*steps[:1], *steps[max(1, len(steps) - LAST) :]]
    network = {c.place: c.place for step in steps for c in step.parameters}
    times = [_joined(trace, step, network) for step in steps]
    names = list(dict.fromkeys(_found(network, place) for place in network))
    if not 1 < len(names) <= MOST:
        return []
    groups = defaultdict[Place, list[Window]](list)
    for step, made in zip(steps, times, strict=True):
        for name in names:
            own = tuple(c for c in step.parameters if _found(network, c.place) == name)
            if own:
                spans = [t for place, found in made.items() if _found(network, place) == name for t in found]
                groups[name].append(replace(step, start=min(spans), end=max(spans) + 1, parameters=own))
    return [] if any(_only_numbers(group[0]) for group in groups.values()) else list(groups.values())


def updated_later(trace: Trace, steps: Sequence[Window]) -> bool:
    """Does a run go on, after these steps, to update what is no part of them?"""
    known = {c.place for s in steps for c in (*s.parameters, *s.others, *s.locals, *s.states, *s.outside)}
    return any(change.place not in known for change in parameters_since(trace, max(s.end for s in steps)))


def _only_numbers(step: Window) -> bool:
    return all(np.size(c.before.value) == 1 for c in step.parameters)


def _joined(trace: Trace, step: Window, network: dict[Place, Place]) -> dict[Place, list[int]]:
    """Put those places under one name that a value of this step is computed from together.

    Gives the times at which something was computed from each place, and those of its stores.
    """
    since = min(time_of(c.before) for c in step.parameters)
    results = [*(c.after for c in step.parameters), *(h.node for h in stated(trace, step))]
    of = {c.before: c.place for c in step.parameters}
    for change in step.parameters:
        of.setdefault(change.after, change.place)
    times = {c.place: [s.time for s in c.stores] for c in step.parameters}
    made = (n for n in ancestors_since(results, since) if time_of(n) > since)
    for node in sorted(made, key=time_of):
        places = [of[operand] for operand in node.operands if operand in of]
        if node in of:
            places.append(of[node])
        for other in places[1:]:
            network[_found(network, other)] = _found(network, places[0])
        if places:
            of.setdefault(node, places[0])
            if step.start <= time_of(node) < step.end:
                times[places[0]].append(time_of(node))
    return times


def _found(network: dict[Place, Place], place: Place) -> Place:
    """The name that the network of a place has so far."""
    name = place
    while network[name] != name:
        name = network[name]
    while network[place] != name:  # the next time it is found at once
        network[place], place = name, network[place]
    return name
