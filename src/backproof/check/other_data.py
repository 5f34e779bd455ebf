"""Points at which a step has the data of other steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

from backproof.check.compare import Verdict, compared
from backproof.check.points import decides_alike
from backproof.check.ranking import is_steady
from backproof.check.scales import at_scale
from backproof.graph import Node, evaluate
from backproof.step import TrainingStep


def at_other_data(
    step: TrainingStep,
    verdict: Verdict,
    results: Sequence[Node],
    found: list[tuple[dict[Node, Any], dict[Node, Any]]],
) -> tuple[Verdict, list[tuple[dict[Node, Any], dict[Node, Any]]]]:
    """Put data of other steps into all but the first of some points, where what is right stays so.

    With the verdict at these points, by the scale that is taken for right. Nothing is changed where there
    are no such data.
    """
    chosen, nodes, judged = found[:1], [*step.descents, *step.truths], verdict
    for sample, (own, _) in zip(step.samples, cycle(found[1:]), strict=False):
        point = {**own, **sample}
        if not decides_alike(step, point):
            continue
        try:
            table = evaluate(results, {**step.state, **point})
        except (ValueError, TypeError, IndexError, ArithmeticError):
            continue
        more = [*chosen, (point, table)]
        other = compared(step, [p for p, _ in more], [[t[node] for node in nodes] for _, t in more])
        kept = zip(verdict.right, verdict.comparisons, other.right, strict=True)
        finite = not any(c.undefined for c in other.comparisons)
        if finite and all(now or not ok or c.zero for ok, c, now in kept):
            chosen, judged = more, replace(other, spread=verdict.spread, rate=verdict.rate)
        if len(chosen) > len(found):
            break
    if len(chosen) == 1:
        return verdict, found
    return at_scale(judged, verdict.scales[0]) if is_steady(verdict.scales) else judged, chosen
