"""Values that a step hands to the next and that no gradient changes: states, running means, estimates.

The state of a recurrent network or a filter, a running mean, a baseline: the loss depends on them, and they
are replaced by something computed from themselves, as parameters are. But the updates of parameters, right or
wrong, stop where the error vanishes that the backward pass begins with, and those of a state do not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backproof.check.assigned import becomes_gradient
from backproof.check.digest import digest
from backproof.check.grades import RIGHT
from backproof.check.gradient_names import last_word
from backproof.check.judgement import Judgement
from backproof.check.points import informative_points
from backproof.graph import Node, ancestors, evaluate
from backproof.step import Change, TrainingStep, label
from backproof.step.behind import scaled_step
from backproof.step.change import root
from backproof.step.cut import dependent
from backproof.step.descent import descent
from backproof.step.pairs import is_literal
from backproof.step.update import DECAY, THROUGH, keeps, takes_a_share, terms
from backproof.trace import Trace

MOST = 80  # errors that are tried
SUMMANDS = 12  # of a new value
NOTHING = 1e-9  # of an update: less is left where it stops
WHOLE = 1 - 1e-6  # of the old value: more is all of it, but for rounding, and a running mean forgets a share
Table = Mapping[Node, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A change that is a state's. ``sure`` says that no mistake in an update would look like it."""

    change: Change
    sure: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Update:
    """What is suspected, or known not, to be a state: before, after, and what is taken off."""

    change: Change
    leaf: Node
    after: Node
    taken: Node


@dataclass(frozen=True, slots=True, eq=False)
class _Stop:
    """Values that stop all updates known where they vanish, and what the results are without them."""

    nodes: set[Node]
    without: tuple[Table, ...]


def carried(judgement: Judgement, states: Sequence[int] | None = None) -> tuple[Carried, ...]:
    """Find the states among what was not read, and among the parameters that no correction makes right.

    ``states`` says how right every parameter is, with the corrections that are known; without, only what was
    not read is looked at. Without any parameter that is right there is nothing to tell a state from.
    """
    step = judgement.step
    if states is None:
        states = [RIGHT] * len(step.parameters)
    known, suspected = list[_Update](), list[_Update]()
    for parameter, state, comparison in zip(
        step.parameters, states, judgement.verdict.comparisons, strict=True
    ):
        group = known if state == RIGHT else suspected
        if comparison.zero and state == RIGHT:
            continue
        for change, leaf, after in zip(parameter.changes, parameter.leaves, parameter.afters, strict=True):
            group.append(_Update(change, leaf, after, descent(leaf, after)))
    for change in step.unread:
        leaf, after = step.copies[change.before], step.copies[change.after]
        suspected.append(_Update(change, leaf, after, descent(leaf, after)))
    # an update that changes the shape of its parameter is a fault, and no state
    suspected = [each for each in suspected if np.shape(each.taken.value) == np.shape(each.leaf.value)]
    # nor is what the program updates as it updates its parameters, whatever it takes off
    suspected = [each for each in suspected if not _updated_alike(step.trace, each, known)]
    suspected = [each for each in suspected if not _is_gradient(step, each, judgement.verdict.spread)]
    if not known or not suspected:
        return ()
    points = informative_points(step, 2, spread=judgement.verdict.spread)
    moved = [{**point, **_unread_moved(step, suspected, seed)} for seed, point in enumerate(points)]
    with np.errstate(all="ignore"):
        return tuple(_found(step, known, suspected, moved))


def _is_gradient(step: TrainingStep, each: _Update, spread: float) -> bool:
    """Does a value become its own true gradient, times a number: its step, which was to be added to it?

    Or that with something else than itself, as where `w = x + rate * g` is written for `w = w + rate * g`.
    """
    if each.leaf in ancestors([each.after]) and keeps(each.after, each.leaf):
        return False
    return becomes_gradient(step, each.leaf, list(_summands(each.after)), spread)


def _summands(after: Node) -> Iterator[Node]:
    """A value, and what it is the sum or the difference of."""
    stack, count = [after], 0
    while stack and count < SUMMANDS:
        node = stack.pop()
        yield node
        count += 1
        stack += node.operands if node.operation in ("add", "subtract", *THROUGH) else ()


