"""Steps that are right one by one, and do not go on from one another as the steps of a training do."""

from __future__ import annotations

from backproof.check.begun import begun_as_weights
from backproof.check.clocks import exchanged_rates, standing_clock, unequal_clocks
from backproof.check.fed import fed_otherwise
from backproof.check.judgement import Judgement
from backproof.check.lost_samples import lost_samples
from backproof.check.misapplied import misapplied
from backproof.check.one_at_a_time import one_at_a_time
from backproof.check.outdated import outdated
from backproof.check.redrawn import forgotten, redrawn
from backproof.check.reused import reused
from backproof.check.rounded import rounded
from backproof.check.shorter import scale_of_shorter
from backproof.check.timed import timed
from backproof.check.zeroed import zeroed
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.findings import Finding
from backproof.step.bent import is_multiplied


def without_samples(judgement: Judgement) -> str | None:
    """Say that most rounds compute gradients which are lost before a step is made of them."""
    found = lost_samples(judgement)
    if found is None:
        return None
    return (
        f"The gradients that are applied are right, but those of {found[0]} in {found[1]} rounds are "
        "computed and lost, as where each round begins its sums anew: whether that is meant cannot be told."
    )


def in_turn_of_one_list(judgement: Judgement) -> str | None:
    """Say of which list each number is updated before the errors are computed again for the next."""
    name = one_at_a_time(judgement)
    if name is None:
        return None
    return (
        f"The gradients are right, each for `{name}` as it is by then: its numbers change one at a time, "
        "and the error is computed anew for every one of them. Where that is meant, all is right; where it "
        "is not, compute the error once, before the first is updated."
    )


def drawn_anew(judgement: Judgement) -> str | None:
    """Say which parameters each step finds with new values, so that what is learned is lost."""
    names = redrawn(judgement)
    if not names and (kept := forgotten(judgement)):
        return (
            f"The gradients seen are right, but what the steps make of {listed(kept)} is lost: each begins "
            "with the same values, as where a copy is updated."
        )
    if not names and (old := reused(judgement)):
        return (
            f"The gradients seen are right, but there are rounds that change {listed(old)} by what older "
            "parameters have given, and is not computed anew: these are no steps down the loss."
        )
    if not names:
        return None
    return (
        f"The gradients seen are right, but {listed(names)} {'has' if len(names) == 1 else 'have'} new "
        "values in every step, which owe nothing to the steps before: what a step learns of them is lost. "
        "Give them their first values once, before the loop."
    )


def decided_before(judgement: Judgement) -> str | None:
    """Say which masks of the step are those of older parameters."""
    masks = outdated(judgement)
    if not masks:
        return None
    trace = judgement.step.trace
    places = [
        f"{node.name or 'a mask'} (line {trace.sites[node.origin.site].span.row})"
        for node in masks
        if node.origin is not None and node.origin.site >= 0
    ]
    return (
        f"The gradients seen are right for the masks that the step uses, but {listed(places)} was computed "
        "in an older step, from the parameters of then. Where that is meant, all is right; else compute it "
        "in every forward pass."
    )


def rounded_off(judgement: Judgement) -> str | None:
    """Say which parameters are rounded after their updates, and how much of a step that is."""
    found = rounded(judgement)
    if not found:
        return None
    share = max(found.values())
    return (
        f"The gradients seen are right, but what the update makes of {listed(list(found))} is rounded, by up "
        f"to {share:.1g} times the size of the step itself: smaller steps are lost. Round what is shown, and "
        "not the parameters."
    )


def set_to_zero(judgement: Judgement) -> str | None:
    """Say of which parameters each step sets a part to zero that did not begin so."""
    names = zeroed(judgement)
    if not names:
        return None
    return (
        f"The gradients seen are right, but a part of {listed(names)} is set to zero in every step, so "
        "that what it learns is lost. Where that is meant, all is right: then let this part be zero from the "
        "beginning."
    )


def grown_by_factors(judgement: Judgement) -> str | None:
    """Say which values are multiplied by exponentials, as weights may be that no gradient changes."""
    changes = [(p.name, change) for p in judgement.step.parameters for change in p.changes]
    names = list(dict.fromkeys(name for name, change in changes if is_multiplied(change)))
    if not names:
        return None
    return (
        f"The step multiplies {listed(names)} by an exponential, and its exponent is no gradient of a loss "
        "that was found. Where it is not meant to be one, as with weights of samples, nothing is wrong."
    )


