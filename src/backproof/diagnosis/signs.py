"""Updates that take nothing of a gradient but its signs, and give every number a step of its own size."""

from __future__ import annotations

from backproof.check.judgement import Judgement
from backproof.diagnosis.wording import listed
from backproof.graph import Node, ancestors
from backproof.step import Parameter
from backproof.step.cut import dependent
from backproof.step.update import SUMS, THROUGH

ELEMENTWISE = SUMS | THROUGH | {"multiply", "divide", "negative", "index", "stack", "index_update"}


def by_signs_alone(judgement: Judgement) -> str | None:
    """Say which parameters take steps that are not the gradient's but for its signs, as those of Rprop."""
    step, verdict = judgement.step, judgement.verdict
    wrong = [k for k, ok in enumerate(verdict.right) if not ok]
    forward = set(ancestors([step.loss]))
    if not wrong or not all(_is_signed(step.parameters[k], step.descents[k], forward) for k in wrong):
        return None
    return (
        f"The update of {listed([step.parameters[k].name for k in wrong])} takes only the signs of a "
        "gradient, and gives every number a step of its own size, as Rprop does: what the gradient was "
        "before that cannot be told. It can be checked with a plain step."
    )


def _is_signed(parameter: Parameter, descent: Node, forward: set[Node]) -> bool:
    """Is an update made of signs of what is no part of the forward pass, each times a number of its own?"""
    moving = dependent(ancestors([descent]), list(parameter.leaves))
    stack, seen, signs = [descent], {descent}, 0
    while stack:
        node = stack.pop()
        if node not in moving:
            continue
        if node.operation == "sign" and not forward.issuperset(node.operands):
            signs += 1
            continue
        if node.operation not in ELEMENTWISE:
            return False
        new = [operand for operand in node.operands if operand not in seen]
        seen.update(new)
        stack.extend(new)
    return signs > 0