def _updated_alike(trace: Trace, each: _Update, known: Iterable[_Update]) -> bool:
    """Is a value changed by a statement like those by which parameters are that are right, or at their rate?

    A running mean takes a share off itself, at what may be the same rate.
    """
    change = each.change
    if not keeps(each.after, each.leaf, whole=True) or takes_a_share(each.after, each.leaf):
        return False
    text, rates = _written(trace, change), _rates(change)
    return any(_written(trace, k.change) == text or rates & _rates(k.change) for k in known)


def _written(trace: Trace, change: Change) -> str:
    """The statement that changes a value, but for what the value is called."""
    site = trace.sites[change.stores[-1].site]
    text = site.text if site.statement is None else trace.sites[site.statement].text
    word = last_word(label(trace, change))
    return (
        re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", "_", text, flags=re.IGNORECASE)
        if word
        else text
    )


def _rates(change: Change) -> set[Node]:
    """The numbers under a name that multiply what an update takes off."""
    found, stack = set[Node](), list(terms(change.after, change.before)[1])
    while stack:
        node = stack.pop()
        if node.operation in ("multiply", "divide", "negative", *THROUGH):
            for operand in node.operands:
                value = root(operand, 0)
                if np.size(value.value) == 1 and not value.operands and (operand.name or value.name):
                    found.add(value)
                else:
                    stack.append(operand)
    return found


def _unread_moved(step: TrainingStep, suspected: Iterable[_Update], seed: int) -> dict[Node, Any]:
    """Other values for what was not read, which is no parameter of the step."""
    generator = np.random.default_rng(seed)
    return {
        each.leaf: each.leaf.value + generator.normal(size=np.shape(each.leaf.value))
        for each in suspected
        if each.change in step.unread
    }


def _found(
    step: TrainingStep, known: list[_Update], suspected: list[_Update], points: list[dict[Node, Any]]
) -> Iterator[Carried]:
    results = [*(each.taken for each in (*known, *suspected)), *step.truths]
    points = [{**step.state, **point} for point in points]
    base = [evaluate(results, point) for point in points]
    stopping, surely = list[_Stop](), list[_Stop]()
    for nodes in _errors(step, known, base[0]):
        without = tuple(_with_zeros(results, nodes, points))
        if all(_stops(each, points, base, without) for each in known):
            stopping.append(_Stop(nodes, without))
            if not any(np.any(table[truth]) for table in without for truth in step.truths):
                surely.append(stopping[-1])
    # what is a factor of all updates need not be the error; where the true gradients stop too, it is
    stops = surely or stopping
    for each in suspected:
        if not stops or any(_stops(each, points, base, stop.without) for stop in stops):
            continue
        if not _ends_with_own_error(step, each, stops, points, base):
            yield Carried(each.change, _is_sure(step, each, points, stops[0].without))


def _with_zeros(results: Sequence[Node], nodes: Iterable[Node], points: Sequence[Table]) -> Iterator[Table]:
    """Evaluate with zeros for some nodes."""
    zeros = {node: np.zeros(np.shape(node.value)) for node in nodes}
    return (evaluate(results, {**point, **zeros}) for point in points)


def _ends_with_own_error(
    step: TrainingStep,
    each: _Update,
    stops: Sequence[_Stop],
    points: Sequence[Table],
    base: Sequence[Table],
) -> bool:
    """Does an update that adds to its value stop where its own outputs meet their targets as well?

    Then it is a gradient's, right or wrong, with another error than that of the gradients known: a loss may
    have several.
    """
    if not keeps(each.after, each.leaf, whole=True):
        return False
    line = ancestors([each.taken])
    moving = dependent(line, step.leaves)
    errors = {node for node in line if _is_error(step, node, moving)}
    return bool(errors) and any(
        _stops(each, points, base, list(_with_zeros([each.taken], stop.nodes | errors, points)))
        for stop in stops
    )


def _is_error(step: TrainingStep, node: Node, moving: set[Node]) -> bool:
    """Is this the difference of an output and of data, other than a number written in the source?"""
    if node.operation != "subtract" or node.origin is None:
        return False
    x, y = node.operands
    if (x in moving) == (y in moving):
        return False
    output, position = (x, 1) if x in moving else (y, 0)
    return bool(output.operands) and not is_literal(step.trace, node, position)


