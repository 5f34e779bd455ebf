"""Running a program, as it is and with its mends, until enough of its training was seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from backproof.check.compare import compare
from backproof.check.cut_off import cut_off
from backproof.check.dropped import dropped_gradients
from backproof.check.judge import judge
from backproof.check.judgement import Judgement
from backproof.check.steps import breaks_off, first_alone
from backproof.check.untrained import untrained
from backproof.errors import EditRejectedError, ProgramUnreadableError
from backproof.runner import Runner
from backproof.source import Edit, Program, apply_edits, read_program, require_python
from backproof.trace import Trace, trace_program, untaken
from backproof.trace.stopping import NEVER

STEPS, SECONDS = 4, 20.0
LONGER = (2_500, 20_000, 60_000)  # nodes that a second, a third and a last look go on for
BRANCHING, BRANCHING_SECONDS = 2_500, 3.0  # more nodes, and seconds, to see other branches
LARGEST = 20_000  # nodes of a trace to which so few more add no step
POINTS = 8  # at which a program is certified, and a mend verified


@dataclass(frozen=True, slots=True)
class Options:
    """How to look at a program: what runs it, its loss, how many updates to observe, for how long.

    ``explain`` asks for the derivation of the gradients that are wrong, ``again`` for another look at the
    program when it is mended.
    """

    runner: Runner
    loss: str | None = None
    steps: int = STEPS
    seconds: float = SECONDS
    explain: bool = False
    again: bool = True


def observed(program: Program, options: Options) -> tuple[Trace, Judgement | None]:
    """Run the program and judge its step; run it for longer where what looked like enough was not."""
    trace = trace_program(program, steps=options.steps, seconds=options.seconds, runner=options.runner)
    judgement = judge(trace, options.loss)
    if judgement is not None and (options.steps == 1 or not _is_to_be_continued(trace, judgement)):
        return _on_other_branches(program, options, trace, judgement) or (trace, judgement)
    for nodes in LONGER:
        if trace.ended != "stopped":
            break
        if len(trace.nodes) > 2 * nodes:
            continue  # more than that was seen already
        if nodes == LONGER[-1] and (judgement is None or len(judgement.windows) > 1):
            break  # what is looked for so long is a second step of large ones
        trace = trace_program(
            program, steps=NEVER, seconds=options.seconds, nodes=nodes, runner=options.runner
        )
        judgement = judge(trace, options.loss)
        right = judgement is not None and judgement.verdict.correct
        if judgement is not None and right and not _is_to_be_continued(trace, judgement):
            break  # nothing is called wrong before the longest look
    return trace, judgement


def _is_to_be_continued(trace: Trace, judgement: Judgement) -> bool:
    """Was the run stopped in the second step, or before it would update something else than before?

    In the first one neither all parameters nor the memories of an optimizer are known as such.
    """
    right, alone = judgement.verdict.correct, trace.ended == "stopped" and len(judgement.windows) == 1
    if right:
        early = first_alone(trace, judgement.windows) or breaks_off(trace, judgement.seen)
        return early or cut_off(judgement) is not None
    return alone and not judgement.step.hypothesis.minimised


def _on_other_branches(
    program: Program, options: Options, trace: Trace, judgement: Judgement
) -> tuple[Trace, Judgement] | None:
    """Look for a step with wrong gradients among more steps, where those seen leave branches untaken."""
    if not judgement.verdict.correct or trace.ended != "stopped" or len(trace.nodes) > LARGEST:
        return None
    missing = [branch for branch in untaken(trace) if not branch.named]
    if not missing:
        return None
    nodes, seconds = len(trace.nodes) + BRANCHING, min(options.seconds, BRANCHING_SECONDS)
    longer = trace_program(program, steps=NEVER, seconds=seconds, nodes=nodes, runner=options.runner)
    if set(untaken(longer)).issuperset(missing):
        return None
    other = judge(longer, options.loss)
    if other is None or other.verdict.correct or len(other.windows) == 1:
        return None  # the first step of a training is not like the others: what is remembered begins in it
    return longer, other


def with_modules(program: Program, trace: Trace) -> Program:
    """Give the program with the modules of its own that it has imported."""
    modules = []
    for name in trace.files:
        if name != program.filename:
            with contextlib.suppress(ProgramUnreadableError):
                modules.append(read_program(name))
    return replace(program, modules=tuple(modules))


@dataclass(frozen=True, slots=True)
class Run:
    """A program, and what was seen of it."""

    program: Program
    trace: Trace
    judgement: Judgement | None


@dataclass(frozen=True, slots=True, eq=False)
class Mends:
    """A program with edits in it, which is run once for every set of them."""

    program: Program
    options: Options
    seen: dict[frozenset[Edit], Run | None] = field(default_factory=dict)

    def run(self, edits: Iterable[Edit]) -> Run | None:
        """Run the program with some edits; None where they cannot be made."""
        key = frozenset(edits)
        if key not in self.seen:
            self.seen[key] = self._run(key)
        return self.seen[key]

    def _run(self, edits: Iterable[Edit]) -> Run | None:
        try:
            mended = apply_edits(self.program, edits)
            for each in (mended, *mended.modules):
                require_python(each)
        except (EditRejectedError, ProgramUnreadableError):
            return None
        return Run(mended, *observed(mended, self.options))

    def verified(self, edits: Sequence[Edit], names: frozenset[str] | None) -> tuple[int, float] | None:
        """Tell the points and the largest relative error at which the parameters are right with edits."""
        run = self.run(edits)
        judgement = None if run is None else run.judgement
        if judgement is None or judgement.dropped:
            return None
        verdict = compare(judgement.step, POINTS, judgement.verdict.spread)
        if names is None and dropped_gradients(judgement.step):
            return None
        right: dict[str, bool] = {}
        for comparison, ok in zip(verdict.comparisons, verdict.right, strict=True):
            right[comparison.name] = ok and right.get(comparison.name, True)
        if not all(right.get(name, False) for name in (right if names is None else names)):
            return None
        errors = [max(c.errors, default=0.0) for c in verdict.comparisons if right[c.name] and not c.decay]
        return POINTS, max(errors, default=0.0)

    def trained(self, edits: Sequence[Edit], names: frozenset[str] | None) -> tuple[int, float] | None:
        """The same where nothing that a model holds is left with a gradient that no update applies."""
        found = self.verified(edits, names)
        run = self.run(edits) if found is not None else None
        left = run is None or run.judgement is None or untrained(run.judgement) is not None
        return None if left else found