def begun_otherwise(judgement: Judgement) -> str | None:
    """Say which velocities begin as the weights do."""
    pairs = begun_as_weights(judgement)
    if not pairs:
        return None
    names = listed([name for name, _ in pairs])
    return (
        f"The gradients seen are right, but {names} begin{'s' * (len(pairs) == 1)} with the values of "
        f"{listed([weights for _, weights in pairs])}: the first steps take a share of the weights off them, "
        "which is no gradient. A velocity begins with zeros."
    )


def applied_to_another(judgement: Judgement) -> str | None:
    """Say which gradient is applied to another value than the one that it is called after."""
    found = misapplied(judgement)
    if not found:
        return None
    name, gradient = next(iter(found.items()))
    return (
        f"The gradients seen are right, but the new value of {name} is not made of the old one: `{gradient}` "
        "is applied to something else."
    )


def let_through_at_times(judgement: Judgement) -> str | None:
    """Say which updates a flag lets through at some times only, unlike those of the other parameters."""
    found = timed(judgement)
    if not found:
        return None
    flags = listed(list(dict.fromkeys(f"`{text}`" for text in found.values())))
    return (
        f"The gradients seen are right, but {flags} lets the update of {listed(list(found))} through at some "
        "times only, unlike those of the other parameters. Where that is meant, all is right."
    )


def divided_otherwise(judgement: Judgement) -> str | None:
    """Say what an optimizer divides by that is not the size of its gradients."""
    found = fed_otherwise(judgement)
    if not found:
        return None
    fed = next((f" but of {source}" for source in found.values() if source), "")
    return (
        f"The gradients seen are right, but {listed(list(found))}, by whose root the update divides, is not "
        f"made of the squares of the gradients{fed}: the steps have not the direction that they should have."
    )


def counted_unevenly(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of an optimizer that counts its steps parameter by parameter: its memory, no gradient, is off."""
    found = unequal_clocks(judgement)
    if not found:
        return ()
    rule, site = RULES["wrong-scale"], judgement.step.trace.sites[next(iter(found.values())).origin.site]
    message = (
        "The optimizer has counted on between the parameters of one step, so this correction of its empty "
        f"memory is another for {listed(list(found))} than for the first: count once a step. The gradients "
        "themselves are right, and later steps are hardly scaled by it."
    )
    return (Finding(rule.code, rule.name, "warning", message, site.span, tuple(found), site.text),)


def corrected_otherwise(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of corrections of a memory by the rate of another one, or by a count that stands still."""
    trace, found = judgement.step.trace, list[Finding]()
    names = tuple(parameter.name for parameter in judgement.step.parameters)
    for memory, node in exchanged_rates(judgement).items():
        rule, site = RULES["wrong-operand"], trace.sites[node.origin.site]
        message = (
            f"`{site.text}` corrects {memory} by the rate of another memory, and not by its own: the two "
            "rates of decay are exchanged here. The gradients themselves are right."
        )
        if all(site.span != other.span for other in found):
            found.append(Finding(rule.code, rule.name, "warning", message, site.span, names, site.text))
    if (standing := standing_clock(judgement)) is not None:
        rule, site = RULES["wrong-scale"], trace.sites[standing.origin.site]
        message = (
            f"`{site.text}` is the same in steps that follow one another, as where epochs are counted: it "
            "makes up for a memory that is empty no more. Count every step. The gradients are right."
        )
        found.append(Finding(rule.code, rule.name, "warning", message, site.span, names, site.text))
    return tuple(found)


def of_a_small_batch(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of a smaller batch whose gradients are not scaled as its loss is."""
    times = scale_of_shorter(judgement)
    if times is None:
        return ()
    rule, hypothesis = RULES["wrong-scale"], judgement.step.hypothesis
    message = (
        f"In the smallest batch that was seen the gradients are {times:.3g} times as long, beside those of "
        f"`{hypothesis.name}`, as in the others: a mean over its samples is divided by another number than "
        "the gradient, which should be that of the samples that are there. Their directions are right."
    )
    names = tuple(parameter.name for parameter in judgement.step.parameters)
    return (Finding(rule.code, rule.name, "warning", message, None, names),)
