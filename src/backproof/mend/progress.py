"""How much nearer to the truth the backward pass comes, where no gradient as a whole has become right.

Of two mistakes on the way to every parameter neither makes a gradient right when it alone is mended. But
where only a part of a parameter has both behind it, the rest of its gradient becomes right; and the values
between the two become adjoints of the forward pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backproof.check.catalogue import Catalogue
from backproof.check.elements import NEAR, commonest, ratios
from backproof.check.grades import RIGHT, VANISHES
from backproof.check.scoring import scale_of
from backproof.check.trial import Bench, Edge
from backproof.graph import Node

EACH = 2  # values of one expression that are looked at: rounds of a loop are alike
MOST = 60  # values that are looked at
LOOK = 5  # units of work to look for a value among the adjoints of its shape
ELEMENTS = 2000  # of those that make it count once more
Change = tuple[Edge, Node]
Way = Callable[[], Sequence[Change] | None]


class Progress:
    """Measures how far a step is true with some changes."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.catalogue = Catalogue.of(bench)
        by_site = defaultdict[int, list[Node]](list)
        for node in sorted(bench.main - bench.forward, key=bench.order.__getitem__):
            if node.origin is not None and node.origin.site >= 0 and node.operands:
                by_site[node.origin.site].append(node)
        watched = [node for nodes in by_site.values() for node in nodes[-EACH:]]
        arrays = [node for node in watched if np.size(node.value) > 1]
        self.watched = frozenset((arrays or watched)[:MOST])
        self.slopes: dict[Node, bool] = {}

    def nearest(
        self, before: Sequence[Change], ways: Sequence[Way], states: Sequence[int], limit: int
    ) -> list[int]:
        """Which of several ways to go on from the changes ``before`` lead furthest, the furthest first.

        Each gives its changes when it is looked at, and None where they cannot be made. The furthest make
        the most of the gradients true; or where none does, of their signs and sizes; or else of the values on
        the way to them.
        """
        return (
            self._furthest(lambda changes, least: self.share(changes, least, states), before, ways, limit)
            or self._furthest(self.signs, before, ways, limit)
            or self._furthest(self.truths, before, ways, limit)
        )

    def signs(self, changes: Sequence[Change], least: float) -> int | None:
        """In how many signs and sizes the gradients are right that are the true ones times a number.

        As that which goes twice as far up the loss as it should go down. None where the changes cannot be,
        or where there are not more than ``least``, or where no scale is known that they should have.
        """
        overlay = self.bench.evaluated(changes, 0) if self.bench.target is not None else None
        if overlay is None or self.bench.target is None:
            return None
        total, size = 0, self.bench.target[0]
        for k, descent in enumerate(self.bench.step.descents):
            scale = scale_of(self.bench, overlay.get(descent, self.bench.base[0][descent]), 0, k)
            if scale is not None and scale != VANISHES:
                total += 1 + (scale > 0) + (abs(abs(scale) / size - 1) <= NEAR)
        return total if total > least else None

    def _furthest(
        self,
        measure: Callable[[Sequence[Change], float], float | None],
        before: Sequence[Change],
        ways: Sequence[Way],
        limit: int,
    ) -> list[int]:
        start, found = measure(before, -1.0), list[tuple[float, int]]()
        for number, way in enumerate(ways):
            if start is None or self.bench.work > limit:
                break
            changes = way()
            now = measure((*before, *changes), start) if changes is not None else None
            if now is not None and now > start:
                found.append((-now, number))
        return [number for _, number in sorted(found)]

    def share(self, changes: Sequence[Change], least: float, states: Sequence[int]) -> float | None:
        """The share of its elements in which each gradient is right, added up.

        None where the changes cannot be, where it is not more than ``least``, or where a gradient that was
        right is no longer so.
        """
        overlays = list[dict[Node, Any]]()
        total: float | None = None
        for point in range(len(self.bench.points)):
            overlay = self.bench.evaluated(changes, point)
            if overlay is None:
                return None
            overlays.append(overlay)
            found = [self._ratios(overlays, k, d) for k, d in enumerate(self.bench.step.descents)]
            scale = self._scale(found)
            with np.errstate(invalid="ignore"):
                shares = [float(np.mean(np.abs(r - scale) <= NEAR * scale)) if r.size else 1.0 for r in found]
            if any(state == RIGHT and share < 1 for state, share in zip(states, shares, strict=True)):
                return None
            total = sum(shares)
            if total <= least:
                return None
        return total

    def truths(self, changes: Sequence[Change], least: float) -> int | None:
        """How many values of the backward pass are adjoints of the forward pass, each times a number.

        Less the slopes of the forward pass that the changes take away. None where the changes cannot be, or
        where it is not more than ``least``.
        """
        overlays = self._overlays(changes)
        if overlays is None:
            return None
        found = set[int]()
        for node in self.watched:
            values = [
                overlay[node] if node in overlay else base[node]
                for overlay, base in zip(overlays, self.bench.base, strict=True)
            ]
            known = self.catalogue.shaped.get(np.shape(values[0]), ())
            self.bench.work += LOOK + len(known) * np.size(values[0]) // ELEMENTS
            if node.origin is not None and next(self.catalogue.recognised(values), None):
                found.add(node.origin.site)
        lost = {edge.operand for edge, _ in changes if edge.whole and self._is_slope(edge.operand)}
        total = len(found) - len(lost)
        return total if total > least else None

    def _is_slope(self, node: Node) -> bool:
        """Is a value the derivative of an elementwise function of the forward pass?"""
        if node not in self.slopes:
            self.slopes[node] = node in self.bench.base[0] and any(
                all(
                    np.allclose(base[node], table[entry.node], rtol=NEAR, atol=0)
                    for base, table in zip(self.bench.base, self.catalogue.tables, strict=True)
                )
                for entry in self.catalogue.shaped.get(np.shape(node.value), ())
                if entry.kind == "local"
            )
        return self.slopes[node]

    def _overlays(self, changes: Sequence[Change]) -> list[dict[Node, Any]] | None:
        found = []
        for point in range(len(self.bench.points)):
            overlay = self.bench.evaluated(changes, point)
            if overlay is None:
                return None
            found.append(overlay)
        return found

    def _ratios(self, overlays: Sequence[dict[Node, Any]], k: int, descent: Node) -> Any:
        """Applied by true gradient, element by element; nan where that is another at another point."""
        pairs = zip(overlays, self.bench.base, strict=False)
        applied = [overlay.get(descent, base[descent]) for overlay, base in pairs]
        return ratios(applied, [truths[k] for truths in self.bench.truths[: len(applied)]])

    def _scale(self, found: Sequence[Any]) -> float:
        """The scale of the gradients: that of what is right, else the rate, else the commonest."""
        if self.bench.target is not None:
            return self.bench.target[0]
        if self.bench.verdict.rate:
            return self.bench.verdict.rate
        return commonest(np.concatenate(found))
