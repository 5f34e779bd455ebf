"""What is said about a training run: as text with a plot, and as JSON by the contract."""

from __future__ import annotations

import math
import os
import sys
from typing import Any

from backproof.training.fits import fits_of
from backproof.training.network import LOSSES
from backproof.training.plots import terminal_plot
from backproof.training.rates import rate_advice
from backproof.training.run import Outcome
from backproof.training.session import Result

LEARNT = 1e-3  # of the loss of always predicting the mean: above it a sentence says what could help
LEARNT_CLASSES = 0.9  # the same for classes, which may overlap so that no network is certain
TABLE_ROWS = 20  # more networks than that are told by the best, the median and the worst
MOST_PLOTS = 3  # of outputs, in the terminal
QUANTILES = {
    "best": 0.0,
    "a quarter is better": 0.25,
    "median": 0.5,
    "a quarter is worse": 0.75,
    "worst": 1.0,
}


def network_row(outcome: Outcome) -> dict[str, Any]:
    """What the JSON contract has of one network; a loss that is not finite is null."""
    return {
        "seed": outcome.seed,
        "final_loss": _finite(outcome.final_loss),
        "first_loss": _finite(outcome.first_loss),
        "diverged": outcome.divergence is not None,
    }


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def as_json(result: Result, imported: float) -> dict[str, Any]:
    """The report by the JSON contract; a loss that is not finite is null. Importing took some seconds."""
    outcomes = result.outcomes
    done = sum(outcome.steps for outcome in outcomes)
    seconds = {
        "import": imported,
        "compile": result.trainer.compiling,
        "run": sum(outcome.seconds for outcome in outcomes),
        "total": imported + result.seconds,
    }

    def others(outcome: Outcome) -> dict[str, float | None]:
        """What only some networks have: classes, and samples held back."""
        own, held = result.accuracies(outcome)
        found: dict[str, float | None] = {} if own is None else {"accuracy": own}
        if outcome.validation_loss is not None:
            found["validation_loss"] = _finite(outcome.validation_loss)
        return found if held is None else {**found, "validation_accuracy": held}

    return {
        "version": 1,
        "networks": [{**network_row(outcome), **others(outcome)} for outcome in outcomes],
        "steps": result.options.steps,
        "parameters": result.options.network.parameters,
        "seconds": seconds,
        "ns_per_step": seconds["run"] / done * 1e9 if done else None,
    }


