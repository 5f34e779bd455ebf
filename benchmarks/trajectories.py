"""Emitted programs of the whole corpus in every framework: how far their trajectories lie apart.

    python benchmarks/trajectories.py

Each member of ``tests/derive/corpus`` is minimised by a hundred steps of plain descent, written by ``--emit``
for NumPy with its derived backward pass, and for PyTorch, JAX and TensorFlow with their own. The losses of
all steps and the weights at the end are compared. Takes two minutes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from backproof.runner import Runner
from tests.derive.test_corpus import MEMBERS
from tests.derive.trajectories import followed, trainings_of

FRAMEWORKS = ("torch", "jax", "tensorflow")


def main() -> None:
    """Run all programs, and print a line a framework."""
    with Runner() as runner:
        trainings = trainings_of(MEMBERS, runner)
    with TemporaryDirectory() as folder:
        ours = followed(Path(folder), "numpy", trainings)
        rising = [name for name, run in ours.items() if not run.losses[-1] < run.losses[0]]
        print(f"{len(ours)} programs, 100 steps each; the loss rises in: {', '.join(rising) or 'none'}")
        for framework in FRAMEWORKS:
            begun = time.perf_counter()
            theirs = followed(Path(folder), framework, trainings)
            apart = {name: run.apart(theirs[name]) for name, run in ours.items()}
            worst = max(apart, key=lambda name: apart[name])
            print(
                f"{framework:10}  largest relative difference {apart[worst]:.1e} ({worst}), "
                f"{time.perf_counter() - begun:.0f} s"
            )


if __name__ == "__main__":
    main()
