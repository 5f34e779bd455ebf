"""Why a program could not be judged, in words that tell its author what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backproof.check.compare import is_rounding
from backproof.check.cut_off import cut_off
from backproof.check.judgement import Judgement
from backproof.check.never_read import never_read
from backproof.check.points import decides_alike, informative_points
from backproof.check.ranking import is_steady
from backproof.check.steps import first_alone
from backproof.check.unread import Unread
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.graph import Node, ancestors, evaluate
from backproof.graph.operations.opaque import is_too_large
from backproof.source import Program, Span
from backproof.step import boundings, label, values, windows
from backproof.step.change import root
from backproof.step.computed import COMPUTED
from backproof.step.cut import dependent
from backproof.trace import Trace
from backproof.trace.run import how_it_ended

LAST_ROUND = (
    "The gradients of the last round are applied, and they are right; those that the rounds before have "
    "computed are lost. Whether that is meant cannot be told."
)
NO_LOSS = (
    "No loss was found that explains the updates: none of the gradients is that of a loss which the program "
    "states or which its backward pass implies. --loss NAME names the variable that is the loss."
)
MOST_NAMES = 4  # of what is not judged; the others are counted
MOVED = 1.3  # times a number: what its factor in a gradient is known by
RESIZES = frozenset(
    {"sqrt", "opaque", "abs", "max", "maximum", "minimum", "clip", "where", "sign"}
)  # what a length is made with
NOTHING_MOVES = (
    "Every gradient is zero with these data, the applied and the true ones alike, so there is nothing to "
    "compare and nothing is learned. Start the program at parameters that let something through."
)


def no_step(trace: Trace, program: Program, loss: str | None, seconds: float) -> str:
    """Say why no training step was seen, and where the run ended."""
    if loss is not None and trace.ended in ("finished", "stopped"):
        return (
            f"No value called {loss} that depends on the parameters was seen; without --loss it is inferred."
        )
    if trace.ended in ("finished", "stopped") and windows(trace):
        return NO_LOSS
    return how_it_ended(trace, program, seconds)


def unexplained(judgement: Judgement) -> str:
    """Say that no loss explains the updates, and whose size the one that the program states counts."""
    step = judgement.step
    counted = [p.name for p in step.parameters if not step.penalised.isdisjoint(p.leaves)]
    if not counted or not step.hypothesis.stated:
        return NO_LOSS
    name = step.hypothesis.name or step.hypothesis.formula
    return (
        f"{NO_LOSS} `{name}` counts the size of {listed(counted)}: the derivative of that has to be in the "
        "gradients, with the factor that it has beside the rest of the loss."
    )


def failed_in_training(judgement: Judgement) -> bool:
    """Did the program fail before its training was over, so that what it computed is no whole step?

    What fails behind the loop that trains, such as a plot, says nothing of the gradients.
    """
    window, trace = judgement.step.window, judgement.step.trace
    if trace.crash is None or trace.ended != "crashed":
        return False
    around = {
        (a.kind, a.site)
        for a in trace.activities
        if a.kind == "round" and a.start <= window.start and window.end <= a.end
    }
    training = {window.kind, *around}
    return window.kind[1] < 0 or any(
        not a.complete and (a.kind, a.site) in training for a in trace.activities
    )


def of_one_step(judgement: Judgement) -> str | None:
    """Say that one step is too little to see what is updated, where the numbers of lists are updated."""
    if not first_alone(judgement.step.trace, judgement.windows):
        return None
    return (
        "Of its training a first step is all that was seen, and the numbers of lists are known to be "
        "parameters from the second on: with fewer units, less data for a step, or arrays in place of loops "
        "it can be checked."
    )


def without_digits(judgement: Judgement) -> str | None:
    """Say that what is wrong is the rounding of the true gradient alone."""
    if not is_rounding(judgement.step, judgement.verdict):
        return None
    return (
        "Near the parameters of the observed step too few digits are left of the true gradient, as of "
        "`1 - p` where p is all but one, so there is nothing to compare with. Smaller initial values keep "
        "the units from saturating."
    )


def undefined(judgement: Judgement) -> str | None:
    """Say that what is wrong has no true gradient to be held against, where that is all that is wrong."""
    verdict = judgement.verdict
    wrong = [c for c, ok in zip(verdict.comparisons, verdict.right, strict=True) if not ok]
    if not wrong or not all(c.undefined for c in wrong):
        return None
    names = listed([c.name for c in wrong])
    large = {
        node.attributes["function"]
        for node in ancestors([judgement.step.loss])
        if node.operation == "opaque" and is_too_large(node)
    }
    if large:
        return (
            f"No rule gives the derivative of {listed(sorted(large))}, and with so many numbers it takes too "
            "long to find it numerically. With smaller data or fewer units the program can be checked."
        )
    return (
        f"Near the parameters of the observed step the loss or its gradient by {names} is infinite or not a "
        "number, so there is nothing to compare with. A smaller learning rate or smaller initial values keep "
        "a program from running off; an epsilon keeps a logarithm or a quotient finite."
    )


def unknown_calls(judgement: Judgement) -> str | None:
    """Say which calls of the step could not be followed, where an update or the loss hangs on one.

    What is known to hang on no parameter is data, whatever made it.
    """
    step = judgement.step
    copies = step.copies
    moving = dependent(copies.values(), list(step.leaves))
    inside = [copies[c.after] for c in (*step.window.parameters, *step.window.others) if c.after in copies]
    made = ancestors([step.loss, *inside])
    used = {
        (_place(step.trace, node), node.attributes["why"])
        for node in made
        if node.operation == "unknown" and (node in moving or node.attributes["blind"])
    }
    if not used:
        return None
    told = ", ".join(f"{why} ({place})" for place, why in sorted(used))
    return (
        f"A value of the training step comes from what could not be followed: {told}. Written in NumPy or "
        "plain Python, it can be."
    )


def unread_updates(judgement: Judgement) -> str | None:
    """Say which values that the loss depends on are replaced, but not by a gradient step that can be read."""
    step = judgement.step
    names = [label(step.trace, change) for change in step.unread]
    if not names:
        return None
    return (
        f"The loss depends on {listed(names)}, which the step replaces, but not by the old value less a "
        "gradient: whether that is right cannot be told."
    )


def outside_updates(judgement: Judgement) -> str | None:
    """Say which parameters are updated beside the steps that were judged and in none of them."""
    step = judgement.step
    names = list(dict.fromkeys(label(step.trace, change) for change in step.window.outside))
    if not names:
        return None
    return (
        f"The gradients seen are right, but the update of {listed(names)} lies outside of the steps that "
        "they are of, whose parameters change before it: whether it is right cannot be told. Where all "
        "updates come after the backward pass, it can."
    )


def left_unjudged(judgement: Judgement) -> str | None:
    """Say what the step updates as well, which no loss was found for."""
    trace, step = judgement.step.trace, judgement.step
    names = list(dict.fromkeys(label(trace, change) for change in judgement.unjudged))
    if not names:
        return None
    name = step.hypothesis.name or step.hypothesis.formula
    return (
        f"The gradients of {listed([p.name for p in step.parameters])} are right, but not judged: "
        f"{listed(names)}. The step updates {'it' if len(names) == 1 else 'them'} as well, {name} does not "
        f"depend on {'it' if len(names) == 1 else 'them'}, and no loss was found that explains "
        f"{'its update' if len(names) == 1 else 'their updates'}. --loss NAME names it, where the program "
        "computes it."
    )


def read_by_nothing(judgement: Judgement) -> str | None:
    """Say what is trained though no loss depends on it, since nothing is ever computed with it."""
    names = never_read(judgement)
    if not names:
        return None
    them, are = ("it", "it is") if len(names) == 1 else ("them", "they are")
    return (
        f"The gradients of {listed([p.name for p in judgement.step.parameters])} are right, but the step "
        f"updates {listed(list(names))} as well, and nothing that its training computes is made "
        f"of {them}, as if the forward pass read another name. Where {are} meant to stay out, all is right."
    )


def one_number(judgement: Judgement) -> str | None:
    """Say why nothing can be told of a single number whose gradient is off by a factor that data make.

    Its direction is right whatever it is multiplied by. A learning rate is no part of the loss, and what the
    whole loss is multiplied by changes nothing but its size: only where the factor changes with other numbers
    may one have been left out, or put in.
    """
    step = judgement.step
    if sum(int(np.prod(p.shape)) for p in step.parameters) != 1:
        return None
    counted, data = set(ancestors([step.loss])).difference(step.leaves), dict[Node, list[Node]]()
    for node, copy in step.copies.items():
        if copy.operation == "leaf" and copy not in step.leaves and _is_number(copy.value):
            data.setdefault(root(node, 0), []).append(copy)  # one value, by whatever name it is read
    results = [step.loss, *step.descents, *step.truths]
    points = informative_points(step, 2, spread=judgement.verdict.spread)
    before = np.array([[float(np.ravel(v)[0]) for v in values(step, results, p)] for p in points])
    deciding = []
    for leaves in data.values():
        if counted.isdisjoint(leaves):
            continue
        moved = [{**p, **{leaf: np.asarray(leaf.value) * MOVED for leaf in leaves}} for p in points]
        after = np.array([[float(np.ravel(v)[0]) for v in values(step, results, p)] for p in moved])
        with np.errstate(all="ignore"):
            loss, applied, true = (after / before).T
        if np.all(np.isfinite(true)) and not _alike(applied, true) and not _alike(loss, loss[::-1]):
            deciding += [leaf.name or "a number" for leaf in leaves[:1]]
    if not deciding:
        return None
    return (
        f"The only gradient, that of {step.parameters[0].name}, is a single number, and the factor between "
        f"it and the true one changes with {listed(sorted(set(deciding)))}: whether that was left out, or is "
        "meant as a part of the learning rate, cannot be told. With two parameters, or with several samples "
        "in a step, it can."
    )


def changing_factor(judgement: Judgement) -> str | None:
    """Say that what all gradients share is no constant, where nothing of the gradients' own size makes it.

    So is a factor of the only sample's error, which is a factor of every gradient of a step. The root of a
    sum is often shown where the sum is descended, which has the same direction.
    """
    step, verdict = judgement.step, judgement.verdict
    if _resizes(step.loss):
        return None
    if not step.hypothesis.stated or is_steady(verdict.scales) or step.lengths or step.opened:
        return None
    forward = set(ancestors([step.loss]))
    moving = dependent(ancestors(step.descents), step.leaves)
    if any(n not in forward and _resizes(n) for n in moving) or boundings(step):
        return None
    name = step.hypothesis.name or step.hypothesis.formula
    return (
        f"Every gradient has the direction of that of {name}, but what they are multiplied by changes with "
        "the parameters: all lack a factor of the derivative, or have one too many, or the loss is another. "
        "With several samples in a step it can be told which."
    )


def only_named(judgement: Judgement) -> bool:
    """Is it only by their names that values are taken for gradients, of which none is right?"""
    return judgement.step.window.kind[0] == COMPUTED and not any(judgement.verdict.right)


def turned_names(judgement: Judgement) -> str | None:
    """Say that values which no update applies are the gradients with the opposite sign."""
    comparisons = judgement.verdict.comparisons
    if not only_named(judgement) or not all(
        c.parallel and c.scales and max(c.scales) < 0 for c in comparisons
    ):
        return None
    return (
        "What is called after the parameters is the true gradient with the opposite sign, and no update says "
        "whether it is to be added or taken off."
    )


def _resizes(node: Node) -> bool:
    """May a length be made with this?"""
    if node.operation == "power":
        exponent = np.asarray(node.operands[1].value, dtype=float)
        return bool(np.any(exponent != np.round(exponent)))
    return node.operation in RESIZES


def perhaps_forgotten(judgement: Judgement, forgotten: Sequence[Unread]) -> str:
    """Say which gradients are computed and never read, of what stays as it is."""
    trace = judgement.step.trace
    made = listed([f"{each.name} ({_place(trace, each.gradient)})" for each in forgotten])
    owners = listed(list(dict.fromkeys(name for each in forgotten for name in each.owners)))
    return (
        f"The gradients that are applied are right, but {made} leads to a gradient of {owners} and is never "
        "read, as if an update were missing. Where these are meant to stay as they are, all is right."
    )


def _is_number(value: object) -> bool:
    array = np.asarray(value)
    return array.size == 1 and array.dtype.kind == "f" and bool(np.any(array))


def _alike(first: Any, second: Any) -> bool:
    return bool(np.allclose(first, second, rtol=1e-6, atol=0.0))


def on_a_kink(judgement: Judgement) -> str | None:
    """Say where the program decides otherwise at every point near by: there the loss has no derivative."""
    step = judgement.step
    points = informative_points(step, 2, spread=judgement.verdict.spread)
    if all(decides_alike(step, point) for point in points):
        return None
    table = evaluate(step.guards, {**step.state, **points[0]})
    rows = sorted({_row(step.trace, g) for g in step.guards if not np.array_equal(table[g], g.value)})
    lines = listed([f"line {row}" for row in rows[:4]])
    return (
        f"The program stands on a kink: what it decides at {lines} turns with the smallest change of its "
        "parameters, and the loss has no derivative there."
    )


def _place(trace: Trace, node: Node) -> str:
    """The line at which a value was made."""
    row = _row(trace, node)
    return f"line {row}" if row else "at no line of its own"


def _row(trace: Trace, node: Node) -> int:
    site = node.origin.site if node.origin is not None else -1
    return trace.sites[site].span.row if site >= 0 else 0


def numeric(judgement: Judgement) -> tuple[Finding, ...]:
    """Say which functions were differentiated by calling them."""
    step = judgement.step
    roots = list(step.leaves)
    line = ancestors([step.loss])
    moving = dependent(line, roots)
    called = [node for node in line if node.operation == "opaque" and node in moving]
    if not called:
        return ()
    rule = RULES["numeric-derivative"]
    names = sorted({node.attributes["function"].removeprefix("numpy.ndarray.") for node in called})
    row = min(_row(step.trace, node) for node in called)
    message = f"No rule gives the derivative of {listed(names)}: it was found numerically, by calling it."
    return (Finding(rule.code, rule.name, "info", message, Span(row, 1, row, 2) if row else None),)


def supplied(trace: Trace) -> tuple[Finding, ...]:
    """Say what the program was given so that it could run."""
    if not trace.supplied:
        return ()
    rule = RULES["supplied"]
    what = ", ".join(text for text, _ in trace.supplied)
    row = min(row for _, row in trace.supplied)
    message = f"The program does not run as it is; it was given {what}."
    return (Finding(rule.code, rule.name, "info", message, Span(row, 1, row, 2)),)


def stopped_before(judgement: Judgement) -> str | None:
    """Say which updates the run was stopped before, of what the loss depends on."""
    found = cut_off(judgement)
    if found is None:
        return None
    more = len(found.names) - MOST_NAMES
    rest = listed([*found.names[:MOST_NAMES], *([f"{more} more"] if more > 0 else [])])
    return (
        f"The gradients of {listed([p.name for p in judgement.step.parameters])} are right, but not judged: "
        f"{rest}. The run was stopped before line {found.row} of {found.file} updates them, since a whole "
        "step is too long to be looked at: with shorter sequences or fewer samples in one it can be checked."
    )


def cut_short(names: Sequence[str]) -> str:
    """Say which gradients leave out what lies more than a few steps back."""
    return (
        f"The gradients of {listed(list(names))} are right for a few steps back through time and leave out "
        "what lies further back, as truncated back-propagation does. Where that is meant they are right; all "
        "others are."
    )
