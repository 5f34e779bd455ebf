"""By which rule a program updates its parameters: its name, its rate and the shares that it remembers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from backproof.check.judgement import Judgement
from backproof.compare.seen import UNCOMPUTED, Seen, reached
from backproof.compare.starting import first_updates
from backproof.graph import Node, ancestors, evaluate
from backproof.step import Change, TrainingStep
from backproof.step.computed import COMPUTED
from backproof.step.window import MINIMISED

COUNTED = frozenset({"add", "multiply", "identity"})
ROOTS = frozenset({"sqrt", "power"})
EXACT = 1e-6  # relative
NARROW = 1e-2  # of a rate: what the small number below a root may take away


@dataclass(frozen=True, slots=True)
class Update:
    """A rule, None where it is not known; what it multiplies a gradient by; the shares that are kept.

    ``decay`` is the share of the parameters in the gradient that is no part of the loss, None where the
    gradient is wrong and so it is not known. ``changing`` says
    that the rate is another in every step; ``bounded`` that gradients are cut off or brought to a length.
    """

    rule: str | None
    rate: float | None
    kept: tuple[float, ...] = ()
    decay: float | None = 0.0
    changing: bool = False
    bounded: bool = False

    def __str__(self) -> str:
        if self.rule is None:
            return "not known"
        parts = [self.rule]
        if self.rate is not None:
            parts.append(f"rate {self.rate:.6g}" + (", changing" if self.changing else ""))
        if self.kept:
            parts.append("keeping " + " and ".join(f"{k:.6g}" for k in self.kept))
        if self.decay:
            parts.append(f"weight decay {self.decay:.6g}")
        if self.bounded:
            parts.append("gradients bounded")
        return ", ".join(parts)


def update_of(seen: Seen) -> Update:
    """Read the rule of a judged step."""
    judgement, step = seen.judgement, seen.step
    if step.window.kind[0] == MINIMISED:
        return Update("a minimiser of a library", None)
    if step.window.kind[0] == COMPUTED:
        return Update(None, None)
    try:
        found = [_memories(step, leaf, after) for leaf, after in _pairs(step)]
    except UNCOMPUTED:
        return Update(None, None)
    kinds = {tuple(sorted((m.squared, m.kept) for m in memories)) for memories in found}
    if len(kinds) != 1:
        return Update(None, None)
    memories = kinds.pop()
    bounded = bool(step.opened or step.lengths)
    decay = _decay(judgement)
    changing = _changes(seen)
    if any(kept is None for _, kept in memories):
        return Update(None, None, bounded=bounded)
    shares = tuple(float(kept) for _, kept in memories if kept is not None)
    if decay and any(squared for squared, _ in memories):
        decay = None  # it is divided by what is remembered, too
    match [squared for squared, _ in memories]:
        case []:
            return Update("gradient descent", _plain_rate(judgement), (), decay, changing, bounded)
        case [False] if 0 < shares[0] < 1:
            rule = "momentum" if _is_classical(step) else "Nesterov momentum"
            return Update(rule, _plain_rate(judgement), shares, decay, changing, bounded)
        case [True] if shares == (1.0,):
            return Update("Adagrad", _first_move(judgement), (), decay, changing, bounded)
        case [True]:
            moved = _first_move(judgement)
            rate = None if moved is None else float(f"{moved * np.sqrt(1 - shares[0]):.3g}")
            return Update("RMSprop", rate, shares, decay, changing, bounded)
        case [False, True]:
            return Update("Adam", _first_move(judgement), shares, decay, False, bounded)
    return Update(None, None, bounded=bounded)


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """What is remembered of a gradient: its ``squared`` size or itself, of which a share is ``kept``."""

    squared: bool
    kept: float | None


def _pairs(step: TrainingStep) -> list[tuple[Node, Node]]:
    return [pair for p in step.parameters for pair in zip(p.leaves[:2], p.afters[:2], strict=True)]


def _changes_of(step: TrainingStep, leaf: Node, after: Node) -> list[Change]:
    """What is remembered for a parameter alone, number by number."""
    line = set(ancestors([after]))
    loss = set(ancestors([step.loss]))
    return [
        c
        for c in step.remembered
        if (before := step.copies.get(c.before)) in line
        and before is not leaf
        and before not in loss
        and np.size(c.before.value) == np.size(leaf.value)
        and np.asarray(c.before.value).dtype.kind == "f"
        and not _is_clock(c)
    ]


def _is_clock(change: Change) -> bool:
    """Is this one number that is counted up or multiplied, as a power of a share is?"""
    before, after = change.before, change.after
    return np.ndim(before.value) == 0 and all(
        n is before or not n.operands or (np.size(n.value) == 1 and n.operation in COUNTED)
        for n in ancestors([after], stop=lambda n: n is before)
    )


def _memories(step: TrainingStep, leaf: Node, after: Node) -> list[_Memory]:
    found = []
    order = ancestors([after])
    for change in _changes_of(step, leaf, after):
        before, new = step.copies[change.before], step.copies.get(change.after)
        if new is None:
            found.append(_Memory(False, None))
            continue
        found.append(_Memory(_is_rooted(order, {before, new}), _kept(before, new)))
    return found


def _is_rooted(order: Collection[Node], memory: set[Node]) -> bool:
    """Is a root taken of what is remembered?"""
    touched = reached(list(order), memory)
    for node in order:
        if node.operation in ROOTS and node.operands[0] in touched:
            if node.operation == "sqrt":
                return True
            power = np.ravel(np.asarray(node.operands[1].value, dtype=float))
            if power.size == 1 and abs(float(power[0])) == 0.5:
                return True
    return False


def _kept(before: Node, after: Node) -> float | None:
    """The share of a memory that is in it after the step; None where it is no number."""
    shape = np.shape(before.value)
    values = []
    for number in (0.0, 1.0, 2.0):
        table = evaluate([after], {before: np.full(shape, number)[()]})
        values.append(np.ravel(np.asarray(table[after], dtype=float)))
    share = values[1] - values[0]
    size = max(1.0, float(np.max(np.abs(values[0]), initial=0.0)))
    if not np.all(np.isfinite(share)) or np.max(np.abs(values[2] - values[0] - 2 * share)) > EXACT * size:
        return None
    return float(f"{share[0]:.9g}") if np.ptp(share) <= EXACT * size else None


def _is_classical(step: TrainingStep) -> bool:
    """Is what is taken off a parameter what is remembered, times one number? Nesterov looks ahead."""
    for leaf, after in _pairs(step):
        (change,) = _changes_of(step, leaf, after)
        before, new = step.copies[change.before], step.copies[change.after]
        shape = np.shape(before.value)
        rows = []
        for number in (0.0, 1.0):
            table = evaluate([after, new], {before: np.full(shape, number)[()]})
            moved = np.ravel(np.asarray(leaf.value, dtype=float)) - np.ravel(
                np.asarray(table[after], dtype=float)
            )
            rows.append((moved, np.ravel(np.asarray(table[new], dtype=float))))
        (m0, v0), (m1, v1) = rows
        if not np.allclose(m0 * v1, m1 * v0, rtol=1e-5, atol=1e-12 + 1e-6 * float(np.max(np.abs(m0 * v1)))):
            return False
    return True


def _plain_rate(judgement: Judgement) -> float | None:
    """The number by which gradients are multiplied: as the program writes it, or else as it is seen."""
    verdict = judgement.verdict
    if verdict.rate is not None:
        return float(verdict.rate)
    scales = verdict.scales
    steady = bool(scales) and max(scales) <= min(scales) * (1 + EXACT)
    return float(f"{np.mean(scales):.9g}") if steady else None


def _decay(judgement: Judgement) -> float | None:
    """The share of the parameters that the gradients have more than the loss; None where they are wrong."""
    if not judgement.verdict.correct:
        return None if judgement.step.decays else 0.0
    found = [c.decay.square for c in judgement.verdict.comparisons if c.decay is not None]
    if found:
        return float(f"{max(found):.6g}")
    rate = judgement.verdict.rate or 1.0
    taken = [share.taken / rate for share in judgement.step.decays if not share.absolute]
    return float(f"{max(taken):.6g}") if taken else 0.0


def _first_move(judgement: Judgement) -> float | None:
    """How far the first step moves every number, where that is as far for all."""
    moves = []
    for before, after in first_updates(judgement).values():
        old, new = (np.asarray(node.value, dtype=float) for node in (before, after))
        if old.shape != new.shape:
            return None
        moves.append(np.abs(np.ravel(old - new)))
    size = np.concatenate(moves) if moves else np.zeros(0)
    size = size[size > 0]
    if not size.size or np.median(size) < np.max(size) * (1 - NARROW):
        return None
    return float(f"{np.max(size):.3g}")


def _changes(seen: Seen) -> bool:
    """Is a number by which gradients are multiplied another in other steps?"""
    step = seen.step
    forward = set(ancestors([step.loss, *step.truths]))
    for copy in ancestors(step.descents):
        node = seen.originals.get(copy)
        if node is None or copy in forward or np.size(copy.value) != 1 or copy.operands:
            continue
        numbers = [float(np.ravel(v)[0]) for v in seen.values(node) if np.asarray(v).dtype.kind in "fi"]
        steps = np.diff(numbers)
        if len(steps) > 1 and (np.all(steps > 0) or np.all(steps < 0)) and copy not in seen.bases:
            return True  # data go up and down
    return False
