"""What looks wrong in a correct program and is right, each with the reason why it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from backproof.check.gains import adds
from backproof.check.judgement import Judgement
from backproof.check.points import informative_tables
from backproof.diagnosis.wording import listed
from backproof.graph import Node, ancestors
from backproof.step import Hypothesis, TrainingStep, label
from backproof.step.behind import is_at_once, taken
from backproof.step.bent import is_multiplied
from backproof.step.change import root
from backproof.step.cut import dependent

SHORT = 6  # values that a function makes which is nothing but a formula


def practices(judgement: Judgement) -> tuple[str, ...]:
    """Explain every convention of the program that a reader might take for a mistake."""
    return (
        *_at_activations(judgement.step),
        *_turned(judgement.step),
        *_scaled(judgement),
        *_rates(judgement.step),
        *_decayed(judgement),
        *_switched(judgement.step),
        *_set_to_one(judgement.step),
        *_behind(judgement.step),
        *_carried(judgement.step),
        *_remembered(judgement.step),
        *_clipped(judgement.step, judgement.verdict.spread),
        *_normalised(judgement.step),
    )


def _at_activations(step: TrainingStep) -> Iterator[str]:
    """Derivatives that are called with the activation: a(1 − a) and 1 − a²."""
    said = set[str]()
    sizes = Counter(node.origin.frame for node in step.copies if node.origin is not None)
    for node in _backward(step):
        activation = _activation(node)
        if activation is None or activation.origin is None or activation.operation in ("leaf", "constant"):
            continue
        if node.origin is None or activation.origin.frame == node.origin.frame:
            continue
        text, formula = _call(step, node, sizes), "a*(1 - a)" if node.operation == "multiply" else "1 - a**2"
        if text is not None and text not in said:
            said.add(text)
            yield (
                f"`{text}` is called with the activation a, not with what was activated: its formula "
                f"{formula} is "
                "the derivative in terms of a."
            )


def _activation(node: Node) -> Node | None:
    """The a of ``a * (1 - a)`` or ``1 - a**2``."""
    if node.operation == "multiply":
        for a, rest in (node.operands, node.operands[::-1]):
            if rest.operation == "subtract" and rest.operands[1] is a and _is_one(rest.operands[0]):
                return a
    if node.operation == "subtract" and _is_one(node.operands[0]):
        square = node.operands[1]
        if square.operation == "square" or (square.operation == "power" and square.operands[1].value == 2):
            return square.operands[0]
        if square.operation == "multiply" and square.operands[0] is square.operands[1]:
            return square.operands[0]
    return None


def _is_one(node: Node) -> bool:
    return node.operation == "constant" and np.size(node.value) == 1 and float(np.ravel(node.value)[0]) == 1


def _call(step: TrainingStep, node: Node, sizes: Mapping[int, int]) -> str | None:
    """The call of the program's own function in which a node was made; ``sizes`` are of its frames."""
    if node.origin is None or not 0 <= node.origin.frame < len(step.trace.frames):
        return None
    frame = step.trace.frames[node.origin.frame]
    if frame.call is None or frame.call < 0:
        return None
    site = step.trace.sites[frame.call]
    made = step.trace.sites[node.origin.site] if node.origin.site >= 0 else None
    if sizes[node.origin.frame] > SHORT:
        return None
    text = " ".join(site.text.split())
    if site.kind != "Call" or made is None or not made.function or len(text) > 60:
        return None
    return text if text.partition("(")[0].rpartition(".")[2] == made.function else None


def _turned(step: TrainingStep) -> Iterator[str]:
    """A difference the wrong way round whose sign the update takes back."""
    node = _error(step)
    if node is not None and node.origin is not None and adds(step):
        text = " ".join(step.trace.sites[node.origin.site].text.split())
        yield (
            f"`{text}` is the target less the output, the negative of the derivative, and the updates add: "
            "the two signs cancel."
        )


def _error(step: TrainingStep) -> Node | None:
    """The target less the output, where the backward pass begins with it.

    The loss is computed from both, and from no parameter but by the output.
    """
    forward, backward = set(ancestors([step.loss])), _backward(step)
    moving = dependent(ancestors([*step.descents, step.loss]), step.leaves)
    for node in dict.fromkeys([*(o for n in backward for o in n.operands), *backward]):
        if node.operation != "subtract" or node.origin is None or node.origin.site < 0:
            continue
        target, output = node.operands
        begins = step.hypothesis.site == node.origin.site or {target, output} <= forward
        if begins and output in moving and target not in moving and target.operation != "constant":
            return node
    return None


def _scaled(judgement: Judgement) -> Iterator[str]:
    """A scale that all gradients share: of one size, or another at every point."""
    verdict = judgement.verdict
    if not verdict.scales:
        return
    if max(verdict.scales) > min(verdict.scales) * (1 + 1e-6):
        yield (
            "All gradients of a step are scaled alike, by another factor at every point: the step has "
            "the direction "
            "of the gradient, and a length of its own."
        )
    elif judgement.step.hypothesis.stated and verdict.rate:
        ratio = verdict.scales[0] / verdict.rate
        if abs(ratio - 1) > 1e-5:
            yield (
                f"Every gradient is {ratio:.6g} times that of the loss, as where a 2 or a 1/N is left out: "
                f"one factor, {absorbed(judgement.step.hypothesis)}."
            )


def _rates(step: TrainingStep) -> Iterator[str]:
    """Parameters that have learning rates of their own."""
    names = list(dict.fromkeys(f"`{rate.name}`" for rate in step.rates.values()))
    if names:
        yield (
            f"The updates have different rates, {listed(names)}, and were compared as if they had one: which "
            "rate a parameter has is the program's own choice."
        )


