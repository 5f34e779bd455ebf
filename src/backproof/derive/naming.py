"""Names for derivatives: the author's own where there are some, else made after the author's pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.derive.forward import Forward
from backproof.derive.identifiers import identifier
from backproof.graph import Node, evaluate

SAME = 1e-7


def adjoint_names(
    forward: Forward,
    found: Mapping[Node, Node],
    points: Sequence[Mapping[Node, Any]],
) -> dict[Node, str]:
    """A name for the adjoint of each value in ``found``, all different and none of them taken."""
    own = _own_names(forward, found, points)
    before, after = pattern(forward, own)
    taken = set(forward.names.values())
    names: dict[Node, str] = {}
    for of in found:
        name = own.get(of)
        if name is None or name in taken:
            base = identifier(forward.names.get(of) or f"u{len(names) + 1}")
            name = f"{before}{base}{after}"
        while name in taken:
            name += "_"
        taken.add(name)
        names[of] = name
    return names


def _own_names(
    forward: Forward, found: Mapping[Node, Node], points: Sequence[Mapping[Node, Any]]
) -> dict[Node, str]:
    """What the hand-written backward pass calls the adjoints that it has right."""
    wanted = list(found.values())
    tables = [
        evaluate([*wanted, *(node for _, node in forward.backward)], {**forward.state, **point})
        for point in points
    ]
    own: dict[Node, str] = {of: name for of, name in forward.applied.items() if of in found}
    used: set[str] = set(own.values())
    counts = Counter(name for name, _ in forward.backward)
    for name, node in forward.backward:
        if counts[name] > 1:
            continue
        for of, g in found.items():
            if of in own or name in used or np.shape(g.value) != np.shape(node.value):
                continue
            if all(_parallel(table[node], table[g]) for table in tables):
                own[of] = name
                used.add(name)
    return own


def own_name(
    true: Node, backward: Mapping[str, Sequence[Node]], tables: Sequence[Mapping[Node, Any]]
) -> str | None:
    """What the hand-written backward pass calls an adjoint that it computes under one name each round."""
    for name, nodes in backward.items():
        for node in nodes:
            if np.shape(node.value) == np.shape(true.value) and all(
                _parallel(table[node], table[true]) for table in tables
            ):
                return name
    return None


def _parallel(a: Any, b: Any) -> bool:
    """Are two values the same but for a positive constant?"""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = float(np.vdot(b, b))
    if size == 0 or np.size(a) < 2:
        return bool(size) and bool(np.allclose(a, b, rtol=SAME, atol=0))
    c = float(np.vdot(a, b)) / size
    return c > 0 and float(np.linalg.norm(a - c * b)) <= SAME * float(np.linalg.norm(a))


def pattern(forward: Forward, own: Mapping[Node, str]) -> tuple[str, str]:
    """What the author writes before and after the name of a value to name its derivative."""
    if forward.pattern is not None:
        return forward.pattern
    votes: Counter[tuple[str, str]] = Counter()
    for of, name in own.items():
        base = forward.names.get(of)
        if base and base in name and base != name:
            votes[tuple(name.split(base, 1))] += 1  # type: ignore[index]
    for (before, after), _ in votes.most_common():
        if f"{before}x{after}".isidentifier():
            return before, after
    short = all(len(p.name) <= 3 for p in forward.parameters)
    return ("d", "") if short else ("d_", "")


def fresh(stem: str, taken: set[str]) -> str:
    """A name that is not taken: the stem with the least number that makes it one. It is taken then."""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    taken.add(f"{stem}{number}")
    return f"{stem}{number}"
