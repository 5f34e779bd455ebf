"""What is to grow by what it is made of: log-probabilities, each weighted by what it has gained.

So is what a policy gradient goes up. Neither its name says so, which may be `objective`, nor its derivative:
only what weighs it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backproof.check.metric import is_positive
from backproof.check.points import informative_tables
from backproof.graph import Node, ancestors, evaluate
from backproof.step import TrainingStep
from backproof.step.change import root
from backproof.step.cut import dependent
from backproof.step.loss import FALLS

GAIN = re.compile(r"advantage|(^|_)adv($|_)|reward|(^|_)returns?($|_)|gain|payoff|profit", re.IGNORECASE)
RAISED = re.compile(r"reward|(^|_)returns?($|_)|payoff|profit", re.IGNORECASE)
LETTER = re.compile(r"^[rRG]$")  # so a reward, and a return, are called as well
COST = re.compile(r"cost|loss|neg|minus|regret|penal|err", re.IGNORECASE)
PASSED = frozenset(
    {"identity", "reshape", "astype", "index", "sum", "mean", "stack", "concatenate", "transpose"}
    | {"broadcast_to", "index_update", "index_add", "add"}
)
PRODUCTS = frozenset({"multiply", "matmul", "dot", "outer"})
MOST = 1 + 1e-6  # of a probability, to which a program may have added an epsilon
FAR = (1.0, 1e3, 1e6)  # sizes of parameters, from near to far
HUGE = 1e4  # times as much as near by, with the sign turned
DIRECTIONS = 4
POINTS = 2  # at which it shows that a value is a probability


@dataclass(frozen=True, slots=True)
class Gain:
    """What weighs log-probabilities by its ``name``; ``word`` says that this is more than a letter."""

    name: str
    word: bool


def gain_of(step: TrainingStep) -> Gain | None:
    """What the log-probabilities are weighted by of which the loss is a sum; None where it is no such sum.

    Terms that are not weighted by a gain, such as an entropy, may stand beside them.
    """
    called: dict[Node, list[Node]] = {}
    for node, copy in step.copies.items():
        called.setdefault(copy, []).append(node)
    names: dict[Node, list[str]] = {}
    for binding in step.trace.bindings:
        names.setdefault(root(binding.node, 0), []).append(binding.name)
    moving = dependent(ancestors([step.loss]), step.leaves)
    found = set[Gain]()
    ends = list[Node]()
    stack: list[tuple[Node, float, Gain | None]] = [(step.loss, 1.0, None)]
    met = set[tuple[Node, float, Gain | None]]()
    while stack:
        entry = node, sign, gain = stack.pop()
        if entry in met or node not in moving:
            continue
        met.add(entry)
        if node.operation == "log" or _is_log_softmax(node):
            if gain is not None:
                if sign < 0:
                    return None
                found.add(gain)
                ends.append(node)
        elif node.operation in PASSED:
            stack += [(operand, sign, gain) for operand in node.operands]
        elif node.operation == "negative":
            stack.append((node.operands[0], -sign, gain))
        elif node.operation == "subtract":
            x, y = node.operands
            stack += [(x, sign, gain), (y, -sign, gain)]
        elif node.operation in PRODUCTS or node.operation == "divide":
            x, y = node.operands[:2]
            if x in moving and y in moving:
                continue
            inner, weight = (x, y) if x in moving else (y, x)
            found_by = [_weighed(one, names) for one in called.get(weight, [weight])]
            own, turn = next((w for w in found_by if w[0] is not None), found_by[0])
            stack.append((inner, sign * turn, own or gain))
    if not found or not _are_probable(step, ends):
        return None
    return min(found, key=lambda g: not g.word)


def is_to_grow(step: TrainingStep) -> bool:
    """Is what the program computes surely to grow: a sum of log-probabilities that gains weigh?

    Or what it calls a reward itself, unless it is a sum of squares; in no case by a name that says that it
    is to fall. That a letter stands for a gain is sure where the updates add what they take for the gradient.
    """
    hypothesis, name = step.hypothesis, step.hypothesis.name or ""
    if not hypothesis.stated or FALLS.search(name):
        return False
    if RAISED.search(name) and not is_positive(step.loss):
        return True
    gain = gain_of(step)
    return gain is not None and (gain.word or adds(step))


def falls_without_bound(step: TrainingStep) -> bool:
    """Does the loss go to minus infinity wherever the parameters go?

    So does the dual of a support vector machine. Then there is nothing to descend to, whatever it is called.
    What is odd, such as a plane, falls one way only.
    """
    generator = np.random.default_rng(41)
    for _ in range(DIRECTIONS):
        way = {leaf: generator.standard_normal(np.shape(leaf.value)) for leaf in step.leaves}
        for sign in (1.0, -1.0):
            far = [{**step.state, **{n: sign * size * v for n, v in way.items()}} for size in FAR]
            with np.errstate(all="ignore"):
                near, *others = (float(evaluate([step.loss], point)[step.loss]) for point in far)
            rises = not all(x < np.inf for x in (near, *others))  # or is no number; log 0 is -inf, and falls
            if rises or others[-1] > -HUGE * (1 + abs(near)):
                return False
    return True


def adds(step: TrainingStep) -> bool:
    """Do all updates add what was computed in this step?"""
    if step.state:
        return False
    sites = [step.trace.sites[c.stores[-1].site] for p in step.parameters for c in p.changes]
    return all(
        (s.kind == "AugAssign" and s.detail in ("Add", "+", "+="))
        or "+=" in s.text
        or (s.kind == "BinOp" and s.detail in ("Add", "+"))
        for s in sites
    )


def _weighed(node: Node, names: Mapping[Node, Sequence[str]]) -> tuple[Gain | None, float]:
    """What a factor is called, if after a gain; and whether it is that, or the negative of it."""
    sign = 1.0
    while True:
        for name in (node.name or "", *names.get(root(node, 0), ())):
            if COST.search(name):
                return None, sign
            if GAIN.search(name) or LETTER.match(name):
                return Gain(name, bool(GAIN.search(name))), sign
        if node.operation == "negative":
            sign = -sign
        if node.operation in ("subtract", "multiply", "divide"):
            own, turn = _weighed(node.operands[0], names)
            other, turned = _weighed(node.operands[1], names)
            if node.operation != "subtract":
                return own or other, sign * turn * turned
            return (own, sign * turn) if own is not None or other is None else (other, -sign * turned)
        if not node.operands or not (node.operation in PASSED or node.operation == "negative"):
            break
        node = node.operands[0]
    value = np.asarray(node.value, dtype=float)
    return None, -sign if value.size and np.all(value < 0) else sign


def _is_log_softmax(node: Node) -> bool:
    """Is this ``z`` less the logarithm of the sum of ``exp(z)``?"""
    if node.operation != "subtract":
        return False
    other = node.operands[1]
    while other.operation in PASSED and len(other.operands) == 1:
        other = other.operands[0]
    if other.operation != "log":
        return False
    total = other.operands[0]
    while total.operation in PASSED and total.operation != "add":
        total = total.operands[0]
    return total.operation in ("exp", "add")


def _are_probable(step: TrainingStep, logs: list[Node]) -> bool:
    """Are these logarithms of what is never more than 1?"""
    tables = informative_tables(step, logs, POINTS)
    return all(np.all(np.asarray(table[node]) <= np.log(MOST)) for _, table in tables for node in logs)
