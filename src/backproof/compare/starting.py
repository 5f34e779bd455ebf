"""What the parameters of a training begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.compare.laws import Law, law_of
from backproof.compare.network import Network
from backproof.graph import Node
from backproof.step.change import root

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Start:
    """The first values of a network's parameters, and the laws that they were drawn by."""

    network: Network

    @cached_property
    def _first(self) -> dict[Node, Node]:
        judgement, step = self.network.seen.judgement, self.network.step
        begun = judgement.windows[0].start
        held: dict[Any, Node] = {}
        for store in step.trace.stores:
            if store.time < begun or store.place in held:
                continue
            if store.before is not None:
                held[store.place] = store.before
            elif step.trace.sites[store.site].kind == "AugAssign" and store.after.operands:
                held[store.place] = store.after.operands[0]
        changes = {
            leaf: change for p in step.parameters for leaf, change in zip(p.leaves, p.changes, strict=True)
        }
        return {n: root(held.get(changes[n].place, changes[n].before), 0) for n in self.network.leaves}

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
            found += [law_of(trace, first)] * int(np.size(node.value))
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
    first = laws[0] if laws else None
    if first is not None and all(law is not None and first.is_like(law) for law in laws):
        return str(first)
    return statistics(values)


def statistics(values: Array) -> str:
    """The range of some numbers, with mean and spread where they are several."""
    low, high = float(np.min(values)), float(np.max(values))
    if low == high:
        return f"all {low:.6g}" if np.size(values) > 1 else f"{low:.6g}"
    return f"from {low:.3g} to {high:.3g}, mean {np.mean(values):.3g}, spread {np.std(values):.3g}"
