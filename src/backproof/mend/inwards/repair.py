"""Make one repair of the statements that are wrong in themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from backproof.check.catalogue import Catalogue
from backproof.check.grades import RIGHT
from backproof.check.place import Place
from backproof.check.scoring import score
from backproof.check.trial import Bench
from backproof.faults.correction import Correction
from backproof.mend.inwards.evaluation import Change, Frames
from backproof.mend.inwards.knowledge import Knowledge
from backproof.mend.inwards.options import Options
from backproof.mend.inwards.truths import Truths
from backproof.mend.inwards.walk import Miss, Walk
from backproof.mend.inwards.ways import Ways
from backproof.mend.tried import Tried, built, gain

SAME = 1e-6  # relative
HEADS = 3  # constants of a loss
MANY = 2  # values that show a constant
EACH = 6  # corrections of one statement
Steps = tuple[Tried, ...]
Hints = tuple[Correction, ...]


def from_updates(
    bench: Bench, places: Sequence[Place], candidates: Sequence[Correction], work: int
) -> tuple[Steps, Hints]:
    """The corrections of the statements that are wrong in themselves, in the order of these.

    And those that do in some evaluations of a statement what is wanted, where nothing does in the others.
    """
    rate = bench.target or (bench.verdict.rate and tuple(bench.verdict.rate for _ in bench.points))
    catalogue = Catalogue.of(bench)
    if not rate or not catalogue.entries:
        return (), ()
    with np.errstate(all="ignore"):
        best, hints = Steps(), dict[Correction, None]()
        limit = bench.work + work
        for scales in _scales(catalogue, places, rate[0]):
            options = Options(places, candidates)
            knowledge = Knowledge(bench, Truths(catalogue, scales, rate[0]), Frames(bench))
            walk = Walk(knowledge, Ways(knowledge, options, limit))
            missed = walk.run(rate)
            sets = _sets(bench, options, missed)
            partly = _sets(bench, options, [miss for miss in missed if miss.options])
            hints.update(dict.fromkeys(found[0] for found in partly if found not in sets))
            steps = _best(bench, options, sets, limit + work) if sets else ()
            if steps and (not best or gain(steps[-1].states) > gain(best[-1].states)):
                best = steps
            if best and all(state == RIGHT for state in best[-1].states):
                break
        return best, tuple(hints)


def _scales(catalogue: Catalogue, places: Sequence[Place], rate: float) -> list[tuple[float, ...]]:
    """The constants by which right values of the backward pass may differ from adjoints, as they are tried.

    Those by which most do, as the sign that the error has, or the rate where that is a factor from the start;
    all of these at once, as where the gradients are divided by the size of the batch and the deltas are not,
    but where one is another with a sign turned: then a fault has turned it.
    The rate of the updates is none of them, where there are others: it belongs to the parameters.
    Where none are right to show it, those that the loss has in front, as 1/N.
    """
    common = _common_scales(catalogue, places)
    common = [scale for scale in common if abs(abs(scale) - rate) > SAME * rate] or common
    if common:
        every = [tuple(common)] if len(common) > 1 and not any(-scale in common for scale in common) else []
        return [*every, *((scale,) for scale in common)]
    tables = catalogue.tables
    numbers = [
        [float(np.ravel(table[entry.node])[0]) for table in tables] for entry in catalogue.shaped.get((), ())
    ]
    heads = [1 / n[0] for n in numbers if n[0] > 0 and max(n) - min(n) <= 1e-9 * max(n)]
    scales = dict.fromkeys(float(f"{scale:.9g}") for scale in (1.0, *heads))
    return [(scale,) for scale in list(scales)[:HEADS]]


def _common_scales(catalogue: Catalogue, places: Sequence[Place]) -> list[float]:
    """The constants by which several values of the backward pass are adjoints, the commonest first."""
    counts, exact = defaultdict[float, int](int), dict[float, float]()
    for node in {e.operand for p in places for e in p.edges[:1] if e.whole}:
        for digits, scale in {float(f"{scale:.6g}"): scale for _, scale in catalogue.matches(node)}.items():
            counts[digits] += 1
            exact.setdefault(digits, digits if abs(digits - scale) <= 1e-9 * abs(scale) else scale)
    found = [digits for digits, count in counts.items() if count >= MANY]
    return [exact[d] for d in sorted(found, key=lambda d: (-counts[d], d != 1.0))[:HEADS]]


def _sets(bench: Bench, options: Options, missed: Sequence[Miss]) -> list[list[Correction]]:
    """For each statement that is wrong the corrections that do in all its evaluations what is wanted.

    The first statement first, of each the cheapest correction first.
    """
    groups = defaultdict[int, list[Miss]](list)
    for miss in missed:
        groups[miss.result.origin.site].append(miss)
    ordered = sorted(groups.values(), key=lambda group: min(bench.order[m.result] for m in group))
    sets = list[list[Correction]]()
    for group in ordered:
        common = set(group[0].options).intersection(*(miss.options for miss in group[1:]))
        found = sorted((options.corrections[k] for k in sorted(common)), key=lambda c: c.cost)
        if found:
            sets.append(found[:EACH])
    return sets


def _best(bench: Bench, options: Options, sets: Sequence[Sequence[Correction]], limit: int) -> Steps:
    """One correction of each set, by which the most gradients are right together.

    What is right in one statement may be wrong in another, where both call one function.
    """
    chosen = [found[0] for found in sets]
    best = _states(bench, chosen)
    for k, found in enumerate(sets):
        for other in found[1:]:
            if all(state == RIGHT for state in best) or bench.work > limit:
                break
            instead = [*chosen[:k], other, *chosen[k + 1 :]]
            states = _states(bench, instead)
            if gain(states) > gain(best):
                chosen, best = instead, states
    for correction in list(chosen):
        fewer = [other for other in chosen if other is not correction]
        if fewer and gain(_states(bench, fewer)) >= gain(best):
            chosen = fewer
    chosen = list(dict.fromkeys(chosen))
    for k, correction in enumerate(chosen):
        for other in options.at_the_only_call(correction):
            instead = [*chosen[:k], other, *chosen[k + 1 :]]
            if other.cost <= correction.cost and gain(_states(bench, instead)) >= gain(best):
                chosen = instead
                break
    return _steps(bench, chosen)


def _states(bench: Bench, chosen: Sequence[Correction]) -> tuple[int, ...]:
    changes = [change for correction in dict.fromkeys(chosen) for change in built(correction) or ()]
    return score(bench, changes, bench.initial) or bench.initial


def _steps(bench: Bench, chosen: Sequence[Correction]) -> Steps:
    """What the corrections make of the parameters, one after the other."""
    steps, changes, states = list[Tried](), list[Change](), bench.initial
    for correction in chosen:
        new = built(correction) or []
        changes += new
        states = score(bench, changes, states) or states
        steps.append(Tried(correction, tuple(new), states))
    return tuple(steps)
