"""Emitted programs of members of the corpus, run in one process a framework, and how far they lie apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backproof.derive.emit import emit
from backproof.derive.training import Training, untrained
from backproof.runner import Runner

from .test_corpus import derived

RATE = 0.01
RUN = """
import json, sys
import numpy as np

folder, programs = sys.argv[1], json.load(open(sys.argv[1] + "/programs.json"))
for name, weights in programs.items():
    space = {"__name__": "emitted", "__file__": f"{folder}/{name}.py"}
    with open(space["__file__"]) as file:
        exec(compile(file.read(), name, "exec"), space)
    ends = {**space, **space.get("parameters", {})}
    ends = {key: getattr(ends[key], "detach", lambda: ends[key])() for key in weights}
    ends = {key: np.asarray(value) for key, value in ends.items()}
    np.savez(f"{folder}/{name}.npz", losses_of_steps=space["losses"], **ends)
"""


@dataclass(frozen=True, slots=True)
class Followed:
    """The losses of all steps, and the weights at the end by name."""

    losses: np.ndarray
    ends: Mapping[str, np.ndarray]

    def apart(self, other: Followed) -> float:
        """The largest relative difference of a loss, and of the weights in their size."""
        pairs = [(self.losses, other.losses)] + [(self.ends[name], other.ends[name]) for name in self.ends]
        found = 0.0
        for one, two in pairs:
            assert one.shape == two.shape
            found = max(found, float(np.max(np.abs(one - two)) / np.max(np.abs(one))))
        return found if np.isfinite(found) else np.inf


def trainings_of(
    members: Iterable[tuple[str, str, str]], runner: Runner, steps: int = 100
) -> dict[str, Training]:
    """Plain descent of members of the corpus, from the values that their arguments have."""
    found = {}
    for member in members:
        given = derived(*member, runner).given
        assert given is not None
        found[member[1]] = untrained(given, RATE, steps)
    return found


def followed(folder: Path, framework: str, trainings: Mapping[str, Training]) -> dict[str, Followed]:
    """Write the programs of trainings for a framework, and run them in one process."""
    here = folder / framework
    here.mkdir()
    for name, training in trainings.items():
        (here / f"{name}.py").write_text(emit(training, framework, name, None).text)
    programs = {name: list(training.weights) for name, training in trainings.items()}
    (here / "programs.json").write_text(json.dumps(programs))
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-W", "ignore", "-c", RUN, str(here)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = {}
    for name, weights in programs.items():
        with np.load(here / f"{name}.npz") as file:
            found[name] = Followed(file["losses_of_steps"], {key: file[key] for key in weights})
    return found
