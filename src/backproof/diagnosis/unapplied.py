"""Findings of gradients that do not arrive: updates that are lost, and gradients that no update applies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.check.dropped import Dropped, statement_of
from backproof.check.judgement import Judgement
from backproof.check.untrained import Untrained
from backproof.diagnosis.faulty import Verify, fix_of
from backproof.diagnosis.wording import listed
from backproof.faults import RULES
from backproof.faults.left_by_loop import wider_loops
from backproof.faults.never_updated import in_place, missing_update
from backproof.findings import Finding
from backproof.source import Edit
from backproof.step import label
from backproof.trace import Site, Trace

LOCAL = "a local name a new {what}; the parameter itself never changes."
REPLACED = (
    "the parameter a new {what}, and the forward pass goes on with the old one: it never sees the update."
)


def lost_updates(judgement: Judgement, verify: Verify) -> tuple[Finding, ...]:
    """Make findings of the updates that the next step does not see, one a statement."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    names, places = dict[int, list[str]](), dict[int, str]()
    numbers = dict[int, bool]()
    for change in judgement.dropped:
        value = trace.sites[change.stores[-1].site]
        statement = value.number if value.statement is None else value.statement
        names.setdefault(statement, []).append(label(trace, change))
        places[statement] = LOCAL if change.local else REPLACED
        numbers[statement] = np.ndim(change.before.value) == 0
    edits = {number: in_place(trace, trace.sites[number], numbers[number]) for number in names}
    verified = verify([e for own in edits.values() for e in own], None) if all(edits.values()) else None
    found = []
    for number, own in edits.items():
        site = trace.sites[number]
        message = f"`{site.text}` gives {places[number].format(what='value' if numbers[number] else 'array')}"
        expected = own[0].content if own else None
        parameters = tuple(dict.fromkeys(names[number]))
        fix = fix_of(own, expected, verified)
        found.append(
            Finding(rule.code, rule.name, "error", message, site.span, parameters, site.text, expected, fix)
        )
    return tuple(found)


def unapplied(judgement: Judgement, dropped: Sequence[Dropped], verify: Verify) -> tuple[Finding, ...]:
    """Make findings of the gradients that are computed and never applied, one for each that is written."""
    rule, trace = RULES["never-updated"], judgement.step.trace
    loop = _left_by_loop(judgement, dropped, verify) if dropped else None
    if loop is not None:
        return (loop,)
    groups: dict[int, list[Dropped]] = {}
    for each in dropped:
        groups.setdefault(each.gradient.origin.site, []).append(each)
    written = {number: missing_update(trace, group[0]) for number, group in groups.items()}
    edits = [edit for found in written.values() if found is not None for edit in found[1]]
    verified = verify(edits, None) if all(written.values()) else None
    findings = []
    for number, group in groups.items():
        first, found = group[0], written[number]
        site = (
            statement_of(trace, first.sibling)
            if found is None
            else _above(trace, found[1], statement_of(trace, first.sibling))
        )
        what = first.called or trace.sites[number].text
        owners = listed([d.name for d in group])
        message = f"`{what}`, the gradient of {owners}, is computed and never applied."
        fix = fix_of(found[1], found[0], verified) if found is not None else None
        parameters, text = tuple(d.name for d in group), found[0] if found is not None else None
        findings.append(
            Finding(rule.code, rule.name, "error", message, site.span, parameters, site.text, text, fix)
        )
    return tuple(findings)


def _above(trace: Trace, edits: Sequence[Edit], beside: Site) -> Site:
    """The statement behind which another is inserted; ``beside`` where no other stands nearer."""
    row = edits[0].span.row
    statements = (
        s
        for s in trace.sites
        if s.file == beside.file and s.kind in ("Assign", "AugAssign", "Expr") and s.parent is None
    )
    nearer = [s for s in statements if beside.span.row < s.span.end_row < row]
    return max(nearer, key=lambda s: s.span.row, default=beside)


def _left_by_loop(judgement: Judgement, dropped: Sequence[Dropped], verify: Verify) -> Finding | None:
    """The one finding of a loop that leaves out all that is not updated, where a longer one updates it."""
    trace = judgement.step.trace
    beside = {statement_of(trace, each.sibling).number for each in dropped}
    roots = {name.partition("[")[0] for each in dropped for name in (each.name, each.sibling.name)}
    if len(roots) > len(beside) or not all("[" in each.name for each in dropped):
        return None
    owners = tuple(each.name for each in dropped)
    return _widened(trace, trace.sites[min(beside)], owners, verify)


def left_layers(judgement: Judgement, found: Untrained | None, verify: Verify) -> Finding | None:
    """The finding of a loop that leaves out the last layer, which nobody does to train but a part.

    The loop may stand around the call of what updates a layer.
    """
    trace = judgement.step.trace
    if found is None or not found.last:
        return None
    stores = (parameter.changes[-1].stores[-1] for parameter in judgement.step.parameters)
    for first in {store.site: store for store in stores}.values():
        update: int | None = first.site
        frame: int | None = first.frame
        while update is not None and frame is not None:
            if (widened := _widened(trace, trace.sites[update], found.names, verify)) is not None:
                return widened
            update, frame = trace.frames[frame].call, trace.frames[frame].parent
    return None


def _widened(trace: Trace, update: Site, owners: tuple[str, ...], verify: Verify) -> Finding | None:
    """The finding of a loop around an update that one more round makes right."""
    rule = RULES["never-updated"]
    for site, new, edit in wider_loops(trace, update):
        verified = verify([edit], None)
        if verified is not None:
            message = (
                f"`{site.text}` leaves out {listed(owners)}: the gradient is computed and never applied."
            )
            fix = fix_of((edit,), new, verified)
            return Finding(rule.code, rule.name, "error", message, site.span, owners, site.text, new, fix)
    return None
