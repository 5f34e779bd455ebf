"""Which losses may the backward pass belong to, where the program never writes one that explains it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from backproof.graph import Node, ancestors, apply
from backproof.step.cut import dependent
from backproof.step.families import FAMILIES, Family, huber, summed, total
from backproof.step.hinges import hinges
from backproof.step.loss import Hypothesis
from backproof.step.margins import margins
from backproof.step.pairs import Pair, outermost, pairs
from backproof.step.update import time_of, walk
from backproof.step.weights import consumers, factors_of
from backproof.step.window import Window
from backproof.trace import Trace

MOST_PAIRS, MOST_GROUPS = 4000, 12
MOST_BOUNDS, MOST_KINDS = 2, 3
BOUNDING = frozenset({"clip", "minimum", "maximum", "less", "less_equal", "greater", "greater_equal"})
KINDS = frozenset({"squared", "binary", "categorical"})
LONGEST = 40  # of a text to be put into a formula


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What the updates of a window are computed from since its parameters were made.

    What of it depends on them, and who uses what; ``befores`` are they themselves.
    """

    since: int
    befores: frozenset[Node]
    moving: set[Node]
    users: Mapping[Node, list[Node]]


def implied(
    trace: Trace, window: Window, besides: Sequence[Node] = (), literal: bool = False
) -> list[Hypothesis]:
    """The losses that the backward pass, with the values ``besides``, may belong to.

    Their targets may be ``literal``, as the 1 of a generator that is to deceive.
    Each family on the pairs of one site, and on all pairs; then the same with the weights that their
    differences have.
    """
    began = _Begun(trace, window, besides, literal)
    operations = {node.operation for node in began.feeding}
    families = [f for f in FAMILIES if not f.needs or f.needs & operations]
    past = began.past
    return [
        *began.of(families),
        *hinges(trace, window),
        *margins(began.feeding, past.moving, past.since),
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Two:
    """Two losses, each of the differences of one site, of which the step may descend a weighted sum."""

    first: Hypothesis
    second: Hypothesis

    def weighted(self, ratio: float = 1.0) -> Hypothesis:
        """The first, and so many times the second."""
        x, y = self.first, self.second
        times = "" if ratio == 1.0 else f"{ratio:.6g}*"
        return replace(
            x,
            node=apply("add", x.node, apply("multiply", ratio, y.node)),
            formula=f"{x.formula} + {times}({y.formula})",
            outputs=(*x.outputs, *y.outputs),
            differences=(*x.differences, *y.differences),
            family="",
        )


def implied_otherwise(trace: Trace, window: Window) -> tuple[list[Hypothesis], Iterator[Two]]:
    """Losses that bound the pull of a large error, and pairs of losses of different kinds.

    Where the backward pass cuts its differences off, it may as well do so with the errors of another loss, on
    the way. Two losses are of an amount and of a yes or no, as one network may tell them.
    """
    began = _Begun(trace, window)
    numbers = _thresholds(began.feeding, began.past.moving)
    return began.of([huber(number) for number in numbers]) if numbers else [], _of_two_kinds(began)


def _of_two_kinds(began: _Begun) -> Iterator[Two]:
    groups = defaultdict[int, list[Pair]](list)
    for pair in outermost(began.pairs) if len(began.pairs) <= MOST_PAIRS else ():
        groups[pair.site].append(pair)
    if not 2 <= len(groups) <= MOST_KINDS:
        return
    families = [family for family in FAMILIES if family.name in KINDS]
    each = [_hypotheses(began.trace, group, families, began.weights(group)) for group in groups.values()]
    for one, other in combinations(each, 2):
        yield from (Two(x, y) for x in one for y in other if x.family != y.family)


class _Begun:
    """The differences that the backward pass of a window begins with, and what it is computed from."""

    def __init__(
        self, trace: Trace, window: Window, besides: Sequence[Node] = (), literal: bool = False
    ) -> None:
        befores = [c.before for c in window.parameters]
        since, roots = min(time_of(b) for b in befores), frozenset(befores)
        results = [*(c.after for c in window.parameters), *besides]
        # where one is updated early in each step, others were updated since: that belongs to the step before
        ends = roots.union(window.kept)
        made = ancestors(results, lambda n: n in ends or (n.origin is not None and time_of(n) < since))
        self.trace = trace
        self.feeding = sorted((n for n in made if time_of(n) > since), key=time_of)
        moving = dependent(self.feeding, befores)
        self.pairs = pairs(trace, self.feeding, moving, befores, since, literal)
        self.past = Past(since, roots, moving, consumers(self.feeding))

    def weights(self, group: Sequence[Pair]) -> list[Node | None]:
        """What weighs the differences of a group."""
        return [_weight(self.trace, pair, self.past) for pair in group]

    def of(self, families: Sequence[Family]) -> list[Hypothesis]:
        """The losses of some families, with these differences."""
        found: list[Hypothesis] = []
        groups = _groups(self.pairs)
        for group in groups:
            found += _hypotheses(self.trace, group, families, [None] * len(group))
        for group in groups:
            weights = self.weights(group)
            if _differ(weights) or _turn(weights):
                found += _hypotheses(self.trace, group, families, weights)
        return found


def _thresholds(feeding: Sequence[Node], moving: set[Node]) -> list[float]:
    """The numbers at which values that depend on the parameters are cut off, or told apart."""
    found = dict[float, None]()
    for node in feeding:
        bounds: list[Any] = []
        if node.operation in BOUNDING and any(operand in moving for operand in node.operands):
            bounds = [operand.value for operand in node.operands if operand not in moving]
            bounds += [node.attributes.get(side) for side in ("lower", "upper")]
        for bound in bounds:
            number = abs(float(np.ravel(bound)[0])) if bound is not None and np.size(bound) == 1 else 0.0
            if 0 < number < np.inf:
                found[number] = None
    return list(found)[:MOST_BOUNDS]


def _groups(every: list[Pair]) -> list[list[Pair]]:
    by_site: dict[int, list[Pair]] = defaultdict(list)
    for pair in every:
        by_site[pair.site].append(pair)
    groups = list(by_site.values())
    if len(groups) > 1:
        groups.append(outermost(every))
    return [group for group in groups[:MOST_GROUPS] if len(group) <= MOST_PAIRS]


def _hypotheses(
    trace: Trace, group: list[Pair], families: Sequence[Family], weights: Sequence[Node | None]
) -> list[Hypothesis]:
    found = []
    weighted = any(w is not None for w in weights)
    for family in families:
        if weighted and not family.signed and any(_negative(w) for w in weights if w is not None):
            continue
        parts = []
        for pair, w in zip(group, weights, strict=True):
            term = family.term(pair.output, pair.target)
            if term is None:
                break
            parts.append(summed(term if w is None else apply("multiply", w, term)))
        if len(parts) < len(group):
            continue
        outputs = tuple(pair.output for pair in group)
        name = next((w.name or "weight" for w in weights if w is not None), "weight") if weighted else None
        formula = _formula(trace, family, group[0], name)
        found.append(
            Hypothesis(
                total(parts),
                None,
                None,
                False,
                formula,
                0,
                outputs=outputs,
                site=group[0].site,
                weights=name,
                differences=tuple(pair.difference for pair in group),
                family=family.name,
            )
        )
    return found


def _weight(trace: Trace, pair: Pair, past: Past) -> Node | None:
    """What weighs the difference of a pair; None where its shape is not that of the output's terms."""
    line = walk([pair.output], lambda n: n not in past.befores and not 0 <= time_of(n) < past.since)
    inputs = set(line) - past.moving
    factors = factors_of(pair.difference, {pair.target, *inputs}, past.users, past.moving, past.since)
    if not factors:
        return None
    product = factors[0][0]
    for factor, _ in factors[1:]:
        product = apply("multiply", product, factor)
    shape = np.broadcast_shapes(np.shape(pair.output.value), np.shape(pair.target.value))
    try:
        fits = np.broadcast_shapes(np.shape(product.value), shape) == shape
    except ValueError:
        return None
    named = [(f, site) for f, site in factors if np.size(f.value) > 1] or factors
    name = "*".join(_text(trace, site) or f.name or "weight" for f, site in named)
    return apply("identity", product, name=name) if fits else None


def _differ(weights: Sequence[Node | None]) -> bool:
    """Do the weights tell one term from another?"""
    if any(w is None for w in weights):
        return False
    values = np.concatenate([np.ravel(np.asarray(w.value, dtype=float)) for w in weights if w is not None])
    return bool(np.all(np.isfinite(values)) and np.any(values != values[:1]))


def _turn(weights: Sequence[Node | None]) -> bool:
    """Do the weights turn the step round, as a negative reward does?"""
    return all(w is not None and np.all(np.asarray(w.value) < 0) for w in weights)


def _negative(node: Node) -> bool:
    return bool(np.any(np.asarray(node.value) < 0))


def _formula(trace: Trace, family: Family, pair: Pair, weights: str | None) -> str:
    """How to write the loss, in the words of the program."""
    output, target = pair.output.name, pair.target.name
    sites = pair.difference.origin.operand_sites
    texts = [_text(trace, sites[k]) if 0 <= k < len(sites) else None for k in pair.positions]
    o, t = texts[0] or output or "output", texts[1] or target or "target"
    return family.formula(o, t, weights)


def _text(trace: Trace, site: int | None) -> str | None:
    """A short text of the source that stands for a value; in brackets where it has to be."""
    if site is None or site < 0:
        return None
    text = " ".join(trace.sites[site].text.split())
    if len(text) > LONGEST:
        return None
    return f"({text})" if trace.sites[site].kind in ("BinOp", "UnaryOp", "IfExp", "Compare") else text
