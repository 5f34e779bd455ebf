"""What a backward pass adds to the derivative of the loss that it implies: then it may be of another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backproof.graph import Node, ancestors, unnamed
from backproof.step import Parameter, TrainingStep
from backproof.step.cut import dependent
from backproof.step.weights import consumers


def adds_more(step: TrainingStep) -> bool:
    """Does the backward pass add what does not come from the differences that its loss is inferred from?

    As the derivative of a penalty on activations, or of a divergence from a prior: then the loss has a term
    more than can be inferred. What depends on nothing but one parameter is decay; what is taken off again, as
    where a layer gets a target of its own that its output is held against, is no term.
    """
    line = ancestors(step.descents)
    leaves = {leaf: p for p in step.parameters for leaf in p.leaves}
    moving = dependent(line, leaves)
    begun = [step.copies[d] for d in step.hypothesis.differences if d in step.copies]
    derived = dependent(line, begun)
    users = consumers(line)
    for node in line:
        if node.operation not in ("add", "subtract") or node in begun or derived.isdisjoint(node.operands):
            continue
        for other in node.operands:
            if (
                other in moving
                and other not in derived
                and not _is_decay(other, leaves)
                and not _is_taken_off_again(node, other, users)
            ):
                return True
    return False


def _is_taken_off_again(node: Node, term: Node, users: Mapping[Node, Sequence[Node]]) -> bool:
    """Is a term of a sum or difference undone by all that this goes into, or does it undo another?"""
    following = list(_through_names(node, users))
    return any(_undoes(node, unnamed(operand), term) for operand in node.operands) or (
        bool(following) and all(_undoes(user, node, term) for user in following)
    )


def _undoes(user: Node, node: Node, term: Node) -> bool:
    """Does one sum or difference take off what another has added, or the other way round?"""
    within = _sign_of(node, user) * _sign_of(term, node)
    return within != 0 and within + _sign_of(term, user) == 0


def _sign_of(term: Node, node: Node) -> int:
    """The sign with which a term stands in a sum or difference; 0 where it does not."""
    if node.operation not in ("add", "subtract"):
        return 0
    first, second = (unnamed(operand) is unnamed(term) for operand in node.operands)
    return 0 if first == second else -1 if second and node.operation == "subtract" else 1


def _through_names(node: Node, users: Mapping[Node, Sequence[Node]]) -> Iterator[Node]:
    """What uses a value, under whatever name."""
    for user in users.get(node, ()):
        yield from _through_names(user, users) if user.operation == "identity" else (user,)


def _is_decay(term: Node, leaves: Mapping[Node, Parameter]) -> bool:
    made = [n for n in ancestors([term]) if not n.operands and (n in leaves or np.size(n.value) > 1)]
    return len({leaves[n].name if n in leaves else "" for n in made}) == 1 and made[0] in leaves
