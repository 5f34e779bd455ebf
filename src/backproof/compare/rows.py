"""What is compared of two experiments, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backproof.compare.data import Data, Source
from backproof.compare.experiment import Experiment
from backproof.compare.laws import Law
from backproof.compare.losses import draws
from backproof.compare.matching import Match, match, moved
from backproof.compare.network import Network
from backproof.compare.starting import described, statistics
from backproof.compare.updates import Update

Array = np.ndarray[Any, Any]
NOT_KNOWN = "not known"
LOOKS = 5  # points at which losses and steps are compared
TOGETHER = 40  # samples at which targets are compared
CLOSE = 1e-6  # relative
ROUGH = 0.02  # relative: a rate that is seen from the first step
RARE = 0.001  # of the pairs of samples of one law are called apart
UNSAID = ("Name", "Subscript", "Attribute", "List", "Constant", "For")  # expressions that tell nothing
LONGEST = 60  # characters of a formula
ORDERS = {"in turn": "in turn", "random": "at random", "anew": "drawn anew"}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of both experiments, in words; are they the ``same``, where that is known?

    What is not ``needed`` says nothing of the experiment where it is not known.
    """

    what: str
    first: str
    second: str
    same: bool | None
    needed: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Pair:
    """Two experiments, and which parameters of one are which of the other."""

    first: Experiment
    second: Experiment

    @cached_property
    def match(self) -> Match:
        """The pairing of their parameters."""
        a, b = self.first, self.second
        if a.unmoved or b.unmoved:
            return Match(None)  # what is never updated looks like data
        if a.network is None or b.network is None or a.start is None or b.start is None:
            return Match(None)
        return match(a.network, b.network, (a.start.numbers, b.start.numbers))

    @property
    def networks(self) -> tuple[Network, Network, Array] | None:
        """Both networks and the pairing, where they compute the same."""
        a, b, partner = self.first.network, self.second.network, self.match.partner
        return None if a is None or b is None or partner is None else (a, b, partner)

    def both(self, look: Callable[[Experiment], Any]) -> tuple[Any, Any]:
        """Look at both."""
        return look(self.first), look(self.second)


def rows(first: Experiment, second: Experiment) -> list[Row]:
    """Compare two experiments: the differences first."""
    pair = Pair(first, second)
    found = [*_model(pair), *_data(pair), *_start(pair), *_loss(pair), *_update(pair), *_gradient(pair)]
    if first.code == second.code:  # what is not known of one is the same in the other
        found = [replace(row, same=True) if row.same is None else row for row in found]
    rank = {False: 0, None: 1, True: 2}
    return sorted(found, key=lambda row: rank[row.same])


def _model(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: each.model or NOT_KNOWN)
    if pair.match.same:  # the one of which more is seen says it for both
        a = b = max(a, b, key=lambda text: ("bias" in text, len(text)))
    yield Row("model", a, b, pair.match.same)


# ---------------------------------------------------------------------- data
def _data(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: each.data)
    if a is None or b is None:
        yield Row("inputs", _inputs(a), _inputs(b), None)
        yield Row("targets", _targets(a), _targets(b), None)
        return
    yield Row("samples", _count(a), _count(b), _same_count(a, b))
    yield Row("inputs", _inputs(a), _inputs(b), _same_inputs(a, b))
    yield Row("targets", _targets(a), _targets(b), _same_targets(a, b))
    yield Row("order", _order(a), _order(b), _same_order(a, b))


def _same_count(a: Data, b: Data) -> bool | None:
    if a.anew or b.anew:
        return a.anew == b.anew
    same = _same(a.count, b.count)
    return same if same or (a.network.clear and b.network.clear) else None


def _count(data: Data) -> str:
    if data.anew:
        return "drawn anew in each step"
    return NOT_KNOWN if data.count is None else str(data.count)


def _same(a: Any, b: Any) -> bool | None:
    return None if a is None or b is None else bool(a == b)


def _inputs(data: Data | None) -> str:
    values = None if data is None else data.values(data.inputs)
    if data is None or values is None:
        return NOT_KNOWN
    width = "" if values.shape[1] == 1 else f"{values.shape[1]} numbers each, "
    return width + described(values, data.laws)


def _targets(data: Data | None) -> str:
    if data is None:
        return NOT_KNOWN
    if data.network.mirrored:
        return "the inputs"
    if not data.targets:
        picked = data.network.picked
        if picked is None:
            return NOT_KNOWN
        counts = np.bincount(picked.astype(int)).tolist()
        return f"{len(counts)} classes, of " + ", ".join(map(str, counts[:8])) + (", …" if counts[8:] else "")
    values = data.values(data.targets)
    if values is None:
        return NOT_KNOWN
    width = "" if values.shape[1] == 1 else f"{values.shape[1]} numbers each, "
    made = _made(data, data.targets[0]) if len(data.targets) == 1 else ""
    return f"{width}{made}{statistics(values)}"


