"""Of two updates with different constants, neither of which more gradients share: which of them is wrong?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backproof.check.compare import Verdict
from backproof.check.grades import VANISHES, parallel
from backproof.check.judgement import Judgement
from backproof.check.ranking import is_steady
from backproof.check.scales import at_scale
from backproof.check.scoring import scale_of
from backproof.check.trial import Bench
from backproof.faults.siblings import siblings
from backproof.graph import Node
from backproof.mend.repair import Repair
from backproof.mend.tried import Tried

SAME = 1e-5  # relative
WORD = re.compile(r"[A-Za-z_][\w.]*")
CONSTANTS = frozenset({"wrong-scale", "extra-factor", "wrong-operand"})


def is_tied(verdict: Verdict, repair: Repair) -> bool:
    """Does one correction change the constant of an update, and would one of another update do as well?

    So it is where as many gradients have the one scale as have the other.
    """
    moving = [right for right, c in zip(verdict.right, verdict.comparisons, strict=True) if not c.zero]
    return repair.complete and is_constant(repair) and 2 * sum(moving) == len(moving)


def is_constant(repair: Repair) -> bool:
    """Is all that a repair does to change a factor of what an update that has others beside it subtracts?

    Put one in, leave one out, or another name: a mean in the place of a sum is no such factor.
    """
    if len(repair.steps) != 1:
        return False
    correction = repair.steps[0].correction
    place, expected = correction.parts[0].place, correction.expected or ""
    factor = correction.rule == "wrong-operand" or place.text in expected or expected in place.text
    return correction.rule in CONSTANTS and factor and bool(siblings(place))


def borrows_rate(repair: Repair) -> bool:
    """Does a correction take what the loss is computed with, such as the weight of a penalty, for a rate?"""
    return any(map(_borrows, repair.steps))


def _borrows(tried: Tried) -> bool:
    place = tried.correction.parts[0].place
    if tried.correction.rule != "wrong-operand" or not siblings(place):
        return False
    correction, edge = tried.correction, place.edges[0]
    names = set(WORD.findall(correction.expected or "")) - set(WORD.findall(place.text))
    read = {place.value(name, edge) for name in names}
    return any(node in place.scenery.bench.forward for node in read if node and np.size(node.value) == 1)


def gives_up_rate(repair: Repair, verdict: Verdict) -> bool:
    """Does a correction write something else where an update has the rate of a verdict?"""
    places = [tried.correction.parts[0].place for tried in repair.steps]
    rates = [np.ravel(p.edges[0].operand.value) for p in places if siblings(p) and not p.shape]
    return any(abs(rate[0] - (verdict.rate or 0.0)) <= SAME * abs(rate[0]) for rate in rates)


def without_constants(judgement: Judgement, repair: Repair) -> Iterator[Verdict]:
    """The verdicts at the scales that gradients have where a constant of a repair is not put in or left out.

    As where one of two updates has a number too many, and the other gradient is behind another mistake.
    """
    if not repair.complete or len(repair.steps) < 2 or is_at_its_rate(judgement.verdict):
        return
    bench, known = Bench.of(judgement.step, judgement.verdict), list(judgement.verdict.scales[:1])
    for own in repair.steps:
        if own.correction.rule not in CONSTANTS and constant_of(own) is None:
            continue
        changes = [change for tried in repair.steps if tried is not own for change in tried.changes]
        overlay = bench.evaluated(changes, 0) or {}
        for k, descent in enumerate(bench.step.descents):
            scale = scale_of(bench, overlay.get(descent, bench.base[0][descent]), 0, k)
            if scale is None or scale == VANISHES or scale <= 0:
                continue
            if all(abs(scale / old - 1) > SAME for old in known):
                known.append(scale)
                yield at_scale(judgement.verdict, scale)


def unhurried(judgement: Judgement, repair: Repair) -> Verdict | None:
    """The verdict at the scale that all updates have where none is mended by taking its rate away.

    Where one update lacks the rate, another is made like it by leaving the rate out there: beside other
    mistakes both are one correction. But nobody means an update without its rate. None where no correction
    takes one away.
    """
    shares = [share for tried in repair.steps if (share := _left_out(tried)) is not None]
    if len(shares) != 1:
        return None
    bench = Bench.of(judgement.step, judgement.verdict)
    scales = _reached(bench, repair)
    if scales is None:
        return None
    rate = scales[0] * shares[0]
    return replace(at_scale(bench.verdict, rate), rate=rate)


def at_stated_rate(judgement: Judgement, repair: Repair) -> Verdict | None:
    """The verdict at the rate of a stated loss, where a repair that changes a constant leaves another scale.

    Beside another mistake no gradient may show which of two constants is the true one: the rate does.
    """
    verdict = judgement.verdict
    if not (judgement.step.hypothesis.stated and verdict.rate):
        return None
    if all(tried.correction.rule not in CONSTANTS and constant_of(tried) is None for tried in repair.steps):
        return None
    scales = _reached(Bench.of(judgement.step, verdict), repair)
    if scales is None or abs(scales[0] / verdict.rate - 1) <= SAME:
        return None
    return at_scale(verdict, verdict.rate)


def _left_out(tried: Tried) -> float | None:
    """The constant below one that a correction takes away from what an update subtracts, if it does that."""
    correction = tried.correction
    if correction.rule != "extra-factor" or not siblings(correction.parts[0].place):
        return None
    share = constant_of(tried)
    return share if share is not None and 0 < share < 1 else None


def are_constants(repair: Repair) -> bool:
    """Do several corrections change nothing but constants, among which one constant may be split?"""
    return len(repair.steps) > 1 and all(constant_of(tried) is not None for tried in repair.steps)


def constant_of(tried: Tried) -> float | None:
    """The one number that a correction divides all by that it changes; None where it does anything else."""
    shares = {_share(edge.operand, node) for edge, node in tried.changes}
    return shares.pop() if len(shares) == 1 else None


def _share(before: Node, after: Node) -> float | None:
    """How many times the second value the first one is, in every element; None where they differ in shape."""
    old, new = (np.asarray(node.value, dtype=float) for node in (before, after))
    share = parallel(old, new) if old.shape == new.shape else None
    return None if share is None or share == VANISHES else round(share, 12)


def _reached(bench: Bench, repair: Repair) -> tuple[float, ...] | None:
    """The scale that all gradients have with a repair, one a point; None where it differs."""
    changes = [change for tried in repair.steps for change in tried.changes]
    scales = []
    for point, truths in enumerate(bench.truths):
        table = bench.evaluated(changes, point)
        if table is None:
            return None
        table = bench.base[point] | table
        found = [parallel(table[d], t) for d, t in zip(bench.step.descents, truths, strict=True)]
        moving = [s for s in found if s is not None and s != VANISHES]
        if not moving:
            return None
        scales.append(moving[0])
    return tuple(scales) if is_steady(tuple(scales)) and scales[0] > 0 else None


def is_off_by_a_constant(verdict: Verdict, repair: Repair) -> bool:
    """Does one correction put right what is, wherever it is wrong, the true gradient times a number?"""
    wrong = [c for right, c in zip(verdict.right, verdict.comparisons, strict=True) if not right]
    return repair.complete and len(repair.steps) == 1 and all(c.parallel and not c.zero for c in wrong)


def is_at_its_rate(verdict: Verdict) -> bool:
    """Are right gradients multiplied by the rate that the program writes, and by nothing else?"""
    rate = verdict.rate
    return bool(rate) and rate is not None and all(abs(s / rate - 1) <= SAME for s in verdict.scales)


def is_slower(verdict: Verdict, other: Verdict) -> bool:
    """Are the steps smaller at one scale than at another?

    What goes too far by a constant lacks the rate that the other has, or has a number too many: of what goes
    too far less is to be said for than of what goes slowly.
    """
    return verdict.scales[0] < other.scales[0]
