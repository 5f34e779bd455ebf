"""The finding of biases that the forward pass adds and that no update changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from backproof.check.dropped import statement_of
from backproof.check.forgotten_biases import ForgottenBias, forgotten_biases
from backproof.check.gradient_names import last_word
from backproof.check.judgement import Judgement
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.faults.never_updated import lines_behind
from backproof.findings import Finding
from backproof.source import Edit
from backproof.trace import Site, Trace

TOKEN = re.compile(r"(?<![\w.])(?:\d*\.\d+(?:e-?\d+)?|[A-Za-z_][\w.]*)")
ASSIGNED = re.compile(r"(?P<target>[^=+\-]+?)\s*(?P<operator>[-+]?=)\s*(?P<value>.+)", re.DOTALL)


def idle_biases(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make one finding for each update of weights beside which that of biases is missing that are drawn."""
    trace = judgement.step.trace
    groups: dict[int, list[ForgottenBias]] = {}
    for each in forgotten_biases(judgement.step):
        if each.drawn:
            groups.setdefault(statement_of(trace, each.sibling).number, []).append(each)
    written = {number: list(_edits(trace, trace.sites[number], group)) for number, group in groups.items()}
    chosen: dict[int, Edit] = {}
    verified = None
    if all(written.values()) and len(written) == 1:
        number, edits = next(iter(written.items()))
        for edit in edits:
            if (verified := verify([edit], None)) is not None:
                chosen[number] = edit
                break
    return tuple(_finding(trace, n, group, chosen.get(n), verified) for n, group in groups.items())


def constant_biases(judgement: Judgement) -> tuple[Finding, ...]:
    """Warn of biases that begin with one number and keep it: it may be meant, and the gradients are right."""
    found = [each for each in forgotten_biases(judgement.step) if not each.drawn]
    if not found:
        return ()
    rule, names = RULES["never-updated"], tuple(each.name for each in found)
    site = statement_of(judgement.step.trace, found[0].sibling)
    stay = "stay as they are" if len(names) > 1 else "stays as it is"
    message = (
        f"{listed(names)}, added in the forward pass, {stay}: no update changes what its name calls a bias."
    )
    return (Finding(rule.code, rule.name, "warning", message, site.span, names, site.text),)


def _finding(
    trace: Trace,
    number: int,
    group: Sequence[ForgottenBias],
    edit: Edit | None,
    verified: tuple[int, float] | None,
) -> Finding:
    rule, site, names = RULES["never-updated"], trace.sites[number], [each.name for each in group]
    many = len(names) > 1
    message = (
        f"{listed(names)} {'are' if many else 'is'} added in the forward pass and begin{'' if many else 's'} "
        f"at random, as the weights do, and no update changes {'them' if many else 'it'}: the gradient is "
        "that of the sum that the bias is added to, over all samples."
    )
    expected = None if edit is None else edit.content.strip()
    fix = None if edit is None else fix_of((edit,), expected, verified)
    return Finding(rule.code, rule.name, "error", message, site.span, tuple(names), site.text, expected, fix)


def _edits(trace: Trace, update: Site, group: Sequence[ForgottenBias]) -> Iterator[Edit]:
    """The updates of biases behind that of the weights, written as that is."""
    match = ASSIGNED.fullmatch(update.text)
    if match is None:
        return
    numbers = _numbers(trace)
    rates = [t for t in TOKEN.findall(match["value"]) if t[0] in ".0123456789" or last_word(t) in numbers]
    written: dict[str, str] = {}
    for each in group:
        bias, gradient = _bias_text(each, match["target"]), _gradient_text(each, match["target"])
        if bias is None or gradient is None:
            return
        written.setdefault(bias, f"{rates[0]} * {gradient}" if rates else gradient)
    operator = match["operator"]
    for sign in "-+" if operator in ("-=", "=") else "+-":
        heads = {b: f"{b} = {b} {sign}" if operator == "=" else f"{b} {sign}=" for b in written}
        edit = lines_behind(trace, update, [f"{heads[b]} {step}" for b, step in written.items()])
        if edit is not None:
            yield edit


def _bias_text(bias: ForgottenBias, target: str) -> str | None:
    """A bias as it is called where the weights are updated."""
    if bias.name.isidentifier():
        return bias.name
    old, new = last_word(bias.sibling.name), last_word(bias.name)
    text = re.sub(rf"\b{re.escape(old)}\b", new, target)
    return text if text != target else None


def _gradient_text(bias: ForgottenBias, target: str) -> str | None:
    """The gradient of a bias as it is called there, summed over the samples."""
    for called, summed in bias.gradients:
        text = _as_written(called, target)
        if text is not None:
            keep = ", keepdims=True" if np.ndim(bias.leaf.value) == 2 else ""
            return f"{text}.sum(axis=0{keep})" if summed else text
    return None


def _numbers(trace: Trace) -> set[str]:
    """What single numbers with a fraction are called."""
    called = {b.name for b in trace.bindings if _is_fraction(b.node.value)}
    stored = {last_word(trace.labels.get(s.place) or "") for s in trace.stores if _is_fraction(s.after.value)}
    return called | stored - {""}


def _is_fraction(value: object) -> bool:
    return isinstance(value, (float, np.floating)) and not float(value).is_integer()


def _as_written(called: str, target: str) -> str | None:
    """A gradient as it is called where the weights are updated: by a name, or as of the owner there."""
    if called.isidentifier():
        return called
    owner, _, attribute = called.rpartition(".")
    here = target.rpartition(".")[0]
    return f"{here}.{attribute}" if owner and here and attribute.isidentifier() else None