def _made(data: Data, source: Source) -> str:
    """The expression that the targets were made by."""
    node, trace = source.holder, data.seen.step.trace
    site = trace.sites[node.origin.site] if node.origin is not None and node.origin.site >= 0 else None
    text = "" if site is None or site.kind in UNSAID else " ".join(site.text.split())
    return f"{text}, " if 0 < len(text) <= LONGEST else ""


def _same_inputs(a: Data, b: Data) -> bool | None:
    x, y = a.values(a.inputs), b.values(b.inputs)
    if x is None or y is None:
        return None
    if x.shape[1] != y.shape[1]:
        return False if a.network.clear and b.network.clear else None
    known = a.count is not None and b.count is not None
    if known and _as_sets(x, y):
        return True
    alike = {_laws_alike(p, q) for p, q in zip(a.laws, b.laws, strict=True)}
    if False in alike or (None in alike and _apart(x, y)):
        return False
    return None if None in alike else True


def _as_sets(x: Array, y: Array) -> bool:
    """Are the samples the same, in whatever order?"""
    if x.shape != y.shape:
        return False
    x, y = (each[np.lexsort(each.T)] for each in (x, y))
    return bool(np.allclose(x, y, rtol=CLOSE, atol=0))


def _laws_alike(a: Law | None, b: Law | None) -> bool | None:
    return None if a is None or b is None else a.is_like(b)


def _apart(x: Array, y: Array) -> bool:
    """Are two sets of samples too far apart to have been drawn by one law (Kolmogorov and Smirnov)?

    Shape ``(count, width)``: each column is asked by itself, as columns may hang together.
    """
    columns = zip(x.T, y.T, strict=True) if x.ndim > 1 else [(x, y)]
    chance = RARE / (x.shape[1] if x.ndim > 1 else 1)
    return any(_column_apart(np.sort(a), np.sort(b), chance) for a, b in columns)


def _column_apart(x: Array, y: Array, chance: float) -> bool:
    points = np.concatenate([x, y])
    gap = np.abs(np.searchsorted(x, points, "right") / x.size - np.searchsorted(y, points, "right") / y.size)
    limit = np.sqrt(-np.log(chance / 2) / 2 * (x.size + y.size) / (x.size * y.size))
    return bool(np.max(gap) > limit)


