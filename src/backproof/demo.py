"""``backproof demo``: the main job on a program of our own, start to end.

A program with two mistakes in its backpropagation does not learn; `check` finds them, mends them and
certifies the rest; and because right gradients are not enough here, compiled training shows what else it
takes.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backproof.findings import FileReport
from backproof.source import Program, apply_edits, diff, read_program
from backproof.training.fits import fits_of
from backproof.training.network import Network
from backproof.training.options import AS_ASKED_RATE, AS_ASKED_STEPS, RATES, STEPS, Options
from backproof.training.plots import terminal_plot
from backproof.training.run import Outcome
from backproof.training.session import train_networks

EXAMPLE = Path(__file__).parent / "examples" / "waves.py"
SEEDS = (0, 1, 2)
PATIENCE = 60.0  # seconds for a run of the example, which takes less than one
WIDTH = 96


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train the mended network: what was changed, and what it came to for several seeds."""

    change: str
    options: Options


def run() -> int:
    """Tell the story; gives 0 when it ended as it should."""
    start = time.perf_counter()
    program = replace(read_program(EXAMPLE), filename=EXAMPLE.name)
    _heading("A program that does not learn")
    _say(
        f"{EXAMPLE.name} learns the sine of 500 numbers below 15 with ten sigmoid units, its"
        " backpropagation written by hand. This is what it prints:"
    )
    _show(_printed(program))

    _heading(f"backproof check {EXAMPLE.name}")
    faulty = _check(program)
    _write(_rendered(faulty, program) + "\n")

    _heading(f"backproof check --diff {EXAMPLE.name}")
    mended = _mended(program, faulty)
    _write(diff(program, mended) + "\n")

    _heading("backproof check, of the mended program")
    certified = _check(mended)
    _write(_rendered(certified, mended) + "\n")

    _heading("The mended program still does not fit")
    _say("Its gradients are right now, and yet:")
    _show(_printed(mended))
    _say(
        "Predicting 0 throughout gives about 0.25. So it is not the derivatives: what is it? The same"
        " network, trained compiled, with one thing changed at a time (final mean loss for seeds"
        f" {', '.join(map(str, SEEDS))}):"
    )
    rows = [(variant, train_networks(variant.options)) for variant in variants()]
    _write(_table([(variant.change, result.outcomes) for variant, result in rows]))
    _say(
        "Without biases every unit bends at x = 0 and nowhere else, however long it is trained. With"
        " biases alone the raw input makes learning slow; scaled as well, it fits."
    )

    _, fitting = rows[-1]
    best = fitting.best
    _heading("The network that fits: backproof train")
    _write(terminal_plot(fits_of(fitting)[0], width=WIDTH - 10, colour=_colours()) + "\n\n")
    speed = best.seconds / best.steps * 1e9
    _say(
        f"Mean loss {best.final_loss:.1e} after {best.steps:,} steps of one sample in {best.seconds:.2f} s"
        f" ({speed:.0f} ns a step). The whole story took {time.perf_counter() - start:.1f} s."
    )
    right = faulty.verdict == "faulty" and certified.verdict == "correct" and best.final_loss < 1e-4
    return 0 if right else 1


def variants() -> list[Variant]:
    """The mended network as it is, with one thing changed, and with what makes it fit."""
    network = Network((1, 10, 1), bias=False)
    asked = Options(
        network,
        target="sin(x)",
        bounds=(0.0, 15.0),
        samples=500,
        file=None,
        inputs=None,
        outputs=None,
        standardize=False,
        rate=AS_ASKED_RATE,
        batch=1,
        steps=AS_ASKED_STEPS,
        seed=0,
        networks=len(SEEDS),
        largest=1.0,
    )
    biased = replace(network, bias=True)
    fits = replace(asked, network=biased, standardize=True, rate=RATES["sgd"], steps=STEPS, largest=None)
    return [
        Variant("nothing: 500,000 steps at rate 0.01", asked),
        Variant("ten times the steps", replace(asked, steps=10 * asked.steps)),
        Variant("a tenth of the rate", replace(asked, rate=asked.rate / 10)),
        Variant("ten times the rate", replace(asked, rate=asked.rate * 10)),
        Variant("fifty units", replace(asked, network=replace(network, layers=(1, 50, 1)))),
        Variant("input scaled to mean 0, spread 1", replace(asked, standardize=True)),
        Variant("biases", replace(asked, network=biased)),
        Variant("biases, input scaled", replace(asked, network=biased, standardize=True)),
        Variant("biases, input scaled, rate 0.1, wider start, 5,000,000 steps", fits),
    ]


def _table(rows: Sequence[tuple[str, Sequence[Outcome]]]) -> str:
    width = max(len(change) for change, _ in rows)
    lines = [f"  {'changed':{width}}  {'final loss':>{10 * len(SEEDS)}}\n"]
    for change, outcomes in rows:
        losses = (outcome.final_loss for outcome in outcomes)
        cells = "".join(f"{f'{loss:.2g}' if math.isfinite(loss) else 'diverged':>10}" for loss in losses)
        lines.append(f"  {change:{width}}  {cells}\n")
    return "".join(lines) + "\n"


def _printed(program: Program) -> str:
    """Run a program for real, in a process of its own, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-"],
        input=program.text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout or done.stderr


def _check(program: Program) -> FileReport:
    from backproof.pipeline import check_program

    return check_program(program)


def _rendered(report: FileReport, program: Program) -> str:
    from backproof.report import render_text

    text = render_text([report], {program.filename: program}, width=WIDTH, colour=_colours(), hints=False)
    return text.rstrip("\n") + "\n"


def _mended(program: Program, report: FileReport) -> Program:
    edits = [
        edit
        for finding in report.findings
        if finding.fix is not None and finding.fix.applicability == "safe"
        for edit in finding.fix.edits
    ]
    return apply_edits(program, edits)


def _colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _heading(text: str) -> None:
    line = f"── {text} " + "─" * max(WIDTH - len(text) - 4, 0)
    _write(f"\x1b[1m{line}\x1b[0m\n\n" if _colours() else f"{line}\n\n")


def _say(text: str) -> None:
    _write(textwrap.fill(text, WIDTH) + "\n\n")


def _show(text: str) -> None:
    _write(textwrap.indent(text.rstrip("\n"), "  | ") + "\n\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
