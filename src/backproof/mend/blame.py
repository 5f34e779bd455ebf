"""How far a correction puts the blame on what is right: two mends of equal worth are told apart by it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue, Entry
from backproof.check.grades import RIGHT, parallel
from backproof.check.place import Place
from backproof.check.reading import NAMED
from backproof.check.trial import Bench, Edge
from backproof.faults.correction import Correction
from backproof.graph import Node, ancestors

EACH = 3  # values of one expression that are looked at: rounds of a loop are alike
USUAL = 0.6  # of the values on the way to right gradients: as many have the scale of all
NEAR = 1e-5  # relative: the scales of gradients that are one
WORD = re.compile(r"[A-Za-z_]\w*")
ADJOINTS = frozenset({"d", "g", "dl", "grad", "gradient", "delta", "error", "err", "back", "bar"})
DERIVATIVES = frozenset({"d", "dl", "grad", "gradient"})  # an error may be the derivative with a minus
Change = tuple[Edge, Node]
Blame = tuple[int, int, int]
NONE: Blame = (0, 0, 0)


class Blames:
    """Counts what corrections of one step change that had its true value.

    Behind the changes ``before``, with which the values are those of a step that is mended in part.
    """

    def __init__(self, bench: Bench, before: Sequence[Change] = (), states: Sequence[int] = ()) -> None:
        self.before = tuple(before)
        self.bench = mended(bench, self.before, states) if before else bench

    def of(self, correction: Correction, changes: Sequence[Change], states: Sequence[int]) -> Blame:
        """Tell whether gradients leave the scale of the rate, and how many expressions lose their truth.

        And, below zero, how many get it. ``states`` are those of the parameters with the correction.
        """
        overlay = self.bench.evaluated((*self.before, *changes), 0)
        if overlay is None:
            return NONE
        leaves = int(self._leaves_rate(overlay, states))
        if RIGHT not in self.bench.initial:  # but for names, nothing says which values are right
            turned = [scale for node, scale in self._called if self._turns(node, overlay)]
            return leaves, sum(scale > 0 for scale in turned), -sum(scale < 0 for scale in turned)
        read = {e for p in correction.parts if p.place.site.kind in NAMED for e in p.place.edges}
        made = {edge.operand: node for edge, node in changes if edge.whole and edge not in read}
        named = {e.operand for p in correction.parts if _is_named(p.place) for e in p.place.edges}
        lost, found = self._moved({**overlay, **self._made(made, named)})
        if lost:
            lost -= self._named_so(correction, changes)
        return leaves, len(lost), -len(found - lost)

    def _named_so(self, correction: Correction, changes: Sequence[Change]) -> set[int]:
        """The expressions that get another true value, to which the name belongs that they are given.

        As in ``dh = d @ W.T``: that is the adjoint of the activation ``a``, and by its name that of ``h``.
        """
        targets = {e: p.place.site.target for p in correction.parts for e in p.place.edges}
        found, catalogue = set[int](), self._catalogue
        for edge, new in changes:
            target, values = targets.get(edge), list[Any]()
            for point in range(len(self.bench.points)) if target else ():
                overlay = self.bench.evaluated((*self.before, *changes), point)
                if overlay is not None:
                    values.append(self.bench.value(new, overlay, self.bench.base[point]))
            if not target or len(values) < len(self.bench.points):
                continue
            was = any(_is_named_after(target, entry) for entry, _ in catalogue.matches(edge.operand))
            if not was and any(_is_named_after(target, entry) for entry, _ in catalogue.recognised(values)):
                found.add(edge.operand.origin.site)
        return found

    def _made(self, changes: dict[Node, Node], named: set[Node]) -> dict[Node, Any]:
        """What expressions become that are multiplied as a whole by a number, or have a name.

        Others are gone on from: they keep their value.
        """
        base, overlay, found = self.bench.base[0], dict[Node, Any](), dict[Node, Any]()
        for node, new in changes.items():
            value = self.bench.value(new, overlay, base)
            if node in base and (
                node in named or parallel(value, np.asarray(base[node], dtype=float)) is not None
            ):
                found[node] = value
        return found

    def _leaves_rate(self, overlay: dict[Node, Any], states: Sequence[int]) -> bool:
        """Are gradients of the stated loss multiplied by another number than the rate, and need not be?"""
        bench, rate = self.bench, self.bench.verdict.rate
        if not bench.step.hypothesis.stated or not rate:
            return False
        if bench.target is not None and abs(bench.target[0] / rate - 1) > NEAR:
            return False
        return any(
            state == RIGHT
            and d in overlay
            and (scale := parallel(overlay[d], truth)) is not None
            and abs(scale / rate - 1) > NEAR
            for d, truth, state in zip(bench.step.descents, bench.truths[0], states, strict=True)
        )

    def _moved(self, overlay: dict[Node, Any]) -> tuple[set[int], set[int]]:
        """The expressions that had a true value and have another one, and those that have one now."""
        lost, found = set[int](), set[int]()
        matched, right = self._known
        for node, value in overlay.items():
            if node not in matched:
                continue
            ratio = parallel(value, np.asarray(self.bench.base[0][node], dtype=float))
            was = _meet(matched[node], right)
            now = ratio is not None and _meet([scale * ratio for scale in matched[node]], right)
            if was != now:
                (lost if was else found).add(node.origin.site)
        return lost, found

    def _turns(self, node: Node, overlay: dict[Node, Any]) -> bool:
        """Does a value have the opposite sign now?"""
        if node not in overlay:
            return False
        ratio = parallel(overlay[node], np.asarray(self.bench.base[0][node], dtype=float))
        return ratio is not None and ratio < 0

    @cached_property
    def _called(self) -> list[tuple[Node, float]]:
        """The values that are called derivatives by values of layers, as ``dh``, and the numbers in front.

        What is called after a parameter may as well be the step that is added to it. None where several
        statements update: more than one of them would have to be wrong.
        """
        found, step = list[tuple[Node, float]](), self.bench.step
        if len({c.stores[-1].site for p in step.parameters for c in p.changes}) > 1:
            return found
        updated = {leaf.name for leaf in step.leaves}
        for node in self._watched if self._catalogue.entries else ():
            if node.name is not None:
                called = (
                    scale
                    for entry, scale in self._catalogue.matches(node)
                    if entry.of.name not in updated and _is_named_after(node.name, entry, DERIVATIVES)
                )
                found += [(node, scale) for scale in called][:1]
        return found

    @cached_property
    def _watched(self) -> list[Node]:
        """What the expressions of the backward pass give; the last of what a loop adds up is the sum."""
        bench, by_site = self.bench, defaultdict[int, list[Node]](list)
        for node in sorted(bench.main - bench.forward, key=bench.order.__getitem__):
            if node.origin is not None and node.origin.site >= 0 and node.operands:
                by_site[node.origin.site].append(node)
        return [node for nodes in by_site.values() for node in nodes[-EACH:]]

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue.of(self.bench)

    @cached_property
    def _known(self) -> tuple[dict[Node, tuple[float, ...]], list[float]]:
        """The values of the backward pass that are adjoints times numbers, and the numbers of the right."""
        bench = self.bench
        catalogue = self._catalogue
        states = list(zip(bench.step.descents, bench.initial, strict=True))
        wrong = {
            leaf
            for parameter, state in zip(bench.step.parameters, bench.initial, strict=True)
            for leaf in parameter.leaves
            if state != RIGHT
        }
        matched = dict[Node, tuple[float, ...]]()
        leaves, inner = frozenset(bench.step.leaves), set[Node]()
        for node in self._watched:
            entries = catalogue.matches(node)
            if scales := {scale for entry, scale in entries if entry.of not in wrong}:
                matched[node] = tuple(scales)
                inner.update([node] if leaves.isdisjoint(entry.of for entry, _ in entries) else [])
        sure = set(ancestors([d for d, state in states if state == RIGHT]))
        rate = bench.verdict.rate or next(iter(bench.verdict.scales), None)
        rates = [] if rate is None or rate == 1 else [rate, -rate]
        known = [node for node in matched if node in sure]
        if bench.step.state:  # what an optimizer makes of a gradient has scales of its own
            known = [node for node in known if node in inner] or known
        own = [matched[node] for node in known if not _meet(matched[node], rates)]
        every = [scale for scales in own for scale in scales]
        usual = max(every, key=lambda s: sum(_meet(scales, [s]) for scales in own), default=1.0)
        common = sum(_meet(scales, [usual]) for scales in own)
        return (matched, [usual]) if common >= USUAL * len(own) else ({}, [])


def mended(bench: Bench, changes: Sequence[Change], states: Sequence[int]) -> Bench:
    """The bench with the values that the step has with some changes, which leave gradients in ``states``."""
    base = []
    for point, table in enumerate(bench.base):
        overlay = (
            bench.evaluated(changes, point) or {}
        )  # with what the changes are built of, which still varies
        base.append(table | {node: value for node, value in overlay.items() if node in bench.order})
    return replace(bench, base=base, initial=tuple(states))


def _is_named_after(target: str, entry: Entry, words: frozenset[str] = ADJOINTS) -> bool:
    """Does a name say that it holds the adjoint of a value: ``dh``, ``grad_h`` or ``h_error`` of ``h``?"""
    whole, own = WORD.findall(target), WORD.findall(entry.of.name or "")
    if entry.kind != "adjoint" or not whole or not own:
        return False
    name, of = whole[-1].lower(), own[-1].lower()
    rest = name.removesuffix(of) if name.endswith(of) else name.removeprefix(of)
    return rest != name and rest.strip("_") in words


def _is_named(place: Place) -> bool:
    """Is it all that a statement gives to a name, and not what that held, taken further?"""
    statement = place.statement
    if statement is None or statement.kind != "Assign" or place.site.parent is not None:
        return False
    target, _, value = statement.text.partition(" = ")
    return re.search(rf"(?<!\w){re.escape(target)}(?!\w)", value) is None


def _meet(scales: Sequence[float], others: Sequence[float]) -> bool:
    return any(abs(a - b) <= NEAR * abs(b) for a in scales for b in others)