def absorbed(hypothesis: Hypothesis) -> str:
    """Say what becomes of a factor that all gradients share."""
    if hypothesis.minimised:
        return "which misleads a minimiser that holds the slopes against the values of the loss"
    return "absorbed by the learning rate"


def _decayed(judgement: Judgement) -> Iterator[str]:
    for kind, share in (("weight decay", "square"), ("a pull to zero by the sign", "absolute")):
        names = [c.name for c in judgement.verdict.comparisons if c.decay and getattr(c.decay, share)]
        if share == "square" and judgement.step.decays:
            names = _shrunk(judgement.step)
        if names:
            yield (
                f"The update of {listed(names)} also has {kind}, which the loss does not state: a "
                "convention, not a "
                "fault."
            )


def _shrunk(step: TrainingStep) -> list[str]:
    """The parameters that the updates shrink by the numbers that are set aside."""
    shrinking = {share.product for share in step.decays}
    pairs = zip(step.parameters, step.descents, strict=True)
    return [p.name for p, descent in pairs if not shrinking.isdisjoint(ancestors([descent]))]


def _switched(step: TrainingStep) -> Iterator[str]:
    """What the updates hold on purpose beside the gradients."""
    used = set(ancestors(step.descents))
    found = [s for s in step.switches if s.node in used and s.node in step.state]
    off = list(dict.fromkeys(f"`{s.text}`" for s in found if s.kind == "flag" and not np.all(s.node.value)))
    if off:
        yield f"{listed(off)} lets no update through in this step: it is compared as if it did."
    if any(s.kind == "mask" for s in found):
        yield "What a mask has set to zero stays zero by the same mask, which is no part of the gradient."
    if any(s.kind == "noise" for s in found):
        yield "The noise that the update adds to the gradient is set aside."


def _set_to_one(step: TrainingStep) -> Iterator[str]:
    """The parameters that are one in a part, for good."""
    names = [p.name for p in step.parameters if not step.constants.keys().isdisjoint(p.leaves)]
    if names:
        yield (
            f"{listed(names)} {'is' if len(names) == 1 else 'are'} one in a part that "
            "the program has set so and never changes: that part is a constant, and no parameter."
        )


def _behind(step: TrainingStep) -> Iterator[str]:
    """What is done to parameters behind their gradient steps, and where these are not made at all."""
    kept, brought, joined, multiplied = list[str](), list[str](), list[str](), list[str]()
    for parameter in step.parameters:
        for change in parameter.changes:
            last = change.stores[-1].after
            if root(last, 0) is root(change.after, 0):
                continue
            if is_multiplied(change):
                multiplied.append(parameter.name)
            elif taken(last, change.before) is change.after:
                kept.append(parameter.name)
            else:
                (joined if is_at_once(change.after, last) else brought).append(parameter.name)
    if joined:
        names = listed(list(dict.fromkeys(joined)))
        yield f"The penalty on {names} is taken off behind the gradient step: it is compared as one with it."
    if brought:
        names = listed(list(dict.fromkeys(brought)))
        yield f"What is done to {names} behind the gradient step is set aside: the step itself is compared."
    if multiplied:
        names = listed(list(dict.fromkeys(multiplied)))
        yield f"The update multiplies {names} by the exponential of a step, and this step is compared."
    if kept:
        names = listed(list(dict.fromkeys(kept)))
        yield f"The update keeps {names} where a condition says so: it is compared where the step is made."


def _carried(step: TrainingStep) -> Iterator[str]:
    """States that the step hands to the next."""
    names = [label(step.trace, change) for change in step.window.states]
    if names:
        yield (
            f"No gradient changes {listed(names)}, which the step hands to the next, as a state or a running "
            "mean: the gradients are those with what it holds taken as given."
        )


def _remembered(step: TrainingStep) -> Iterator[str]:
    used = set(ancestors(step.descents))
    apart = {*step.lengths, *step.rates, *(share.node for share in step.decays)}
    apart.update(switch.node for switch in step.switches)
    values = [v for node, v in step.state.items() if node in used and node not in apart]
    if any(not np.any(v) for v in values):
        yield "The momentum of earlier steps is set aside: what this step adds to it is compared."
    if any(np.any(v) for v in values):
        yield (
            "What the optimizer remembers of the size of earlier gradients is set aside: it scales the "
            "gradient, "
            "element by element, after it is right."
        )


def _clipped(step: TrainingStep, spread: float) -> Iterator[str]:
    """That gradients are clipped, where that is no part of the derivative, as it is of Huber's loss."""
    if step.opened:
        yield "The gradient is brought within bounds: it was compared as it is before that."
        return
    clips = [node for node in _backward(step) if node.operation == "clip"]
    if not clips:
        return
    found = informative_tables(step, [n for c in clips for n in (c, c.operands[0])], 2, spread=spread)
    if any(np.array_equal(table[c], table[c.operands[0]]) for c in clips for _, table in found):
        yield "The gradient is clipped: it was compared where it lies within the bounds."


def _normalised(step: TrainingStep) -> Iterator[str]:
    if step.lengths:
        yield (
            "A gradient's own size, by which it is scaled, is set aside: it changes the length of a "
            "step, not its direction."
        )


def _backward(step: TrainingStep) -> list[Node]:
    forward = set(ancestors([step.loss]))
    return [node for node in ancestors(step.descents) if node not in forward]
