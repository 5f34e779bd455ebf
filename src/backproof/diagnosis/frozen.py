"""Parameters of which the update leaves a part as it is: frozen on purpose, or forgotten; who could tell?"""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.check.judge import Judgement
from backproof.check.points import informative_tables
from backproof.diagnosis.wording import listed
from backproof.graph import Node, ancestors
from backproof.step import Parameter, TrainingStep

SAME = 1e-6


def frozen_part(judgement: Judgement) -> str | None:
    """Say that only a part of some parameters is updated, rightly, where nothing else is wrong.

    The part has to be chosen by the update itself: by an index of what it writes to, or by a factor of zeros
    and ones.
    """
    step, verdict = judgement.step, judgement.verdict
    wrong = [k for k, ok in enumerate(verdict.right) if not ok]
    if not wrong or not all(_chosen(step, step.parameters[k], k) for k in wrong):
        return None
    found = informative_tables(step, step.descents, 2, spread=verdict.spread)
    pairs = [[(table[step.descents[k]], table[step.truths[k]]) for _, table in found] for k in wrong]
    if not all(map(_right_where_moved, pairs)):
        return None
    names = listed([step.parameters[k].name for k in wrong])
    return (
        f"The update leaves a part of {names} as it is, and changes the rest by the true gradient. Where "
        "that part is meant to stay, all is right; where it is not, update the whole of it."
    )


def _chosen(step: TrainingStep, parameter: Parameter, number: int) -> bool:
    """Does the update choose which elements it changes?"""
    if any(store.key for change in parameter.changes for store in change.stores):
        return True
    return any(_is_mask(node, parameter) for node in ancestors([step.descents[number]]))


def _is_mask(node: Node, parameter: Parameter) -> bool:
    if node.operands or np.ndim(node.value) == 0 or np.shape(node.value) != parameter.shape:
        return False
    kinds = np.unique(node.value)  # zeros, and ones times a rate
    return len(kinds) == 2 and kinds[0] == 0


def _right_where_moved(pairs: list[tuple[Any, Any]]) -> bool:
    """Is the applied gradient the true one, but for elements that no point moves?"""
    arrays = [(np.asarray(g, dtype=float), np.asarray(t, dtype=float)) for g, t in pairs]
    still = np.logical_and.reduce([g == 0 for g, _ in arrays])
    if still.all() or not still.any():
        return False
    for g, t in arrays:
        if g.shape != t.shape:
            return False
        size = float(np.vdot(t[~still], t[~still]))
        c = float(np.vdot(g[~still], t[~still])) / size if size else 0.0
        if c <= 0 or np.linalg.norm((g - c * t)[~still]) > SAME * np.linalg.norm(g):
            return False
    return True
