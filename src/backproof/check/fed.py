"""A memory of gradients that is fed by nothing, or one of their sizes by something else than that.

What is divided by its root is set aside where gradients are compared, whatever it holds. So it is asked here
what each step adds to it: a square, or another size, of what comes from the backward pass.
"""

from __future__ import annotations

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import Change, label
from backproof.step.change import root
from backproof.step.cut import dependent
from backproof.step.update import THROUGH, is_rewritten, terms

SIZES = frozenset({"square", "abs", "sqrt"})
ROOTS = frozenset({"sqrt", "power"})


def fed_otherwise(judgement: Judgement) -> dict[str, str]:
    """The memories, by name, that are fed by values of the forward pass, or by what has no size's sign."""
    step, found = judgement.step, dict[str, str]()
    switched = {switch.node for switch in step.switches}
    forward = set(ancestors([step.loss]))
    moving = {*step.leaves, *(step.copies[c.before] for c in step.remembered if c.before in step.copies)}
    applied = set(ancestors(step.descents))
    bare = set(ancestors(step.descents, lambda node: node.operation in ROOTS))
    made = [step.copies[c.after] for c in step.remembered if c.after in step.copies]
    hanging = dependent(ancestors(made), moving)
    owners = {leaf: parameter.name for parameter in step.parameters for leaf in parameter.leaves}
    for change in step.remembered:
        leaf, after = step.copies.get(change.before), step.copies.get(change.after)
        if leaf is None or after is None or leaf in switched or not np.any(step.state.get(leaf, 0)):
            continue
        if applied.isdisjoint((leaf, after)):
            continue  # no update reads it, as a normalisation's running variance
        if after in bare:
            continue  # it is applied otherwise than by its root: a gradient, whatever else is made of it
        for term in terms(after, leaf)[1]:
            node, is_size = _fed(term, leaf, hanging)
            if node in forward and node.operation != "constant" and np.size(node.value) > 1:
                found[label(step.trace, change)] = owners.get(node) or node.name or "a value of the loss"
            elif not is_size and leaf not in ancestors([node]) and np.any(np.asarray(node.value) < 0):
                found[label(step.trace, change)] = ""
    return found


def fed_by_nothing(judgement: Judgement) -> list[Change]:
    """The memories that began with zeros and of which a step only keeps a share, so they stay zero."""
    step = judgement.step
    read = set(ancestors([change.after for parameter in step.parameters for change in parameter.changes]))
    return [
        change
        for change in step.remembered
        if np.size(change.before.value) > 1
        and not np.any(change.before.value)
        and change.after in read
        and _is_share(root(change.after, 0), root(change.before, 0))
    ]


def _is_share(node: Node, memory: Node) -> bool:
    """Is this the memory times a number?"""
    if is_rewritten(node):
        node = root(node.operands[1], 0)
    if node.operation != "multiply" or memory not in [root(o, 0) for o in node.operands]:
        return False
    return any(np.size(operand.value) == 1 for operand in node.operands)


def _fed(node: Node, memory: Node, hanging: set[Node]) -> tuple[Node, bool]:
    """What a term is a multiple or a size of, or goes from the memory to, and whether it is a size.

    A multiple by a number that is none of those ``hanging`` on parameters and memories.
    """
    is_size = False
    while True:
        if node.operation in SIZES or _is_square(node):
            is_size, node = True, node.operands[0]
        elif node.operation in THROUGH and node.operation != "clip":
            node = node.operands[0]
        elif node.operation in ("multiply", "divide"):
            numbers = [np.size(o.value) == 1 and o not in hanging for o in node.operands]
            if numbers[1]:
                node = node.operands[0]
            elif numbers[0] and node.operation == "multiply":
                node = node.operands[1]
            else:
                return node, is_size
        elif node.operation in ("add", "subtract") and memory in node.operands and not is_size:
            node = node.operands[1 if node.operands[0] is memory else 0]
        else:
            return node, is_size


def _is_square(node: Node) -> bool:
    if node.operation == "multiply":
        return node.operands[0] is node.operands[1]
    exponent = node.operands[1] if node.operation == "power" else None
    return (
        exponent is not None and np.size(exponent.value) == 1 and float(np.ravel(exponent.value)[0]) % 2 == 0
    )
