"""One round of the search: the true value that mends the most, put as early as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from backproof.check.catalogue import Catalogue, Entry
from backproof.check.grades import RIGHT, VANISHES, parallel
from backproof.check.place import Place, where
from backproof.check.scoring import score
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction, Part, bracketed, product
from backproof.graph import Node
from backproof.mend.derived.factored import lacks_adjoint, wrong_slope
from backproof.mend.derived.relation import UNNAMED, relation, same, smallest
from backproof.mend.derived.spelling import spelled
from backproof.mend.derived.substitution import Derived, Values, slopes, substitutions
from backproof.mend.derived.summands import by_summands
from backproof.mend.reach import Reach

STATEMENTS = frozenset({"AugAssign", "Assign", "Return", "Expr"})
EVALUATIONS = 12  # of a place, compared to name the mistake
Change = tuple[Edge, Node]
MOST_EXACT = 2
COST = 6.0  # more than anything that has a name of its own


class Deriver:
    """Offers true values for the places of one step."""

    def __init__(self, bench: Bench, every: Sequence[Place], reach: Reach) -> None:
        self.bench, self.every, self.reach = bench, every, reach
        self.catalogue = Catalogue.of(bench)
        self.values = Values(self.catalogue, {})
        self.leaves = frozenset(bench.step.leaves)
        self.scales = self.catalogue.scales(
            edge.operand for place in every for edge in place.edges[:1] if edge.whole
        )

    def best(
        self, before: Sequence[Change], states: tuple[int, ...], taken: Sequence[Correction], limit: int
    ) -> tuple[Correction, tuple[Change, ...], tuple[int, ...]] | None:
        """The substitution that makes the most gradients right, of the first place that does.

        Or but for a constant. With what the states of the parameters become; None where none helps.
        """
        chosen = self._chosen(before, states, taken, limit, False) or self._chosen(
            before, states, taken, limit, True
        )
        if chosen is None:
            return None
        derived, result = self._plainest(chosen[0]), chosen[1]
        if not derived.factor and not self._is_written(derived):
            derived = self._written_around(derived, before, states, result) or derived
        correction = self._factor(derived) if derived.factor else self._correction(derived)
        return correction, derived.changes, result

    def _chosen(
        self,
        before: Sequence[Change],
        states: tuple[int, ...],
        taken: Sequence[Correction],
        limit: int,
        updates: bool,
    ) -> tuple[Derived, tuple[int, ...]] | None:
        """The substitution that makes the most gradients right, of those in the ``updates`` or of others."""
        wrong = sum(state != RIGHT for state in states)
        chosen: tuple[Derived, tuple[int, ...]] | None = None
        gained = (0, 0, 0, False)
        for propose in (self._slopes, self._values):
            for place in sorted(self.every, key=self._last):
                bound = self.reach.of([place], states)
                if place.site.kind in STATEMENTS or bound < max(gained[0], 1) or _edited(place, taken):
                    continue
                for derived in propose(place):
                    if self.bench.work > limit:
                        break
                    if self._is_update(derived) != updates:
                        continue
                    exact = _exactness(derived)
                    if gained[0] == wrong and gained[2:] >= (exact, True):
                        continue
                    result = score(self.bench, (*before, *derived.changes), states)
                    if result is None or any(a < b for a, b in zip(result, states, strict=True)):
                        continue
                    if sum(result) <= sum(states):
                        continue  # a single number is parallel to any other
                    right = sum(a == RIGHT != b for a, b in zip(result, states, strict=True))
                    gain = (right, sum(result) - sum(states), exact)
                    if gain < gained[:3]:
                        continue
                    written = self._is_written(derived)
                    if (*gain, written) > gained:
                        chosen, gained = (derived, result), (*gain, written)
                if gained[0] == wrong and gained[2] == MOST_EXACT:
                    break
        return chosen

    def _is_update(self, derived: Derived) -> bool:
        """Are these the gradients of several parameters, in the one statement that applies them all?"""
        return len(derived.entries) > 1 and all(
            entry.kind == "adjoint" and entry.of in self.leaves for entry in derived.entries
        )

    def _is_written(self, derived: Derived) -> bool:
        """Can a true value be written at its place, and is it another than what is written there?"""
        edge, new = derived.changes[0]
        tables = self.bench.base if not derived.factor else ()
        if tables and all(same(table[edge.operand], table[new]) for table in tables):
            return False
        scale = 1.0 if derived.factor else derived.scale
        return spelled(self.catalogue, derived.place, derived.entries[0], scale) is not None

    def _written_around(
        self, derived: Derived, before: Sequence[Change], states: tuple[int, ...], result: tuple[int, ...]
    ) -> Derived | None:
        """The true value of an expression around a place, where that can be written and does as much."""
        numbers = _around(derived.place)
        for place in sorted(
            (p for p in self.every if p.site.number in numbers), key=lambda p: -p.site.number
        ):
            for wider in substitutions(self.catalogue, place, self.scales, self.values):
                plain = self._plainest(wider)
                if not self._is_written(plain):
                    continue
                if score(self.bench, (*before, *plain.changes), states) == result:
                    return plain
        return None

    def _plainest(self, derived: Derived) -> Derived:
        """Where any common scale would do, take one at which the number in front is none of this run's sizes.

        Best the one at which the updates are the rate times the truth.
        """
        rate, entry = self.bench.verdict.rate, derived.entries[0]
        if self.bench.target is not None or derived.factor or entry.kind == "local":
            return derived
        overlay = self.bench.evaluated(derived.changes, 0) or {}
        pairs = zip(self.bench.step.descents, self.bench.truths[0], strict=True)
        found = [parallel(overlay[d], true) for d, true in pairs if d in overlay]
        if len(found) < len(self.bench.step.descents) or found[0] is None or not 0 < found[0] < VANISHES:
            return derived
        sizes = (float(size) for size in derived.place.shape)
        scales = [rate / found[0]] if rate else []
        for scale in (*scales, 1.0, *sizes, float(np.size(entry.node.value))):
            if spelled(self.catalogue, derived.place, entry, derived.scale * scale) is not None:
                every = substitutions(self.catalogue, derived.place, (derived.scale * scale,), self.values)
                return next((other for other in every if other.entries == derived.entries), derived)
        return derived

    def _last(self, place: Place) -> tuple[bool, bool]:
        """What is not to be changed where another place would do as well: calls, and what the loss reads."""
        return place.site.number in self.bench.shared, _hands_on(place)

    def _slopes(self, place: Place) -> Iterator[Derived]:
        return slopes(self.catalogue, place, self.values)

    def _values(self, place: Place) -> Iterator[Derived]:
        return substitutions(self.catalogue, place, self.scales, self.values)

    def _factor(self, derived: Derived) -> Correction:
        """A slope that is missing at a place."""
        place, entry = derived.place, derived.entries[0]
        text = spelled(self.catalogue, place, entry, 1.0)
        new = {e.operand: node for e, node in derived.changes}
        meaning = self._meaning(place, entry, 1.0)
        why = f"the chain rule has one more factor here: {meaning}"
        part = Part(place, product(place.text, text) if text else "", lambda e: new.get(e.operand))
        if text is None:
            expected = f"{place.text} times {meaning.replace('`', '')}"
            return Correction("missing-factor", (part,), COST, why, expected=expected, edits=(), derived=True)
        return Correction("missing-factor", (part,), COST, why, expected=part.text)

    def _correction(self, derived: Derived) -> Correction:
        place, entry = derived.place, derived.entries[0]
        text = spelled(self.catalogue, place, entry, derived.scale)
        if text == place.text:
            text = None  # what is read there is itself wrong
        new = {e.operand: node for e, node in derived.changes}
        found, wanted = [], []
        for old, node in list(new.items())[:EVALUATIONS]:
            found += [table[old] for table in self.bench.base]
            wanted += [table[node] for table in self.bench.base]
        rule = relation(self.catalogue, found, wanted, entry.kind == "local", (place.text, text))
        if rule == UNNAMED and np.shape(found[0]) == np.shape(wanted[0]) and entry.kind == "adjoint":
            if (wrong := wrong_slope(self.catalogue, place, found, wanted)) is not None:
                rule = "wrong-activation-derivative"
                if (slope := self._slope(place, *wrong, new)) is not None:
                    return slope
            elif lacks_adjoint(self.catalogue, found, wanted):
                rule = "missing-factor"
        if rule in (UNNAMED, "wrong-operand") and len(new) == 1 and np.shape(found[0]) == np.shape(wanted[0]):
            rule = by_summands(self.catalogue, entry, derived.scale, found) or rule
        meaning = self._meaning(place, entry, derived.scale)
        why = f"`{place.text}` has to be {meaning}"
        part = Part(place, text or "", lambda e: new.get(e.operand))
        if text is None:
            expected = meaning.replace("`", "")
            return Correction(rule, (part,), COST, why, expected=expected, edits=(), derived=True)
        site, shorter = smallest(place, text)
        part = replace(part, text=shorter, span=site.span)
        return Correction(rule, (part,), COST, why, at=site, expected=shorter, derived=True)

    def _slope(self, place: Place, number: int, entry: Entry, new: Mapping[Node, Node]) -> Correction | None:
        """The true slope in the place of another factor of a product of which the rest is right."""
        text = spelled(self.catalogue, place, entry, 1.0)
        if text is None:
            return None
        site = place.children[number]
        shorter = text if f"({site.text})" in place.text else bracketed(text, 6)
        part = Part(place, shorter, lambda e: new.get(e.operand), span=site.span)
        why = f"`{site.text}` has to be {self._meaning(place, entry, 1.0)}"
        rule = "wrong-activation-derivative"
        return Correction(rule, (part,), COST, why, at=site, expected=shorter, derived=True)

    def _meaning(self, place: Place, entry: Entry, scale: float) -> str:
        """What an entry is, in words."""
        of, loss = self._called(place, entry.of), self.bench.step.hypothesis.name
        if entry.kind == "local":
            through = self._called(place, entry.through) if entry.through is not None else "it"
            return f"the derivative of {through} by {of}"
        whole = f"the derivative of {'`' + loss + '`' if loss else 'the loss'} by {of}"
        if abs(scale - 1.0) > 1e-7:
            whole += f", times {scale:g}"
        if entry.kind == "path" and entry.through is not None:
            return f"the part of {whole} that comes through {self._called(place, entry.through)}"
        return whole

    def _called(self, place: Place, node: Node) -> str:
        """What the program calls a value: a name, or the expression that made it."""
        edge = place.edges[0]
        for text in place.scenery.texts(*where(edge)):
            if place.value(text, edge) is node:
                return f"`{text}`"
        if node.name:
            return f"`{node.name}`"
        origin = node.origin
        sites = self.bench.step.trace.sites
        if origin is not None and origin.site >= 0:
            site = sites[origin.site]
            return f"`{site.target or site.text}`"
        return "a value of the forward pass"


def _around(place: Place) -> set[int]:
    """The expressions of a statement that a place stands in."""
    found, site = set[int](), place.parent
    while site is not None and site.kind not in STATEMENTS:
        found.add(site.number)
        site = None if site.parent is None else place.trace.sites[site.parent]
    return found


def _exactness(derived: Derived) -> int:
    """How surely the place of a true value is that of the mistake.

    A slope is where it is written, most of all where it is returned by the name of another value; an adjoint
    may stand anywhere behind it.
    """
    if derived.factor or derived.entries[0].kind != "local":
        return 0
    return MOST_EXACT if derived.place.site.kind == "Name" else 1


def _hands_on(place: Place) -> bool:
    """Is a place the call of a function of the program, whose value was made at a place inside it?"""
    return place.site.kind == "Call" and place.edges[0].operand.operation == "identity"


def _edited(place: Place, taken: Sequence[Correction]) -> bool:
    return any(part.place.site.number == place.site.number for old in taken for part in old.parts)
