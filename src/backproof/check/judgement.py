"""What is judged: a step, held against a loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backproof.check.compare import Verdict, compare
from backproof.check.epsilons import without_epsilons
from backproof.step import Change, Hypothesis, TrainingStep, Window, training_step
from backproof.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """A step, held against the loss that explains it best.

    ``rivals`` are inferred losses that explain as much. ``dropped`` are updates that the step makes and the
    next one does not see. ``declared`` is the judgement under the loss that the program declares, where
    that is another than the inferred one, which explains every gradient; ``measured`` is a distance that the
    program shows, where the inferred loss is not that. ``windows`` are all the steps that were seen.
    ``rounds`` are judgements under losses of all the rounds of the step, where the gradients of all but the
    last are lost. ``beside`` are those of other networks that the same training updates. ``in_turn`` are
    parameters whose gradient is that behind the updates of others; ``unjudged`` those that the step updates
    as well, and for which no loss was found.
    """

    step: TrainingStep
    verdict: Verdict
    rivals: tuple[Judgement, ...] = ()
    dropped: tuple[Change, ...] = ()
    declared: Judgement | None = None
    measured: Hypothesis | None = None
    windows: tuple[Window, ...] = ()
    rounds: tuple[Judgement, ...] = ()
    beside: tuple[Judgement, ...] = ()
    in_turn: tuple[str, ...] = ()
    unjudged: tuple[Change, ...] = ()

    @property
    def seen(self) -> tuple[Window, ...]:
        """All the steps that were seen, of all networks."""
        return tuple(w for each in (self, *self.beside) for w in each.windows)

    @property
    def finite(self) -> bool:
        """Are the true gradients numbers, and not infinite or undefined?"""
        return not any(comparison.undefined for comparison in self.verdict.comparisons)


def under(trace: Trace, window: Window, hypotheses: Iterable[Hypothesis]) -> Iterator[Judgement]:
    """The judgements of a step under losses, but for those under which it cannot be cut out."""
    for hypothesis in hypotheses:
        try:
            step = training_step(trace, window, hypothesis)
        except (ValueError, TypeError, NotImplementedError):
            continue
        if step is None:
            continue
        verdict = compare(step)
        bare = None if verdict.correct else without_epsilons(step)
        if bare is not None and (other := compare(bare)).correct:
            step, verdict = bare, other
        yield Judgement(step, verdict)
