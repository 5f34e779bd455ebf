"""From the loss outwards: the first statement that makes of what is true something that is not.

Of several mistakes on one way the updates show none by itself. But all that lies between the loss and the
first of them is true: adjoints and slopes of the forward pass. What makes it true again where it stops is the
mend of that one, however many follow; with it the next is the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue
from backproof.check.grades import RIGHT
from backproof.check.place import Place
from backproof.check.scoring import score
from backproof.check.trial import Bench
from backproof.faults.correction import Correction
from backproof.graph import Node, quietly, unnamed
from backproof.mend.alike import Alike
from backproof.mend.blame import mended
from backproof.mend.inwards.evaluation import Change, Evaluation, Frames, statement_of
from backproof.mend.inwards.options import Options
from backproof.mend.inwards.scales import of_values
from backproof.mend.tried import built

LIKELY = 8  # corrections of one statement, the cheapest
WATCHED = 200  # values that follow
FIRST = 2  # corrections of the first statement that are gone on from
MOST = 4  # corrections, one after the other
STOPS = 12  # statements that give nothing that is known
NEAR = 1e-6  # relative: the constants of adjoints
Chain = tuple[Correction, ...]


def from_loss(
    bench: Bench, places: Sequence[Place], candidates: Sequence[Correction], work: int
) -> Iterator[Chain]:
    """The corrections with which what the first statements give is true, one after the other.

    Several chains, by what may be written at the first; the likeliest first.
    """
    rate = bench.target or (bench.verdict.rate and tuple(bench.verdict.rate for _ in bench.points))
    catalogue = Catalogue.of(bench)
    if not rate or not catalogue.entries:
        return
    scales = [rate[0], -rate[0]]  # which statements before the updates may multiply by already
    scales += [scale for each in of_values(catalogue, places, rate[0]) for scale in each]
    outwards = _Outwards(bench, Options(places, candidates), catalogue, scales, bench.work + work)
    with quietly():
        for first in outwards.next(())[:FIRST]:
            chain = [first]
            while len(chain) < MOST and not outwards.explains(chain):
                more = outwards.next(chain)
                if not more:
                    break
                chain.append(more[0])
            yield tuple(chain)


class _Outwards:
    """What is true of the values of one step, as far as it is mended."""

    def __init__(
        self, bench: Bench, options: Options, catalogue: Catalogue, scales: Sequence[float], limit: int
    ) -> None:
        self.bench, self.options, self.catalogue = bench, options, catalogue
        self.scales, self.limit = scales, limit
        local = [entry.node for entry in catalogue.entries if entry.kind == "local"]
        self.slopes = Alike(local, catalogue.tables)
        # what is updated may be read in the place of what was there before: what reads it is to be mended
        self.updated = {after for parameter in bench.step.parameters for after in parameter.afters}

    def explains(self, chain: Sequence[Correction]) -> bool:
        """Are all gradients right with some corrections?"""
        states = score(self.bench, _changes(chain), self.bench.initial)
        return states is not None and all(state == RIGHT for state in states)

    def next(self, chain: Sequence[Correction]) -> list[Correction]:
        """The corrections of the first statement that can be made true behind a chain, the cheapest first."""
        if self.bench.work > self.limit:
            return []
        known = self.catalogue
        if chain:
            known = replace(known, bench=mended(self.bench, _changes(chain), self.bench.initial), known={})
        closed = {part.place.site.statement for each in chain for part in each.parts}
        frames, passed = Frames(known.bench), set[int]()
        again = Alike(self.bench.forward, known.bench.base)  # the forward pass, computed once more

        def is_true(node: Node) -> bool:
            return node.origin.site in passed or self._is_true(known, again, node)

        for node in self._results():
            if statement_of(self.bench, node) in closed or is_true(node):
                continue
            here = Evaluation(frames, node)
            if all(u.origin.site == node.origin.site or is_true(u) for u in here.inputs):
                if found := self._true_again(known, here):
                    return self._furthest(chain, found)
                passed.add(node.origin.site)  # perhaps it only prepares the next
            if len(passed) == STOPS:
                break
        return []

    def _results(self) -> Iterator[Node]:
        """What the statements of the backward pass give, in order."""
        bench = self.bench
        for node in sorted(bench.main - bench.forward, key=bench.order.__getitem__):
            if node.operands and node.origin is not None and node.origin.site >= 0:
                own = statement_of(bench, node)
                users = (u for u in bench.consumers.get(node, ()) if u in bench.main)
                if any(u.origin is None or u.origin.site < 0 or statement_of(bench, u) != own for u in users):
                    yield node

    def _is_true(self, known: Catalogue, again: Alike, node: Node) -> bool:
        """Is a value an adjoint, a slope, one of the forward pass, or one that hangs on no parameter?"""
        if unnamed(node) in self.updated:
            return True
        values = [table[node] for table in known.bench.base]
        if all(np.array_equal(value, values[0]) for value in values[1:]):
            return bool(np.any(values[0]))
        if any(self._is_scale(scale) for _, scale in known.matches(node)) or self._is_slope(known, values):
            return True
        return again.holds(values)

    def _is_slope(self, known: Catalogue, values: Sequence[Any]) -> bool:
        self.bench.work += len(known.shaped.get(np.shape(values[0]), ()))
        return self.slopes.holds(values)

    def _is_scale(self, scale: float) -> bool:
        return any(abs(scale - own) <= NEAR * abs(own) for own in self.scales)

    def _furthest(self, chain: Sequence[Correction], found: Sequence[Correction]) -> list[Correction]:
        """Those first with which what follows gives the most adjoints; of as many, the cheaper."""
        results, ranked = list(self._results())[:WATCHED], list[tuple[int, int]]()
        for number, correction in enumerate(found[:LIKELY]):
            changes = _changes([*chain, correction])
            known = replace(self.catalogue, bench=mended(self.bench, changes, self.bench.initial), known={})
            given = {e.of for node in results for e, scale in known.matches(node) if self._is_scale(scale)}
            ranked.append((-len(given), number))
            self.bench.work += len(results) + len(self.bench.main)
        return [found[number] for _, number in sorted(ranked)]

    def _true_again(self, known: Catalogue, here: Evaluation) -> list[Correction]:
        """The corrections with which a statement gives an adjoint, or the slope that it is to give."""
        found = list[Correction]()
        before = known.bench.work
        read = {
            entry.of for node in here.inputs for entry, _ in known.matches(node)
        }  # no need to give it again
        for number, changes in self.options.written(here):
            values = [here.value(changes, point) for point in range(len(known.bench.points))]
            if known.bench.work - before + self.bench.work > self.limit:
                break
            if any(value is None for value in values) or np.asarray(values[0]).dtype.kind not in "fiu":
                continue
            adjoint = any(
                entry.kind == "adjoint" and entry.of not in read and self._is_scale(scale)
                for entry, scale in known.recognised(values)
            )
            if adjoint or (not here.inputs and self._is_slope(known, values)):
                found.append(self.options.corrections[number])
        if known.bench is not self.bench:
            self.bench.work += known.bench.work - before
        return found


def _changes(chain: Sequence[Correction]) -> list[Change]:
    return [change for correction in chain for change in built(correction) or ()]
