"""What the rounds of a loop have to give that add up a gradient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.mend.inwards.evaluation import Values, is_same
from backproof.mend.inwards.knowledge import Knowledge


def rounds(knowledge: Knowledge, last: Node, wanted: Values) -> list[tuple[Node, Values]]:
    """The sums up to one that is wanted, and what they have to be; each with the sum before it given.

    None where nothing is added up, or what is wanted does not come in as many parts.
    """
    chain = _chain(last)
    if len(chain) < 2:
        return []
    at = chain[1].operands.index(chain[0])
    best: tuple[int, list[Values]] | None = None
    for parts in _parts(knowledge, np.shape(last.value), len(chain), wanted):
        count = sum(_adds(knowledge, node, part, at) for node, part in zip(chain, parts, strict=True))
        if best is None or count > best[0]:
            best = count, parts
    if best is None:
        return []
    sums, total = [(chain[0], best[1][0])], best[1][0]
    knowledge.given.setdefault(chain[0], [])
    for before, node, part in zip(chain, chain[1:], best[1][1:], strict=False):
        knowledge.given[node] = knowledge.evaluation(node).reading(before, knowledge.leaf(total))
        total = _total((total, part))
        sums.append((node, total))
    return sums


def _chain(last: Node) -> list[Node]:
    """The sums of a loop up to one of them, the first first."""
    chain = [last]
    while chain[-1].operation == "add":
        before = next((o for o in chain[-1].operands if _site(o) == _site(last) and o.operands), None)
        if before is None:
            break
        chain.append(before)
    return chain[::-1]


def _parts(
    knowledge: Knowledge, shape: tuple[int, ...], count: int, wanted: Values
) -> Iterator[list[Values]]:
    """The parts of one derivative that add up to a value, against the order of the forward pass or in it."""
    groups = defaultdict[Any, list[tuple[int, Node]]](list)
    for true, entry, scale in knowledge.truths.shaped(shape):
        if entry.kind == "path":
            groups[entry.of, entry.key, scale].append((entry.time, true))
    for group in groups.values():
        each = len(group) // count  # a round may use a parameter several times
        if each * count != len(group):
            continue
        ordered = [knowledge.values(true) for _, true in sorted(group, key=lambda pair: pair[0])]
        parts = [_total(ordered[k : k + each]) for k in range(0, len(group), each)]
        if all(is_same(a, b) for a, b in zip(_total(parts), wanted, strict=True)):
            yield parts[::-1]
            yield parts


def _adds(knowledge: Knowledge, node: Node, part: Values, at: int) -> bool:
    """Is a part what a round adds to the sum so far, which is its operand ``at``?"""
    return any(knowledge.is_met(o, part) for k, o in enumerate(node.operands) if k != at)


def _total(parts: Sequence[Values]) -> Values:
    return tuple(sum(each[1:], start=each[0]) for each in zip(*parts, strict=True))


def _site(node: Node) -> int:
    return -1 if node.origin is None else int(node.origin.site)
