"""What is compared of two experiments, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.compare.experiment import Experiment
from backproof.compare.pair import NOT_KNOWN, Pair, Row
from backproof.compare.points import differences, first_apart, ratios
from backproof.compare.samples import LONGEST, apart, laws_alike, sample_rows
from backproof.compare.seen import UNCOMPUTED
from backproof.compare.updates import Update

Array = np.ndarray[Any, Any]
CLOSE = 1e-6  # relative
ROUGH = 0.02  # relative: a rate that is seen from the first step


def rows(first: Experiment, second: Experiment) -> list[Row]:
    """Compare two experiments: the differences first."""
    pair = Pair(first, second)
    found = [row for what, look in LOOKS.items() for row in _careful(what, look, pair)]
    if first.code == second.code:  # what is not known of one is the same in the other
        found = [replace(row, same=True) if row.same is None else row for row in found]
    rank = {False: 0, None: 1, True: 2}
    return sorted(found, key=lambda row: rank[row.same])


def _careful(what: str, look: Callable[[Pair], Iterator[Row]], pair: Pair) -> list[Row]:
    """The rows of one subject; one that says so where it cannot be computed."""
    try:
        return list(look(pair))
    except UNCOMPUTED:
        return [Row(what, NOT_KNOWN, NOT_KNOWN, None)]


def _model(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: each.model or NOT_KNOWN)
    if pair.match.same:  # the one of which more is seen says it for both
        a = b = max(a, b, key=lambda text: ("bias" in text, len(text)))
    yield Row("model", a, b, pair.match.same)


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
        alike = {laws_alike(first.laws[k], laws[k]) for k in places}
        if False in alike or (None in alike and apart(x[places], y[places])):
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
        if abs(a.factor - b.factor) > CLOSE * abs(a.factor):  # or what a sample is was taken otherwise
            return None if pair.match.same is None else False
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
    found = ratios(pair, differences)
    if found is None:
        return None
    if np.ptp(found) > CLOSE * float(np.max(np.abs(found))):
        return False
    return inferred or bool(abs(found[0] - 1) <= CLOSE)


# ---------------------------------------------------------------------- update
def _update(pair: Pair) -> Iterator[Row]:
    a, b = pair.both(lambda each: each.update)
    yield Row("update", str(a), str(b), _same_update(a, b))
    found = ratios(pair, lambda n, numbers, x, t: n.applied(numbers, x, t))
    right = all(pair.both(lambda each: each.seen.judgement.verdict.correct))
    plain = all(each.rule == "gradient descent" or "momentum" in (each.rule or "") for each in (a, b))
    if found is not None and right and plain and np.ptp(found) <= CLOSE * found[0]:
        same = bool(abs(found[0] - 1) <= CLOSE)
        yield Row("length of a step", "1", f"{found[0]:.6g}", same, needed=False)
    steps = pair.both(lambda each: each.steps)
    if steps != (None, None):
        texts = [NOT_KNOWN if n is None else f"{n:,}" for n in steps]
        yield Row("steps", texts[0], texts[1], None if None in steps else steps[0] == steps[1], needed=False)


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
    named = first_apart(pair)
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
    found = ratios(pair, lambda n, numbers, x, t: n.applied(numbers, x, t))
    if found is not None:
        return True
    return False if first_apart(pair) is not None else None


LOOKS: Mapping[str, Callable[[Pair], Iterator[Row]]] = {
    "model": _model,
    "samples": sample_rows,
    "first values": _start,
    "loss": _loss,
    "update": _update,
    "gradients": _gradient,
}
