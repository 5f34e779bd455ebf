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
    """The constants of a step that the program calls a learning rate, or only uses as one.

    None where they are not one number.
    """
    names = called(found)
    rates = []
    for entry in found.constants:
        if np.size(entry.value) != 1 or np.asarray(entry.value).dtype.kind not in "fi":
            continue
        if len({float(np.ravel(node.value)[0]) for node in entry.nodes}) > 1:  # another in a smaller batch
            continue
        name = names.get(entry.nodes[-1]) or entry.name or ""
        if RATE.search(name) and not OTHERS.search(name):
            rates.append(entry)
    rates = rates or _written(found)
    return rates if len({float(np.ravel(entry.value)[0]) for entry in rates}) == 1 else []


def _written(found: Recurrence) -> list[Entry]:
    """The numbers of the source that the updates of all parameters are multiplied by, one in each."""
    constants = set(found.constants)
    rates = []
    for each in found.carried[: found.parameters]:
        update = each.after
        taken = [operand for operand in update.operands if operand is not each.before]
        if update.operation not in ("add", "subtract") or len(taken) != 1:
            return []
        (term,) = taken
        while term.operation == "negative":
            (term,) = term.operands
        factors = [o for o in term.operands if o in constants and np.size(o.value) == 1]
        if (
            term.operation != "multiply"
            or len(factors) != 1
            or np.asarray(factors[0].value).dtype.kind != "f"
        ):
            return []
        rates += factors
    return list(dict.fromkeys(rates))


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
