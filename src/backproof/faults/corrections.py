"""All the corrections that the faults propose for one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backproof.check.place import Place
from backproof.faults import (
    counted_in_rounds,
    derivative_at_wrong_point,
    extra_factor,
    forward_backward_mismatch,
    grown,
    handed_on,
    index_arguments,
    index_names,
    integer_buffer,
    loss_mismatch,
    missing_factor,
    missing_sum,
    missing_term,
    not_accumulated,
    not_reset,
    other_lengths,
    outside_loop,
    overwritten,
    rebound,
    shared_axes,
    sign_flipped,
    targets,
    unread_values,
    unwritten,
    updated_weights,
    upstream_ignored,
    wrong_activation_derivative,
    wrong_axis,
    wrong_index,
    wrong_operand,
    wrong_scale,
    wrong_transpose,
)
from backproof.faults.correction import Correction

STATEMENTS = frozenset({"AugAssign", "Assign", "AnnAssign", "For", "While", "Return", "FunctionDef", "Expr"})
SHARED = 0.1  # more for a change of what the loss is computed from as well
PROPOSERS = (
    sign_flipped,
    derivative_at_wrong_point,
    wrong_axis,
    missing_sum,
    extra_factor,
    wrong_transpose,
    wrong_index,
    index_arguments,
    integer_buffer,
    wrong_operand,
    forward_backward_mismatch,
    loss_mismatch,
    wrong_scale,
    other_lengths,
    missing_factor,
    wrong_activation_derivative,
    missing_term,
    upstream_ignored,
)


CONCERNED = (
    updated_weights,
    not_reset,
    not_accumulated,
    overwritten,
    rebound,
    targets,
    handed_on,
    counted_in_rounds,
    grown,
    outside_loop,
    unread_values,
    unwritten,
    shared_axes,
    index_names,
)


def corrections(place: Place) -> Iterator[Correction]:
    """What each fault would write here, where an expression stands."""
    if place.site.kind in STATEMENTS:
        return
    more = 0.01 * (place.handed and place.site.kind != "Call")  # a function is mended rather than its calls
    more += SHARED * (place.site.number in place.scenery.bench.shared)
    for fault in PROPOSERS:
        for correction in fault.corrections(place):
            if not _is_as_it_stands(correction):
                yield replace(correction, cost=correction.cost + more) if more else correction


def _is_as_it_stands(correction: Correction) -> bool:
    """Does it write what stands there already, of which only the value at another time would be right?"""
    own = (part.span is None and part.text == part.place.text for part in correction.parts)
    return correction.edits is None and all(own)


def proposals(places: list[Place]) -> Iterator[Correction]:
    """What the faults that concern whole statements would do."""
    for fault in CONCERNED:
        yield from fault.proposals(places)
