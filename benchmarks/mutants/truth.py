"""Which mutants are wrong, by running them: finite differences decide, backproof is not asked.

A mutant counts when its first round has the loss of the correct program, so that only the backward pass or
the update changed, and its update is not the gradient of that loss; or when only the stated loss changed
and the update is no longer its gradient; or when it raises an error in a backward statement.
"""

from __future__ import annotations

import ast
import traceback
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tests.check.differences import Round, Step, mismatch, observed

from .mutation import Change, Mutant, Mutation, mutant
from .observe import TooLongError, limited
from .text import Source

Kind = Literal["backward", "loss", "crash", "equivalent", "forward", "unusable"]
WRONG, RIGHT = 1e-4, 1e-6
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class First:
    """The first round and the round looked at of the correct program."""

    first: Round
    later: Round


def original(text: str, step: Step) -> First:
    """Run the correct program, and see that it is correct. Raises ``ValueError`` when it is not."""
    error = mismatch(text, step)
    if not error < RIGHT:
        raise ValueError(f"the program is not correct: its gradient is off by {error:.1e}")
    return First(observed(text, replace(step, number=1)), observed(text, step))


def kind(source: Source, step: Step, right: First, made: Mutant) -> Kind:
    """Say what a mutant is."""
    crashes = all(mutation.crashes for mutation in made.mutations)
    try:
        with limited(SECONDS):
            first = observed(made.text, replace(step, number=1))
    except TooLongError:
        return "unusable"
    except Exception as error:
        if not crashes or not _raised_inside(error):
            return "unusable"
        return "crash" if all(_is_backward(source, step, right, m) for m in made.mutations) else "unusable"
    if not np.isfinite(first.loss):
        return "unusable"
    same_loss = _near(first.loss, right.first.loss)
    stated = any(mutation.rule == "loss-mismatch" for mutation in made.mutations)
    if same_loss and stated:
        return "unusable"
    if not same_loss and not (stated and _same(step, first, right.first)):
        return "forward"
    try:
        with limited(SECONDS):
            if (
                same_loss
                and _same(step, first, right.first)
                and _same(step, observed(made.text, step), right.later)
            ):
                return "equivalent"
            if step.gradients and same_loss and _runs_off(made.text, step, first, right):
                return "unusable"
            error_size = mismatch(made.text, step)
    except Exception:
        return "unusable"
    if not (error_size > WRONG or np.isnan(error_size)):
        return "equivalent"
    if not same_loss:
        return "loss"
    return "forward" if any(_is_forward(source, step, right, m) for m in made.mutations) else "backward"


def update(step: Step, seen: Round) -> list[np.ndarray]:
    """What a round did to the parameters, or the gradients where these are looked at."""
    if step.gradients:
        return list(seen.gradients)
    pairs = zip(seen.before, seen.after, strict=True)
    return [b - a if a.shape == b.shape else np.full(b.shape, np.nan) for b, a in pairs]


def parallel(step: Step, ours: Round, theirs: Round) -> bool:
    """Are two updates equal, or parallel with one common positive factor?"""
    factors = []
    for mine, other in zip(update(step, ours), update(step, theirs), strict=True):
        size = float(np.linalg.norm(other))
        if mine.shape != other.shape or not np.all(np.isfinite(mine)):
            return False
        if size == 0:
            if np.any(mine):
                return False
            continue
        factor = float(np.sum(mine * other)) / size**2
        if factor <= 0 or float(np.linalg.norm(mine - factor * other)) > RIGHT * factor * size:
            return False
        factors.append(factor)
    return bool(factors) and max(factors) <= min(factors) * (1 + RIGHT)


def repaired(text: str, step: Step, right: First, kinds: Kind) -> bool:
    """Is a mended mutant right: by finite differences, and with the first update of the correct program?

    What is mended to descend another loss may run off at the rate that was meant for the first: then by the
    first round.
    """
    try:
        with limited(SECONDS):
            if kinds != "loss" and not parallel(step, observed(text, replace(step, number=1)), right.first):
                return False
            if kinds == "loss" and not np.isfinite(observed(text, step).loss):
                step = replace(step, number=1)
            return mismatch(text, step) < RIGHT
    except Exception:
        return False


def _same(step: Step, ours: Round, theirs: Round) -> bool:
    pairs = zip(update(step, ours), update(step, theirs), strict=True)
    return all(_near(a, b) for a, b in pairs)


def _runs_off(text: str, step: Step, first: Round, right: First) -> bool:
    """Are the gradients right, and is the program lost for what it does with them?

    A second moment that stays zero is no mistake in a gradient, and behind it are no numbers to compare.
    """
    return _same(step, first, right.first) and not np.isfinite(observed(text, step).loss)


def _near(a: np.ndarray | float, b: np.ndarray | float) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-10, atol=1e-14, equal_nan=True))


def _raised_inside(error: Exception) -> bool:
    """Does an error come from the program, and not from a name that it lacks?"""
    rows = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "program.py"
    ]
    return bool(rows) and not isinstance(error, NameError | SyntaxError)


def _is_backward(source: Source, step: Step, right: First, mutation: Mutation) -> bool:
    """Is a statement surely part of the backward pass? The loss stays as it is when its value grows."""
    seen = _grown(source, step, mutation)
    return seen is not None and _near(seen.loss, right.first.loss) and not _same(step, seen, right.first)


def _is_forward(source: Source, step: Step, right: First, mutation: Mutation) -> bool:
    """Is a statement surely part of the forward pass? Zeros hide what is changed, but not what grows."""
    seen = _grown(source, step, mutation)
    return seen is not None and not _near(seen.loss, right.first.loss)


def _grown(source: Source, step: Step, mutation: Mutation) -> Round | None:
    """The first round with what a statement computes made larger; None where there is no such thing."""
    at = mutation.changes[0].place[0]
    statements = [
        s
        for s in source.statements()
        if source.place(s)[0] <= at < source.place(s)[1] and isinstance(getattr(s, "value", None), ast.expr)
    ]
    if not statements:
        return None
    value = statements[-1].value  # type: ignore[attr-defined]
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    part = next((p for p in parts if source.place(p)[0] <= at < source.place(p)[1]), parts[0])
    change = Change(source.place(part), f"1.37 * ({source.of_node(part)})")
    probe = mutant("probe", source, [Mutation("probe", ("probe",), (change,))])
    try:
        with limited(SECONDS):
            return None if probe is None else observed(probe.text, replace(step, number=1))
    except Exception:
        return None
