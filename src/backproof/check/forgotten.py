"""Penalties that a whole loss counts and a part of it does not, which the updates of the parameters owe."""

from __future__ import annotations

from backproof.step import Change, TrainingStep
from backproof.step.behind import at_once
from backproof.step.penalty import penalised
from backproof.step.update import shrinks, time_of


def penalty_forgotten(whole: TrainingStep, part: TrainingStep) -> bool:
    """Does a loss count the size of parameters that its part does not, and does no update shrink them?

    It may by a factor, or by what is put in the place of what the gradient step made, as a proximal step is.
    """
    return any(not shrinks(c.after, c.before) and not _is_replaced(c, whole) for c in _more(whole, part))


def penalty_apart(whole: TrainingStep, part: TrainingStep) -> bool:
    """Does a loss count the size of parameters more than its part, all of them replaced after their step?"""
    more = _more(whole, part)
    return bool(more) and all(_is_replaced(c, whole) for c in more)


def _is_replaced(change: Change, step: TrainingStep) -> bool:
    """Is what the gradient step made replaced by another value, and not only by itself less a share?"""
    window, made = step.window, time_of(change.after)
    return any(
        s.place == change.place
        and made < s.time < window.end
        and time_of(s.after) > made
        and at_once(s.after, change.before) is None
        for s in step.trace.stores
    )


def _more(whole: TrainingStep, part: TrainingStep) -> list[Change]:
    """The parameters whose size only the whole counts."""
    counted, less = _counted(whole), _counted(part)
    return [change for change in counted if change not in less]


def _counted(step: TrainingStep) -> list[Change]:
    """The parameters whose size a loss counts."""
    found = penalised([step.loss], set(step.leaves))
    return [c for p in step.parameters for c, leaf in zip(p.changes, p.leaves, strict=True) if leaf in found]
