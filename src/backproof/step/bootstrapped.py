"""Losses with targets that are computed from the parameters themselves, and held fixed by the gradient.

So temporal-difference learning has it: what a state is worth is compared with a reward and a share of what
the next state is worth, ``reward + share * value(after) - value(before)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from backproof.graph import Node
from backproof.step.cut import dependent
from backproof.step.loss import Hypothesis, ancestors_since
from backproof.step.update import time_of

CALLED = re.compile(r"target|backup|bootstrap|bellman|^td", re.IGNORECASE)
SUMS = frozenset({"add", "subtract"})


def held(hypothesis: Hypothesis, befores: Sequence[Node], since: int) -> list[Hypothesis]:
    """The same loss with a target held fixed, in every sample of the step.

    That a path of the chain rule is forgotten looks alike: only what the program calls a target is one, and a
    share of a value that stands beside data, and is compared with a value itself.
    """
    if not hypothesis.stated:
        return []
    line = sorted((n for n in ancestors_since([hypothesis.node], since) if time_of(n) > since), key=time_of)
    moving = dependent(line, befores)
    targets = {
        operand
        for node in line
        if node.operation == "subtract" and moving.issuperset(node.operands)
        for operand in node.operands
        if operand.name and CALLED.search(operand.name)
    }
    by_name = [tuple(t for t in targets if t.name == name) for name in dict.fromkeys(t.name for t in targets)]
    shared = tuple(dict.fromkeys(shares(line, moving)))
    return [replace(hypothesis, held=group) for group in (*by_name, shared) if group]


def shares(line: Sequence[Node], moving: set[Node]) -> Iterator[Node]:
    """What differences have of a share of one value, beside data, and against another value."""
    within = set(line)
    inner = {operand for node in line if node.operation in SUMS for operand in node.operands}
    for node in line:
        if node.operation not in SUMS or node not in moving or node in inner:
            continue
        terms = list(_terms(node, within))
        data = [term for term, _ in terms if term not in moving]
        values = [(term, sign) for term, sign in terms if term in moving]
        shares = [(term, sign) for term, sign in values if _is_share(term, moving)]
        whole = [sign for term, sign in values if not _is_share(term, moving)]
        if data and len(whole) == len(shares) == 1 and shares[0][1] != whole[0]:
            yield shares[0][0]


def _terms(whole: Node, within: set[Node]) -> Iterator[tuple[Node, int]]:
    """The terms of a sum, each with its sign; what is not ``within`` the step is none of its sums."""
    left = [(whole, 1)]
    while left:
        node, sign = left.pop()
        while node in within and node.operation in ("identity", "negative"):
            node, sign = node.operands[0], -sign if node.operation == "negative" else sign
        if node in within and node.operation in SUMS:
            x, y = node.operands
            left += [(y, -sign if node.operation == "subtract" else sign), (x, sign)]
        else:
            yield node, sign


def _is_share(node: Node, moving: set[Node]) -> bool:
    """Is this a value times a number of the data, or times one for each sample?"""
    while node.operation == "identity":
        node = node.operands[0]
    if node.operation != "multiply":
        return False
    x, y = node.operands
    if (x in moving) == (y in moving):
        return False
    share = np.asarray((y if x in moving else x).value)
    return bool(np.all((share >= 0) & (share <= 1)))
