"""Two training programs side by side: model, data, first values, loss, update, gradients."""

from __future__ import annotations

from backproof.compare.experiment import experiment
from backproof.compare.report import Comparison
from backproof.compare.rows import rows
from backproof.errors import NoTrainingStepError
from backproof.runner import Runner
from backproof.source import Program

__all__ = ["Comparison", "compare_programs"]


def compare_programs(
    first: Program,
    second: Program,
    *,
    loss: str | None = None,
    timeout: float | None = None,
    runner: Runner | None = None,
) -> Comparison:
    """Run two training programs and compare what they do.

    ``loss`` names the variable that is the loss in both; ``timeout`` is for each run, in seconds. Where one
    of them makes no training step, the comparison has the reason and nothing else.
    """
    if runner is None:
        with Runner() as own:
            return compare_programs(first, second, loss=loss, timeout=timeout, runner=own)
    filenames = first.filename, second.filename
    try:
        found = [experiment(program, loss, timeout, runner) for program in (first, second)]
    except NoTrainingStepError as error:
        return Comparison(filenames, reason=str(error))
    return Comparison(filenames, tuple(rows(*found)))
