"""What is said of a program that was trained compiled: what was taken over, and how much faster it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from backproof.findings import FileReport, Finding
from backproof.retrain.counting import Course
from backproof.retrain.recurrence import Recurrence
from backproof.retrain.taken_over import TakenOver
from backproof.training.report import network_row
from backproof.training.run import Outcome

SHOWN = 8  # parameters that are named


def as_text(taken: TakenOver, course: Course, outcome: Outcome, total: float) -> str:
    """Write the report for people."""
    return "\n".join([*what_was_taken_over(taken), "", *_results(taken, course, outcome, total), ""])


def what_was_taken_over(taken: TakenOver) -> list[str]:
    """What the program trains, on which data, by which loss, and what was mended in it."""
    found = taken.recurrence
    carried = found.carried[: found.parameters]
    numbers = sum(each.first.size for each in carried)
    begun = "first values"
    if taken.skipped:
        begun = "values after its first " + (f"{taken.skipped} steps" if taken.skipped > 1 else "step")
    lines = [
        f"{taken.report.filename}: {numbers} parameters, from the program's own {begun}:"
        f" {named([(each.name, each.first.shape) for each in carried])}",
        f"data: {taken.order.text()}",
        *_draws(found),
        *_loss_line(taken.report),
    ]
    if taken.decays is not None:
        lines.append(f"rate: {taken.machine.rate:g} at first, changed as {taken.decays.rows} says")
    remembered = dict.fromkeys(each.name for each in found.carried[found.parameters :])
    if remembered:
        lines.append(f"carried from step to step besides: {', '.join(list(remembered)[:SHOWN])}")
    lines += _mends(taken.mended)
    if taken.stops:
        lines.append(f"not taken over: that it may stop by {', '.join(taken.stops)}; here all steps are done")
    if taken.report.verdict == "inconclusive":
        lines.append(f"gradients: applied as they are, not certified: {taken.report.reason}")
    lines.append(
        f"verified: the first {taken.verified} steps, done again, give the program's own values to"
        f" {max(taken.deviation, 1e-16):.0e}"
    )
    return lines


def _draws(found: Recurrence) -> list[str]:
    """What a step draws at random, with its place and its law."""
    drawn = []
    for entry, law in found.draws.items():
        origin = entry.nodes[-1].origin
        row = f"line {found.trace.sites[origin.site].span.row}, " if origin is not None else ""
        drawn.append(f"{row}{law}")
    if not drawn:
        return []
    what = "; ".join(dict.fromkeys(drawn))
    return [f"drawn in every step: {what}: anew by the same law after the first {len(found.windows)} steps"]


def named(parameters: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    """Parameters by name and shape, the first of them where there are many."""
    names = [f"{name} {shape}" if shape else name for name, shape in parameters]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def mended_lines(report: FileReport, mended: Sequence[Finding]) -> list[str]:
    """The loss, what was mended, and that the gradients are not certified where they are not."""
    lines = [*_loss_line(report), *_mends(mended)]
    if report.verdict == "inconclusive":
        lines.append(f"gradients: applied as they are, not certified: {report.reason}")
    return lines


def _loss_line(report: FileReport) -> list[str]:
    loss = report.loss
    if loss is None:
        return []
    where = "" if loss.row is None else f", {_place(loss.file, loss.cell, loss.row)}"
    return [f"loss: {loss.formula}{' (inferred)' if loss.inferred else where}"]


def _mends(mended: Sequence[Finding]) -> list[str]:
    lines = []
    for finding in mended:
        known = finding.expected and finding.found
        fix = f": {finding.expected} in place of {finding.found}" if known else ""
        span = finding.span
        place = "the program" if span is None else _place(span.file, span.cell, span.row)
        lines.append(f"mended: {place}, {finding.name}{fix}")
    return lines


def _place(file: str, cell: int, row: int) -> str:
    """A line as its author counts it: in another file, in a cell of a notebook."""
    return f"{f'{file} ' if file else ''}{f'cell {cell} ' if cell else ''}line {row}"


def _results(taken: TakenOver, course: Course, outcome: Outcome, total: float) -> list[str]:
    machine, steps = taken.machine, outcome.steps
    first, last, broken = outcome.first_loss, outcome.final_loss, outcome.divergence
    over = f"what {machine.draws:,} steps draw" if machine.streamed else "all samples"
    mean = "" if taken.order.kind == "whole" and not machine.streamed else "mean "
    lines = [f"{mean}loss over {over}: {first:.4g} at first, {last:.4g} at last"]
    if broken is not None:
        smaller = f": take a smaller rate (--lr {machine.rate / 10:g})." if taken.rates else "."
        lines.append(
            f"Diverged: after step {broken.step:,} {broken.parameter} is not finite any more{smaller}"
        )
    elif not math.isfinite(last):
        lines.append("The loss is not finite, as of a logarithm of 0, though all parameters are.")
    if outcome.interrupted:
        lines.append(f"Stopped by Ctrl-C after {steps:,} steps.")
    each = outcome.seconds / max(steps, 1)
    if machine.kernel is not None:
        lines.append(
            f"{steps:,} steps in {outcome.seconds:.3g} s, {each * 1e9:.3g} ns a step (compiled in"
            f" {machine.kernel.seconds:.2g} s; {total:.2g} s in all, with checking and tracing)"
        )
    else:
        lines.append(f"{steps:,} steps in {outcome.seconds:.3g} s, not compiled: {machine.reason}")
    if course.seconds is not None and steps:
        own = course.seconds * steps
        ratio = course.seconds / each if each else math.inf
        faster = f" ({ratio:.3g} times as fast)" if ratio > 1.5 else ""
        lines.append(
            f"the program itself: {course.seconds * 1e6:.3g} µs a step; your {seconds_text(own)}:"
            f" {seconds_text(outcome.seconds)}{faster}"
        )
    return lines


def seconds_text(seconds: float) -> str:
    """A time in words."""
    return f"{seconds:.3g} seconds" if seconds < 100 else f"{seconds / 60:.3g} minutes"


def as_json(
    taken: TakenOver, course: Course, outcome: Outcome, imported: float, total: float
) -> dict[str, Any]:
    """The report by the JSON contract, and under ``program`` what was taken over."""
    machine, found = taken.machine, taken.recurrence

    return {
        "version": 1,
        "networks": [network_row(outcome)],
        "steps": outcome.steps,
        "parameters": sum(each.first.size for each in found.carried[: found.parameters]),
        "seconds": {
            "import": imported,
            "compile": machine.kernel.seconds if machine.kernel else 0.0,
            "run": outcome.seconds,
            "total": imported + total,
        },
        "ns_per_step": outcome.seconds / outcome.steps * 1e9 if outcome.steps else None,
        "program": {
            "filename": taken.report.filename,
            "verdict": taken.report.verdict,
            "mended": [finding.name for finding in taken.mended],
            "order": taken.order.kind,
            "batch": taken.order.batch,
            "samples": taken.order.count,
            "verified_steps": taken.verified,
            "deviation": taken.deviation,
            "compiled": machine.kernel is not None,
            "reason": machine.reason,
            "ns_per_step": None if course.seconds is None else course.seconds * 1e9,
            "steps": course.steps,
        },
    }