def _errors(step: TrainingStep, known: Sequence[_Update], table: Table) -> Iterator[set[Node]]:
    """Values that all updates are computed from, those of one expression and those like them together."""
    lines = [ancestors([each.taken]) for each in known]
    moving = dependent(ancestors([each.taken for each in known]), step.leaves) - set(step.leaves)
    by_site, alike = defaultdict[int, set[Node]](set), defaultdict[Any, set[Node]](set)
    for line in lines:
        for node in moving.intersection(line):
            if node.origin is not None and node in table and np.asarray(table[node]).dtype.kind == "f":
                by_site[node.origin.site].add(node)
                alike[digest(np.abs(table[node]))].add(node)
    sites = [{n.origin.site for n in moving.intersection(line) if n.origin is not None} for line in lines]
    common = [s for s in set.intersection(*sites) if s in by_site]
    first = {site: min(n.origin.time for n in by_site[site]) for site in common}
    for site in sorted(common, key=lambda s: first[s], reverse=True)[:MOST]:
        yield by_site[site].union(*(alike[digest(np.abs(table[node]))] for node in by_site[site]))


def _stops(each: _Update, points: Sequence[Table], base: Sequence[Table], without: Sequence[Table]) -> bool:
    """Does an update leave its value as it is, but for a little decay, or growth?"""
    for point, before, after in zip(points, base, without, strict=True):
        left, own = np.asarray(after[each.taken], dtype=float), np.asarray(point[each.leaf], dtype=float)
        if not np.all(np.isfinite(left)):
            return False
        share = float(np.vdot(left, own)) / (float(np.vdot(own, own)) or 1.0)
        if abs(share) <= DECAY:
            left = left - share * own
        if np.linalg.norm(left) > NOTHING * np.linalg.norm(np.asarray(before[each.taken], dtype=float)):
            return False
    return True


def _is_sure(
    step: TrainingStep, each: _Update, points: Sequence[dict[Node, Any]], without: Sequence[Table]
) -> bool:
    """Does it behave as no parameter would, whatever the mistake?

    The mean of data that keeps a share of itself; or what does not keep its old value, and becomes something
    else than a fixed share of it, or of a parameter, where the error vanishes. A multiple of a step that the
    loss is not computed from may be that of a parameter.
    """
    inner = scaled_step(each.after, each.leaf)
    if inner is not None and inner not in ancestors([step.loss]):
        return False
    if keeps(each.after, each.leaf, whole=True):
        others = set(step.leaves) - {each.leaf}
        return others.isdisjoint(ancestors([each.after])) and 0 < _share_kept(each, points[0]) < WHOLE
    shares = []
    for point, table in zip(points, without, strict=True):
        old = np.asarray(point[each.leaf], dtype=float)
        new = old - np.asarray(table[each.taken], dtype=float)
        size = float(np.vdot(old, old))
        share = float(np.vdot(old, new)) / size if size else 0.0
        if np.linalg.norm(new - share * old) > 1e-6 * np.linalg.norm(old):
            return bool(np.all(np.isfinite(new))) and not _is_share_of_any(new, step.leaves, point)
        shares.append(share)
    return bool(np.ptp(shares) > 1e-6 * max(map(abs, shares)))


def _is_share_of_any(value: Any, parameters: Iterable[Node], point: Mapping[Node, Any]) -> bool:
    """Is a value a parameter, or a share of it: one that stands where another was meant?"""
    for leaf in parameters:
        own = np.asarray(point[leaf], dtype=float)
        if own.size > 1 and own.shape == np.shape(value) and np.any(own):
            share = float(np.vdot(own, value) / np.vdot(own, own))
            if np.linalg.norm(value - share * own) <= 1e-6 * np.linalg.norm(own):
                return True
    return False


def _share_kept(each: _Update, point: Mapping[Node, Any]) -> float:
    """How much of a change of the old value the new one keeps; nan where that is not the same everywhere."""
    old = np.asarray(point[each.leaf], dtype=float)
    step = np.random.default_rng(5).normal(size=old.shape)
    here, there = (
        np.asarray(evaluate([each.after], {**point, each.leaf: value})[each.after], dtype=float)
        for value in (old, old + step)
    )
    shares = (there - here) / step
    return float(np.mean(shares)) if np.ptp(shares) < 1e-6 else float("nan")
