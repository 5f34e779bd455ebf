"""The learning rate of a program: the number that it calls one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backproof.graph import Node
from backproof.retrain.aligned import Entry
from backproof.retrain.recurrence import Recurrence
from backproof.step.change import root
from backproof.step.rates import OTHERS, RATE


def rates_of(found: Recurrence) -> list[Entry]:
    """The constants of a step that the program calls a learning rate; none where they are not one number."""
    names = called(found)
    rates = []
    for entry in found.constants:
        if np.size(entry.value) != 1 or np.asarray(entry.value).dtype.kind not in "fi":
            continue
        name = names.get(entry.nodes[-1]) or entry.name or ""
        if RATE.search(name) and not OTHERS.search(name):
            rates.append(entry)
    return rates if len({float(np.ravel(entry.value)[0]) for entry in rates}) == 1 else []


def called(found: Recurrence) -> Mapping[Node, str]:
    """What the program calls the values that it has under a name, an attribute or a key."""
    names: dict[Node, str] = {}
    for binding in found.trace.bindings:
        names.setdefault(root(binding.node, 0), binding.name)
    for store in found.trace.stores:
        label = found.trace.labels.get(store.place)
        if label and RATE.search(label.strip("'\"]")):
            names[root(store.after, 0)] = label.strip("'\"]")
    for holding in found.trace.holdings:
        if isinstance(holding.content, Node) and isinstance(holding.place[-1], str):
            names.setdefault(root(holding.content, 0), holding.place[-1])
    return names
