"""Parameters that one step takes in turn, with the forward pass computed anew in between.

The gradient of the second is right for the first as it is by then. That is no weight read too late, which
is one after its update while everything beside it is older: here all of the forward pass is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from backproof.check.compare import compare
from backproof.check.judgement import Judgement
from backproof.graph import Node, ancestors
from backproof.step import TrainingStep
from backproof.step.cut import recomputed


def in_turn(judgement: Judgement) -> Judgement | None:
    """The judgement with each gradient held against the truth behind the updates before it.

    None where it is not right then, or where the forward pass is not computed anew.
    """
    step, verdict = judgement.step, judgement.verdict
    wrong = [k for k, ok in enumerate(verdict.right) if not ok]
    if not wrong or len(wrong) == len(step.parameters) or any(p.listed for p in step.parameters):
        return None
    truths, names = list(step.truths), list[str]()
    for k in wrong:
        used = ancestors([step.descents[k]])
        updated = _updated_before(step, k, set(used))
        if not _is_anew(step, used, updated):
            return None
        try:
            truths[k] = recomputed([truths[k]], updated)[truths[k]]
        except (ValueError, TypeError, IndexError):
            return None
        names.append(step.parameters[k].name)
    turned = replace(step, truths=tuple(truths))
    again = compare(turned, len(verdict.comparisons[0].scales), verdict.spread)
    if not again.correct:
        return None
    return replace(judgement, step=turned, verdict=again, in_turn=tuple(names))


def _updated_before(step: TrainingStep, number: int, used: set[Node]) -> dict[Node, Node]:
    """What the parameters are by then from whose new values the gradient of one of them is computed.

    ``used`` is all that this gradient is computed from. Others may be updated before it too, after that was
    computed.
    """
    first = step.parameters[number].changes[0].stores[0].time
    return {
        leaf: after
        for parameter in step.parameters
        if parameter.changes[-1].stores[-1].time < first and not used.isdisjoint(parameter.afters)
        for leaf, after in zip(parameter.leaves, parameter.afters, strict=True)
    }


def _is_anew(step: TrainingStep, used: Iterable[Node], updated: dict[Node, Node]) -> bool:
    """Is something of the forward pass, in the same words, computed again from updated parameters?

    ``used`` is all that a gradient is computed from.
    """
    leaves, afters = set(updated), set(updated.values())
    words = {_words(step, node) for node in ancestors([step.loss]) if not leaves.isdisjoint(node.operands)}
    again = (node for node in used if not afters.isdisjoint(node.operands))
    return any(_words(step, node) in words for node in again if np.ndim(node.value))


def _words(step: TrainingStep, node: Node) -> tuple[str, str]:
    """The operation of a node, and the text that made it."""
    site = -1 if node.origin is None else node.origin.site
    return node.operation, step.trace.sites[site].text if site >= 0 else ""
