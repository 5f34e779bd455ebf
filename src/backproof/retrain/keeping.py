"""Checkpoints of a program's training: what has to be the same for a run to go on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.retrain.taken_over import TakenOver
from backproof.training.checkpoint import PROGRAM, Checkpoint, Keeper, digest_of


def keeper_of(
    taken: TakenOver, path: Path, steps: int, seed: int, rate: float | None, *, resume: bool
) -> Keeper:
    """Open the checkpoint of a program's training, to begin it or to go on with it.

    The chunks of a run follow from its number of steps, and the bits from its chunks, so that it goes on with
    as many as it was begun with. Raises what `Keeper.begin` does.
    """
    machine, order = taken.machine, taken.order
    program = Path(taken.report.filename)
    text = hashlib.sha256(taken.program.text.encode()).hexdigest()
    settings = {PROGRAM: f"{program.name} ({text[:8]})", "steps": steps, "seed": seed, "lr": rate}
    given = {"program": str(program.absolute()), "steps": steps, "seed": seed, "lr": rate}
    data: dict[str, NDArray[Any]] = {
        "x": machine.x,
        "y": machine.y,
        "rows": np.asarray(order.rows),
        "seen": np.asarray(order.seen),
    }
    names = [
        f"{number} {machine.names[number] if number < len(machine.names) else 'held'}"
        for number in range(len(machine.first))
    ]
    code = machine.kernel.digest if machine.kernel else f"NumPy {np.__version__}"
    fresh = Checkpoint(settings, given, digest_of(data), code, names, {})
    return Keeper.begin(path, fresh, steps, resume=resume)