def _same_targets(a: Data, b: Data) -> bool | None:
    if a.network.mirrored and b.network.mirrored:
        return True
    s, t = _wanted(a), _wanted(b)
    x, y = a.values(a.inputs), b.values(b.inputs)
    if s is None or t is None or x is None or y is None or x.shape[1] != y.shape[1]:
        return None
    if s.shape[1] != t.shape[1]:
        plain = all(n.clear and n.width_target == n.width_out for n in (a.network, b.network))
        return False if plain else None
    if len(x) == len(s) and len(y) == len(t) and _as_sets(np.hstack([x, s]), np.hstack([y, t])):
        return True
    if not a.targets or not b.targets:
        return False if len(x) == len(s) and len(y) == len(t) and _as_sets(x, y) else None
    together = np.concatenate([x[: TOGETHER // 2], y[: TOGETHER // 2]])
    made = a.relation(together), b.relation(together)
    if made[0] is not None and made[1] is not None:
        size = float(np.max(np.abs(made[0]), initial=0.0))
        return bool(np.allclose(made[0], made[1], rtol=CLOSE, atol=CLOSE * size))
    if len(x) == len(s) and len(y) == len(t) and _as_sets(x, y):
        return False  # the same inputs, and other targets
    return None


def _wanted(data: Data) -> Array | None:
    """The targets of all samples, ``(count, numbers)``; the numbers of classes where these are picked."""
    if data.targets:
        return data.values(data.targets)
    picked = data.network.picked
    return picked[:, None].astype(float) if picked is not None and data.order == "all" else None


def _order(data: Data) -> str:
    order, batch = data.order, data.network.batch
    if order == "all":
        return "all at once"
    size = "one a step" if batch == 1 else f"{batch} a step"
    return f"{size}, {ORDERS[order]}" if order else f"{size}, order {NOT_KNOWN}"


def _same_order(a: Data, b: Data) -> bool | None:
    if a.order is not None and b.order is not None and a.order != b.order:
        return False if a.network.clear and b.network.clear else None
    if a.order == b.order == "all":
        return True
    if a.network.batch != b.network.batch:
        return False if a.network.clear and b.network.clear else None
    return None if a.order is None or b.order is None else True


# ---------------------------------------------------------------------- first parameters
def _start(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: NOT_KNOWN if each.start is None else each.start.text())
    yield Row("first values", a, b, _same_start(pair))


def _same_start(pair: Pair) -> bool | None:
    first, second = pair.first.start, pair.second.start
    if pair.networks is None or first is None or second is None:
        return None
    partner = pair.networks[2]
    x, y = first.numbers, second.numbers[partner]
    if np.allclose(x, y, rtol=CLOSE, atol=0):
        return True
    laws = [second.laws[k] for k in partner]
    owners = np.array(pair.networks[0].owners)
    unknown = False
    for name in dict.fromkeys(owners.tolist()):
        places = np.flatnonzero(owners == name)
        alike = {_laws_alike(first.laws[k], laws[k]) for k in places}
        if False in alike or (None in alike and _apart(x[places], y[places])):
            return False
        unknown |= None in alike and not np.allclose(x[places], y[places], rtol=CLOSE, atol=0)
    return None if unknown else True


# ---------------------------------------------------------------------- loss
def _loss(pair: Pair) -> Iterator[Row]:
    yield Row("loss", _loss_text(pair.first), _loss_text(pair.second), _same_loss(pair))


def _loss_text(each: Experiment) -> str:
    hypothesis = each.seen.step.hypothesis
    if each.loss.family is None or each.network is None:
        formula = " ".join(hypothesis.formula.split())
        return (formula if len(formula) <= LONGEST else formula[: LONGEST - 1] + "…") or NOT_KNOWN
    return each.loss.text(each.network.batch, each.network.width_out, not hypothesis.stated)


def _same_loss(pair: Pair) -> bool | None:
    a, b = pair.first.loss, pair.second.loss
    inferred = not all(pair.both(lambda each: each.seen.step.hypothesis.stated))
    if a.family is not None and b.family is not None:
        if a.family != b.family:
            return False
        if inferred:
            return True
        if pair.match.same is None and a.factor != b.factor:
            return None  # what a sample is may have been taken otherwise
        if abs(a.factor - b.factor) > CLOSE * abs(a.factor):
            return False
        if a.penalties is None or b.penalties is None:
            return False if a.penalties != b.penalties else _same_by_value(pair, inferred)
        return _same_penalties(pair, a.penalties, b.penalties)
    return _same_by_value(pair, inferred)


def _same_penalties(pair: Pair, a: Mapping[str, float], b: Mapping[str, float]) -> bool | None:
    """Is the same penalty put on every number?"""
    if not a and not b:
        return True
    if pair.networks is None:
        return None if a and b else False
    first, second, partner = pair.networks
    x = np.array([a.get(name, 0.0) for name in first.owners])
    y = np.array([b.get(name, 0.0) for name in second.owners])[partner]
    return bool(np.allclose(x, y, rtol=1e-5, atol=0))


def _same_by_value(pair: Pair, inferred: bool) -> bool | None:
    """Have both losses the same values at the same points?"""
    ratios = _ratios(pair, _differences)
    if ratios is None:
        return None
    if np.ptp(ratios) > CLOSE * float(np.max(np.abs(ratios))):
        return False
    return inferred or bool(abs(ratios[0] - 1) <= CLOSE)


def _differences(network: Network, numbers: Array, sample: Array, target: Array) -> Array:
    """What the loss at a point is more than at others: a total of former steps does not count."""
    here = network.loss_at(numbers, sample, target)
    there = network.loss_at(numbers / 2, sample, target), network.loss_at(numbers, sample / 2, target / 2)
    return here - np.array(there)


def _ratios(pair: Pair, look: Callable[[Network, Array, Array, Array], Array]) -> Array | None:
    """What one network has, relative to the other, at the same points; None where that cannot be computed."""
    if pair.networks is None:
        return None
    a, b, partner = pair.networks
    if not _meet(a, b):
        return None
    found = []
    try:
        for seed in range(50, 50 + LOOKS):
            numbers, pairs = draws(a, seed)
            sample, target = pairs[0]
            x = look(a, numbers, sample, target)
            y = look(b, moved(numbers, partner), sample, target)
            y = y[partner] if y.size == len(partner) and look is not _differences else y
            size = float(x @ x)
            if not size or not np.all(np.isfinite(x)) or not np.all(np.isfinite(y)):
                return None
            ratio = float(x @ y) / size
            if np.linalg.norm(y - ratio * x) > CLOSE * np.linalg.norm(y):
                return None
            found.append(ratio)
    except (ValueError, TypeError, IndexError, ArithmeticError, NotImplementedError):
        return None
    return np.array(found)


def _meet(a: Network, b: Network) -> bool:
    """Can both be given the same sample with the same target?"""
    if a.partly or b.partly or a.mirrored != b.mirrored:
        return False
    return a.mirrored or bool(a.targets and a.width_target == b.width_target)


# ---------------------------------------------------------------------- update
def _update(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: each.update)
    yield Row("update", str(a), str(b), _same_update(a, b))
    ratios = _ratios(pair, lambda n, numbers, x, t: n.applied(numbers, x, t))
    right = all(pair.both(lambda each: each.seen.judgement.verdict.correct))
    plain = all(each.rule == "gradient descent" or "momentum" in (each.rule or "") for each in (a, b))
    if ratios is not None and right and plain and np.ptp(ratios) <= CLOSE * ratios[0]:
        same = bool(abs(ratios[0] - 1) <= CLOSE)
        yield Row("length of a step", "1", f"{ratios[0]:.6g}", same, needed=False)
    steps = pair.both(lambda each: each.steps)
    if steps != (None, None):
        texts = [NOT_KNOWN if n is None else f"{n:,}" for n in steps]
        yield Row("steps", texts[0], texts[1], _same(*steps), needed=False)


def _same_update(a: Update, b: Update) -> bool | None:
    if a.rule is None or b.rule is None:
        return None
    if a.rule != b.rule or (a.changing, a.bounded) != (b.changing, b.bounded) or a.kept != b.kept:
        return False
    if a.decay is None or b.decay is None:
        return None
    if abs(a.decay - b.decay) > 1e-5 * max(a.decay, b.decay):
        return False
    if a.rate is None or b.rate is None:
        return True if a.rule == b.rule == "a minimiser of a library" else None
    close = CLOSE if a.rule == "gradient descent" or "momentum" in a.rule else ROUGH
    return abs(a.rate - b.rate) <= close * max(a.rate, b.rate)


# ---------------------------------------------------------------------- gradients
def _gradient(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(_gradient_text)
    yield Row("gradients", a, b, _same_gradient(pair))
    named = _first_apart(pair)
    if named is not None:
        yield Row("first to differ", *named, False, needed=False)


def _gradient_text(each: Experiment) -> str:
    report = each.report
    if report.verdict == "correct":
        return "the framework's" if each.derived else "right"
    if report.verdict == "inconclusive":
        return "no verdict"
    wrong = [p.name for p in report.parameters if p.verdict == "faulty"]
    return f"wrong: {', '.join(wrong[:6])}{', …' if len(wrong) > 6 else ''}" if wrong else "wrong"


def _same_gradient(pair: Pair) -> bool | None:
    verdicts = set(pair.both(lambda each: each.report.verdict))
    if verdicts == {"correct"}:
        return True
    if "inconclusive" in verdicts:
        return None
    if len(verdicts) == 2:
        return False
    ratios = _ratios(pair, lambda n, numbers, x, t: n.applied(numbers, x, t))
    if ratios is not None:
        return True
    return False if _first_apart(pair) is not None else None


def _first_apart(pair: Pair) -> tuple[str, str] | None:
    """The first parameter that two programs apply other gradients to at the same point, in both programs."""
    faulty = "faulty" in pair.both(lambda each: each.report.verdict)
    if pair.networks is None or not faulty:
        return None
    a, b, partner = pair.networks
    if not _meet(a, b):
        return None
    try:
        names = [_apart_at(a, b, partner, seed) for seed in range(60, 60 + LOOKS)]
    except (ValueError, TypeError, IndexError, ArithmeticError, NotImplementedError):
        return None
    return names[0] if names[0] is not None and len(set(names)) == 1 else None


def _apart_at(a: Network, b: Network, partner: Array, seed: int) -> tuple[str, str] | None:
    numbers, pairs = draws(a, seed)
    sample, target = pairs[0]
    x = a.applied(numbers, sample, target)
    y = b.applied(moved(numbers, partner), sample, target)[partner]
    owners, others = np.array(a.owners), np.array(b.owners)[partner]
    scales: dict[str, float | None] = {}
    for name in dict.fromkeys(owners.tolist()):
        u, v = x[owners == name], y[owners == name]
        length = float(np.linalg.norm(u) * np.linalg.norm(v))
        parallel = length and float(u @ v) >= (1 - 1e-9) * length
        scales[name] = float(u @ v) / float(u @ u) if parallel else None
    common = _most_shared([s for s in scales.values() if s is not None])
    for name, scale in scales.items():
        if scale is None or abs(scale - common) > CLOSE * common:
            theirs: list[str] = list(dict.fromkeys(others[owners == name].tolist()))
            return name, ", ".join(theirs[:3])
    return None


def _most_shared(scales: list[float]) -> float:
    """The scale that most parameters have; of several the one nearest to 1."""
    shared = [(sum(abs(s - t) <= CLOSE * t for s in scales), -abs(np.log(t)), t) for t in scales]
    return max(shared)[2] if shared else 1.0
