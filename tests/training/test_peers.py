"""Steps with every optimiser, activation, loss and schedule, as PyTorch, JAX and TensorFlow do them.

Each framework differentiates by itself and, where it has them in PyTorch's conventions, uses its own losses
and optimisers; peers/ says what is written out instead. One program a framework runs all cases, so that it is
imported once.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.peers.cases import CASES, distances, read_results, write

TOLERANCE = 1e-9


@pytest.mark.peer
@pytest.mark.parametrize("framework", ["torch", "jax", "tensorflow"])
def test_as_the_framework(framework, tmp_path):
    """After 1, 2 and 100 steps (the question's network: 1,000) every parameter is the framework's to 1e-9."""
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    cases = [case for case in CASES if framework != "tensorflow" or case.schedule == "constant"]
    write(tmp_path, cases)
    program = Path(__file__).parent / "peers" / f"{framework}_runs.py"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # compiling is all that takes long
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    far = {}
    for number, case in enumerate(cases):
        theirs = read_results(tmp_path, number, case)
        found = distances(case, theirs)
        moved = np.abs(theirs[-1][0] - case.arrays()["start0"]).max()
        if max(found) > TOLERANCE or moved < 0.01:
            far[case.name] = (found, float(moved))
    assert not far
