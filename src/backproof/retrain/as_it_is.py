"""A program that cannot be compiled is run as it is instead, mended, for a while or to its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.check.judgement import Judgement
from backproof.retrain.aligned import RetrainError
from backproof.retrain.counting import Course
from backproof.retrain.report import mended_lines, named, seconds_text
from backproof.retrain.taken_over import Seen
from backproof.runner import Runner
from backproof.step import label
from backproof.trace.followed import Curve, Place
from backproof.trace.run import WHOLE, Wanted, follow_program
from backproof.training.run import Curve as History

SECONDS = 60.0  # for which it is run


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a program as it is: ``why`` it was not compiled, and how it ended.

    ``losses`` are those that the program computes, by their names; ``values`` the parameters at its end as
    far as they could be read; ``steps`` is how many it made, ``seconds`` how long its loops took.
    """

    found: Seen
    why: str
    ended: str
    losses: tuple[tuple[str, Curve], ...]
    values: dict[str, Any]
    said: tuple[str, ...]
    steps: int | None
    seconds: float
    course: Course

    @property
    def diverged(self) -> bool:
        """Is a loss not finite at the end?"""
        return any(curve.count and not math.isfinite(curve.last) for _, curve in self.losses)

    @property
    def history(self) -> History:
        """The first loss as a curve."""
        curve = self.losses[0][1] if self.losses else Curve()
        points = [*curve.points, (curve.count, curve.last)] if curve.count else []
        return tuple((k, v) for k, v in dict(points).items() if math.isfinite(v))


def run_as_it_is(
    found: Seen, course: Course, why: str, runner: Runner, *, seconds: float = SECONDS, steps: int = 0
) -> Ran:
    """Run a program, mended, to its end, or for so many seconds or steps, or until Ctrl-C; follow its loss.

    Raises
    ------
    RetrainError
        When it does not run.
    """
    losses = dict(_losses(found.judgement))
    step = found.judgement.step
    names = [label(step.trace, change) for change in step.window.parameters]
    names += [p.name for p in found.report.parameters]
    rounds = math.ceil(steps / course.each) if steps and course.loops else 0
    wanted = Wanted(
        tuple(course.loops), seconds, rounds, losses=tuple(losses), names=tuple(dict.fromkeys(names))
    )
    trace = follow_program(found.program, wanted, runner=runner)
    timing = trace.timing
    if timing is None or trace.ended in ("crashed", "memory"):
        crash = trace.crash
        how = "" if crash is None else f" ({crash.kind}{f': {crash.message}' if crash.message else ''})"
        raise RetrainError(f"It was not compiled: {why} Run as it is, it did not come to its end{how}.")
    ended = "finished" if trace.ended in WHOLE else "stopped"
    if trace.ended == "interrupted":
        ended = trace.ended
    made = sum(timing.rounds.get(loop, 0) for loop in course.loops[-1:])
    taken = max((timing.seconds.get(loop, 0.0) for loop in course.loops), default=seconds)
    followed = timing.followed
    return Ran(
        found, why, ended,
        tuple(zip(losses.values(), followed.losses, strict=True)),
        {name: followed.values[name] for name in names if name in followed.values},
        tuple(followed.said), round(made * course.each) or None, taken, course,
    )  # fmt: skip


def _losses(judgement: Judgement) -> Iterator[tuple[Place, str]]:
    """The places of the source where the losses are computed, with what they are called."""
    trace = judgement.step.trace
    for each in (judgement, *judgement.beside):
        loss = each.step.hypothesis
        origin = loss.node.origin
        if origin is None or origin.site < 0:
            continue
        site = trace.sites[origin.site]
        span = site.span
        file = site.file or next(iter(trace.files))
        yield (file, span.row, span.column, span.end_row, span.end_column), loss.name or loss.formula


def as_text(ran: Ran, files: Sequence[str], limit: float) -> str:
    """Write the report for people."""
    parameters = ran.found.report.parameters
    lines = [
        f"{ran.found.report.filename}: {sum(math.prod(p.shape) for p in parameters)} parameters:"
        f" {named([(p.name, p.shape) for p in parameters])}",
        *mended_lines(ran.found.report, ran.found.mended),
        f"not compiled: {ran.why}",
    ]
    ends = {"finished": "to its end", "interrupted": "until Ctrl-C"}
    asked = ends.get(ran.ended, "as many steps as were asked for")
    if ran.ended == "stopped" and ran.seconds >= limit:
        asked = f"for {limit:g} s (--timeout SECONDS gives it more)"
    lines += [f"run as it is instead, {asked}, in its own order, with its own random numbers", ""]
    if not any(curve.count for _, curve in ran.losses):
        lines.append("its loss was not seen: the program does not compute it while it trains")
    for name, curve in ran.losses:
        if curve.count:
            lines.append(f"{name}: {curve.points[0][1]:.4g} at first, {curve.last:.4g} at last")
        if curve.broken is not None:
            lasts = math.isfinite(curve.last)
            how = "is not always finite: not at" if lasts else "diverged: it is not finite from"
            lines.append(f"{name} {how} the {_th(curve.broken)} time{'' if lasts else ' on'}.")
    if ran.steps:
        of = f" of {ran.course.steps:,}" if ran.course.steps and ran.course.steps > ran.steps else ""
        each = ran.seconds / ran.steps * 1e6
        lines.append(f"{ran.steps:,}{of} steps in {seconds_text(ran.seconds)}, {each:.3g} µs a step")
    if ran.said:
        lines += ["the last that it printed:", *(f"    {line}" for line in ran.said)]
    return "\n".join([*lines, *files, ""])


def _th(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def as_json(ran: Ran, seed: int, imported: float, total: float) -> dict[str, Any]:
    """The report by the JSON contract."""
    first, last = (ran.history[0][1], ran.losses[0][1].last) if ran.history else (None, None)
    return {
        "version": 1,
        "networks": [
            {
                "seed": seed,
                "final_loss": last if last is not None and math.isfinite(last) else None,
                "first_loss": first,
                "diverged": ran.diverged,
            }
        ],
        "steps": ran.steps,
        "parameters": sum(math.prod(p.shape) for p in ran.found.report.parameters),
        "seconds": {"import": imported, "compile": 0.0, "run": ran.seconds, "total": imported + total},
        "ns_per_step": ran.seconds / ran.steps * 1e9 if ran.steps else None,
        "program": {
            "filename": ran.found.report.filename,
            "verdict": ran.found.report.verdict,
            "mended": [finding.name for finding in ran.found.mended],
            "compiled": False,
            "as_it_is": True,
            "ended": ran.ended,
            "reason": ran.why,
            "steps": ran.course.steps,
        },
    }
