"""Make one repair of the statements that are wrong in themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from backproof.check.catalogue import Catalogue
from backproof.check.grades import RIGHT
from backproof.check.place import Place
from backproof.check.scoring import score
from backproof.check.trial import Bench
from backproof.faults.correction import Correction
from backproof.graph import quietly
from backproof.mend.inwards.evaluation import Change, Frames
from backproof.mend.inwards.knowledge import Knowledge
from backproof.mend.inwards.options import Options
from backproof.mend.inwards.scales import of_parameters, of_values
from backproof.mend.inwards.truths import Truths
from backproof.mend.inwards.walk import Miss, Walk
from backproof.mend.inwards.ways import Ways
from backproof.mend.tried import Tried, built, gain

EACH = 6  # corrections of one statement
Steps = tuple[Tried, ...]
Hints = tuple[Correction, ...]


def from_updates(
    bench: Bench, places: Sequence[Place], candidates: Sequence[Correction], work: int
) -> tuple[Steps, Hints]:
    """The corrections of the statements that are wrong in themselves, in the order of these.

    And those that do in some evaluations of a statement what is wanted, where nothing does in the others, or
    in all of one where nothing explains another statement.
    """
    rate = bench.target or (bench.verdict.rate and tuple(bench.verdict.rate for _ in bench.points))
    catalogue = Catalogue.of(bench)
    if not rate or not catalogue.entries:
        return (), ()
    with quietly():
        best, hints, wholly = Steps(), dict[Correction, None](), dict[Correction, None]()
        limit = bench.work + work
        own = of_parameters(bench, rate[0])
        for scales in of_values(catalogue, places, rate[0]):
            options = Options(places, candidates)
            knowledge = Knowledge(bench, Truths(catalogue, scales, own), Frames(bench))
            walk = Walk(knowledge, Ways(knowledge, options, limit))
            missed = walk.run(rate)
            sets = _sets(bench, options, missed)
            partly = _sets(bench, options, [miss for miss in missed if miss.options])
            hints.update(dict.fromkeys(found[0] for found in partly if found not in sets))
            wholly.update(dict.fromkeys(found[0] for found in sets))
            steps = _best(bench, options, sets, limit + work) if sets else ()
            if steps and (not best or gain(steps[-1].states) > gain(best[-1].states)):
                best = steps
            if best and all(state == RIGHT for state in best[-1].states):
                break
        return best, tuple({**hints, **wholly})


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