def as_text(result: Result) -> str:
    """Write the report for people: what was trained, the losses, the fit, and advice."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    parts = [f"{headline(result)}\n", table(result)]
    network, best = result.options.network, result.best
    # Where classes depend on several inputs, wanted ones are 0 or 1, and there is little to see.
    of_classes = bool(result.data.classes) and network.layers[0] > 1
    if best.divergence is None and network.layers[-1] <= MOST_PLOTS and not of_classes:
        parts += [f"{terminal_plot(fit, colour=colour)}\n" for fit in fits_of(result)]
    return "\n".join([*parts, "\n".join(words(result)), ""])


def words(result: Result) -> list[str]:
    """Say what a person should know besides the numbers, and how long it took."""
    trainer, outcomes = result.trainer, result.outcomes
    run = sum(outcome.seconds for outcome in outcomes)
    steps = sum(outcome.steps for outcome in outcomes)
    if trainer.kernel:
        time = (
            f"{steps:,} steps in {run:.3g} s, {run / max(steps, 1) * 1e9:.3g} ns a step"
            f" (compiled in {trainer.compiling:.2g} s; {result.seconds:.2g} s in all)."
        )
    else:
        time = f"{steps:,} steps in {run:.3g} s, not compiled: {trainer.reason}."
    return [*result.notes, *_sentences(result), time]


def headline(result: Result) -> str:
    """Say what was trained, in two lines."""
    options, network, data = result.options, result.options.network, result.data
    biases = "with biases" if network.bias else "without biases"
    scaled = "standardised" if options.standardize else "as it is"
    if options.arrays is not None:
        source = "arrays"
    elif options.file is not None:
        source = str(options.file)
    else:
        source = f"{options.target} on [{options.bounds[0]:g}, {options.bounds[1]:g})"
    batch = "one sample a step" if options.batch == 1 else f"{options.batch} samples a step"
    rate = f"{options.rate:g}" + ("" if options.schedule == "constant" else f" ({options.schedule})")
    held = "" if data.held is None else f" ({len(data.held.x)} more held back)"
    decay = f", weight decay {network.decay:g}" if network.decay else ""
    output = "" if network.output_activation == "linear" else f" with {network.output_activation} outputs"
    precision = "" if options.dtype == "float64" else f" in {options.dtype}"
    return (
        f"{'-'.join(map(str, network.layers))} {network.activation} network{output} {biases},"
        f" {network.parameters} parameters; {len(data.x)} samples of {source}{held}, x {scaled}\n"
        f"{network.optimizer} at rate {rate}{decay}, {batch}, {options.steps:,} steps{precision};"
        f" loss: {LOSSES[network.loss].text}"
    )


def table(result: Result) -> str:
    """List the networks with their losses, one a line, and with what they do on samples held back."""
    outcomes = result.outcomes
    rows = [f"{'seed':>6}" + "".join(f"  {name:>11}" for name, _ in _cells(result, result.best)) + "\n"]

    def _row(outcome: Outcome, note: str) -> str:
        cells = "".join(f"  {cell:>11}" for _, cell in _cells(result, outcome))
        return f"{outcome.seed:>6}{cells}{_ended(outcome, note)}\n"

    if len(outcomes) <= TABLE_ROWS:
        return "".join(rows + [_row(outcome, "") for outcome in outcomes])
    ordered = sorted(outcomes, key=lambda outcome: outcome.rank)
    last = len(ordered) - 1
    rows += [_row(ordered[round(part * last)], name) for name, part in QUANTILES.items()]
    diverged = sum(outcome.divergence is not None for outcome in outcomes)
    rows.append(f"{len(outcomes):,} networks" + (f", {diverged:,} of them diverged\n" if diverged else "\n"))
    return "".join(rows)


def _cells(result: Result, outcome: Outcome) -> list[tuple[str, str]]:
    """What stands in the row of a network, under which heading."""
    cells = [("first loss", f"{outcome.first_loss:.3e}"), ("final loss", f"{outcome.final_loss:.3e}")]
    own, held = result.accuracies(outcome)
    if own is not None:
        cells.append(("accuracy", f"{own:.2%}"))
    if outcome.validation_loss is not None:
        cells.append(("validation", f"{outcome.validation_loss:.3e}"))
    if held is not None:
        cells.append(("accuracy", f"{held:.2%}"))
    return cells


def _ended(outcome: Outcome, note: str) -> str:
    """What there is to say behind the losses of a network."""
    if outcome.divergence:
        note = f"{note}  diverged at step {outcome.divergence.step:,}"
    elif outcome.interrupted:
        note = f"{note}  stopped by Ctrl-C after {outcome.steps:,} steps"
    elif outcome.stopped:
        note = f"{note}  stopped after {outcome.steps:,} steps"
    return f"  {note.strip()}" if note else ""


def divergence_of(result: Result) -> list[str]:
    """Say where a network diverged, and the rate at which it does not; nothing where none did."""
    for outcome in result.outcomes:
        if outcome.divergence:
            if not math.isfinite(outcome.first_loss):
                return ["Diverged: the loss is not finite from the start: the numbers are too large for it."]
            who = f"seed {outcome.seed}" if result.options.networks > 1 else "the run"
            return [
                f"Diverged: after step {outcome.divergence.step:,} {outcome.divergence.parameter} of {who} is"
                f" not finite any more: the rate {result.options.rate:g} is too large.",
                rate_advice(result, outcome),
            ]
    return []


def constant_guess(of_classes: bool) -> str:
    """What a network predicts at the best that gives the same whatever it is shown."""
    return "the share of each class" if of_classes else "the mean"


def _sentences(result: Result) -> list[str]:
    """What a person should know besides the numbers: why it diverged, or why it did not learn."""
    options, trainer, best = result.options, result.trainer, result.best
    diverged = divergence_of(result)
    if diverged:
        return diverged
    if best.final_loss > best.first_loss:
        return [
            f"The loss has grown: the rate {options.rate:g} is too large.",
            rate_advice(result, best),
        ]
    flat = trainer.loss_of_mean()
    of_classes = bool(result.data.classes)
    if best.final_loss < (LEARNT_CLASSES if of_classes else LEARNT) * flat:
        return []
    found = f"Not learnt: always predicting {constant_guess(of_classes)} would give {flat:.3g}."
    if not options.network.bias:
        return [
            found,
            "Without biases every sigmoid unit is at ½ where x = 0, so that no unit can bend anywhere else;"
            if options.network.activation == "sigmoid"
            else "Without biases every unit is at its 0 at x = 0, so that no unit can bend anywhere else;",
            "the gradients are right, the network is what cannot fit: try --bias"
            + ("" if options.standardize else " --standardize")
            + ".",
        ]
    if not options.standardize:
        return [found, "The input is not scaled: try --standardize."]
    return [found, f"Try more steps (--steps {options.steps * 10}), more units, or another rate."]
