"""What should weigh the terms of a loss, by its name, and weighs nothing: advantages, weights, masks."""

from __future__ import annotations

import re

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import ancestors
from backproof.step import TrainingStep
from backproof.step.update import time_of
from backproof.trace import unread_names

WEIGHING = re.compile(r"advantage|reward|(^|_)returns?($|_)|td_?error|discounted", re.IGNORECASE)
WEIGHTS = re.compile(r"weight|mask|importance", re.IGNORECASE)


def unweighted(judgement: Judgement) -> str | None:
    """Say that a program of an inferred loss makes what should weigh its terms, and does not use it.

    As a policy gradient that leaves out its advantages: without them the actions drawn are the targets. Or
    the weights of samples, or a mask, that nothing reads at all.
    """
    step = judgement.step
    if step.hypothesis.stated or step.hypothesis.weights is not None:
        return None
    used = set(ancestors(step.descents))
    named = [
        (original, node)
        for original, node in step.copies.items()
        if original.name and WEIGHING.search(original.name) and step.window.start <= time_of(original)
    ]
    if not named or any(node in used for _, node in named):
        return _unread_weights(step)
    name = named[-1][0].name
    return (
        f"`{name}` is computed in the step and weighs no gradient, and the loss had to be inferred. "
        "If it is only watched, all is right; a policy gradient needs it as a factor of every term."
    )


def _unread_weights(step: TrainingStep) -> str | None:
    """Say that nothing reads what is called weights or a mask, and has a number for each output or sample."""
    unread = unread_names(step.trace.files.values())
    for binding in step.trace.bindings:
        if binding.name not in unread or not WEIGHTS.search(binding.name):
            continue
        if any(_fits(np.shape(binding.node.value), np.shape(o.value)) for o in step.hypothesis.outputs):
            return (
                f"`{binding.name}` is made and never read, and the loss had to be inferred: whether it "
                "should weigh the errors cannot be told. Where it is of no use, all is right."
            )
    return None


def _fits(weights: tuple[int, ...], output: tuple[int, ...]) -> bool:
    """May these be the weights of all the data, of which the output is of some?"""
    if not weights or weights[0] < max(2, *output[:1]) or np.prod(weights) < 2:
        return False
    return weights[1:] in (output[1:], (), (1,))
