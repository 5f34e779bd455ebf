"""Parameters that are wrong under one loss of the program and right under another, which is no part of it."""

from __future__ import annotations

from backproof.check.judgement import Judgement, under
from backproof.graph import ancestors
from backproof.step import stated


def of_another_loss(judgement: Judgement) -> tuple[str, tuple[str, ...]] | None:
    """The name of a loss under which every wrong parameter is right, with their names; None where none is.

    So two players of one step have each their own. Neither loss may be a part of the other.
    """
    step, verdict = judgement.step, judgement.verdict
    if not step.hypothesis.stated or not any(verdict.right):
        return None
    wrong = {p.name for p, ok in zip(step.parameters, verdict.right, strict=True) if not ok}
    parts = set(ancestors([step.hypothesis.node]))
    for other in stated(step.trace, step.window):
        apart = other.node not in parts and step.hypothesis.node not in ancestors([other.node])
        if not (other.declared and apart) or other.wholes or step.hypothesis.wholes:
            continue
        for each in under(step.trace, step.window, [other]):
            names = zip(each.step.parameters, each.verdict.right, each.verdict.comparisons, strict=True)
            right = {p.name for p, ok, c in names if ok and not c.zero}
            if wrong <= right:
                return other.name or "another", tuple(sorted(wrong))
    return None
