"""Parameters whose new values are rounded, by more than their steps can do without."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node
from backproof.step import Window, label
from backproof.step.bent import ROUNDING, plain, projected
from backproof.step.change import root
from backproof.step.computed import COMPUTED
from backproof.step.update import time_of, walk
from backproof.step.window import MINIMISED
from backproof.trace import Trace

LOST = 1e-3  # of a step: what rounding takes of it beyond is no rounding of float64


def rounded(judgement: Judgement) -> dict[str, float]:
    """The parameters that are rounded behind their steps, with what is lost, relative to the step."""
    step, trace = judgement.step, judgement.step.trace
    if step.window.kind[0] in (MINIMISED, COMPUTED):
        return {}
    names = {label(trace, change) for parameter in step.parameters for change in parameter.changes}
    found: dict[str, float] = {}
    for last, window in pairwise(sorted(judgement.seen, key=lambda window: window.start)):
        begun, following = _by_name(trace, last, names), _by_name(trace, window, names)
        for name in begun.keys() & following.keys():
            share = _share_lost(root(begun[name], 0), root(following[name], 0))
            if share > max(LOST, found.get(name, 0.0)):
                found[name] = share
    return {name: found[name] for name in sorted(found)}


def _by_name(trace: Trace, window: Window, names: Collection[str]) -> dict[str, Node]:
    """What a step begins with, by what that is called."""
    changes = (*window.others, *window.parameters)
    return {name: c.before for c in changes if (name := label(trace, c)) in names}


def _share_lost(before: Node, after: Node) -> float:
    """What is rounded off between two values of a parameter, relative to the step from one to the other."""
    after = plain(after)
    inner = projected(after, before)
    if inner is None or inner is after:
        return 0.0
    made = walk([after], lambda n: n is not inner and time_of(n) > time_of(before))
    lost = max((_norm(n.value, n.operands[0].value) for n in made if n.operation in ROUNDING), default=0.0)
    size = _norm(inner.value, before.value)
    return lost / size if size else 0.0


def _norm(first: object, second: object) -> float:
    x, y = (np.asarray(value, dtype=float) for value in (first, second))
    return float(np.linalg.norm(np.ravel(x - y)))
