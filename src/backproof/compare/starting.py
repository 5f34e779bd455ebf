"""What the parameters of a training begin with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.compare.network import Network
from backproof.graph import Node
from backproof.step.change import root
from backproof.step.drawing import Law, laws_of
from backproof.step.update import keeps, learns
from backproof.trace import Store

Array = np.ndarray[Any, Any]


MOST = 3  # laws that are told one by one


def first_updates(judgement: Judgement) -> dict[Node, tuple[Node, Node]]:
    """What every parameter of a step was before the first update of the training, and after it."""
    step, begun = judgement.step, judgement.windows[0].start
    trace = step.trace
    stores: dict[Any, list[Store]] = defaultdict(list)
    for store in trace.stores:
        stores[store.place].append(store)
    found = {}
    for parameter in step.parameters:
        for leaf, change in zip(parameter.leaves, parameter.changes, strict=True):
            held = change.before, change.after
            for store in reversed(stores[change.place]):
                before = store.before if store.before is not None else _unseen(store.after)
                if before is None or before is store.after or store.time >= change.stores[-1].time:
                    continue
                if store.time < begun and not _is_update(before, store.after):
                    break  # what comes before is no training
                held = before, store.after
            found[leaf] = held
    return found


def _unseen(after: Node) -> Node | None:
    """What a place held that was not seen to be filled: what its first new value takes something off."""
    while after.operation == "identity" and after.operands:
        after = after.operands[0]
    if after.operation not in ("add", "subtract"):
        return None
    first = after.operands[0]
    return first if np.shape(first.value) == np.shape(after.value) else None


def _is_update(before: Node, after: Node) -> bool:
    """Is a value changed here as a gradient step changes it?"""
    return keeps(after, root(before, 0), whole=True) and learns(root(before, 0), after)


@dataclass(frozen=True, eq=False, repr=False)
class Start:
    """The first values of a network's parameters, and the laws that they were drawn by."""

    network: Network

    @cached_property
    def _first(self) -> dict[Node, Node]:
        first = first_updates(self.network.seen.judgement)
        return {n: root(first[n][0], 0) for n in self.network.leaves}

    @cached_property
    def numbers(self) -> Array:
        """All first values, in the order of the network."""
        parts = []
        for node, first in self._first.items():
            value = first.value if np.shape(first.value) == np.shape(node.value) else node.value
            parts.append(np.ravel(np.asarray(value, dtype=float)))
        return np.concatenate(parts)

    @cached_property
    def laws(self) -> list[Law | None]:
        """The law of every number."""
        trace = self.network.step.trace
        found: list[Law | None] = []
        for node, first in self._first.items():
            laws = laws_of(trace, first)
            found += laws if len(laws) == np.size(node.value) else [None] * int(np.size(node.value))
        return found

    def text(self) -> str:
        """Each parameter with its law, or else its range."""
        owners = self.network.owners
        parts: dict[str, str] = {}
        for name in dict.fromkeys(owners):
            places = [k for k, owner in enumerate(owners) if owner == name]
            parts[name] = described(self.numbers[places], [self.laws[k] for k in places])
        return grouped(parts)


def grouped(parts: dict[str, str]) -> str:
    """Write names with what is said of them, those of which the same is said together."""
    alike: dict[str, list[str]] = {}
    for name, text in parts.items():
        alike.setdefault(text, []).append(name)
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in alike.items())


def described(values: Array, laws: Sequence[Law | None]) -> str:
    """The law of some numbers, where they have one; else their range, mean and spread."""
    if laws and all(law is not None for law in laws):
        several = list(dict.fromkeys(map(str, laws)))
        if len(several) <= MOST:
            return " and ".join(several)
    return statistics(values)


def statistics(values: Array) -> str:
    """The range of some numbers, with mean and spread where they are several."""
    low, high = float(np.min(values)), float(np.max(values))
    if low == high:
        return f"all {low:.6g}" if np.size(values) > 1 else f"{low:.6g}"
    return f"from {low:.3g} to {high:.3g}, mean {np.mean(values):.3g}, spread {np.std(values):.3g}"
