"""Many networks at once against hand-written C lanes: `python benchmarks/networks.py PEERS`.

PEERS is a folder with `sweep.c`, whose `sweep_hand` (AVX-512 intrinsics) and `sweep_omp` (plain C for the
compiler's vectoriser) train many 1-10-1 networks without biases on the same data in the same order. They are
built here with gcc for this processor and run in turn with our kernel in the same process. Ours gives every
network its own data and its own order; the peers share both. One and two threads over groups of networks.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backproof.training.kernel import GroupLoop, compile_step, host
from backproof.training.loop import EvaluatedLoop
from backproof.training.network import Network, initial_parameters, training_step

Array = NDArray[np.float64]
RATE = 0.01
FAST = ("-ffast-math", "-fopenmp-simd", "-mprefer-vector-width=512")
PEERS = {"AVX-512 lanes by hand": ("sweep_hand", ()), "libmvec lanes": ("sweep_omp", FAST)}
REFERENCE_STEPS = 3000


def build(folder: Path, into: Path) -> dict[str, Callable[..., None]]:
    """Build what this processor and compiler can; say what they cannot."""
    functions = {}
    for name, (function, options) in PEERS.items():
        library = into / f"{function}.so"
        command = ["gcc", "-O3", "-march=native", *options, "-shared", "-fPIC", "-o", str(library)]
        command += [str(folder / "sweep.c"), "-lmvec", "-lm"]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
            call = getattr(ctypes.CDLL(str(library)), function)
        except (OSError, AttributeError, subprocess.CalledProcessError) as error:
            lines = str(getattr(error, "stderr", "") or error).strip().splitlines()
            print(f"{name}: left out ({lines[-1]})", file=sys.stderr)
            continue
        pointer, long = ctypes.c_void_p, ctypes.c_long
        call.restype, call.argtypes = None, [pointer] * 3 + [long] * 3 + [pointer] * 3 + [long]
        functions[name] = call
    return functions


def race(works: dict[str, tuple[Callable[[int], object], int]], rounds: int) -> dict[str, dict[int, float]]:
    """The shortest time in which 1 and 2 threads do the work of all groups, all in turn in each round."""
    best = {name: {1: float("inf"), 2: float("inf")} for name in works}
    for _ in range(rounds):
        for threads in (1, 2):
            with ThreadPoolExecutor(threads) as pool:
                for name, (work, groups) in works.items():
                    start = time.perf_counter()
                    list(pool.map(work, range(groups)))
                    best[name][threads] = min(best[name][threads], time.perf_counter() - start)
    return best


def main() -> int:
    """Race, print a table or JSON, and check networks against the evaluator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", type=Path, nargs="?", help="the folder of the C kernels")
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    random = np.random.default_rng(0)
    network = Network((1, 10, 1), bias=False)
    starts = [initial_parameters(network, seed, 1.0) for seed in range(options.networks)]
    step = training_step(network, starts[0])
    kernel = compile_step(step, side_by_side=True)
    width = kernel.networks
    x = random.uniform(0.0, 15.0, (options.networks, 500, 1))
    y = np.sin(x)
    orders = random.integers(0, 500, (options.networks, options.steps), dtype=np.int32)
    groups = [
        slice(first, min(first + width, options.networks)) for first in range(0, options.networks, width)
    ]
    loops = [GroupLoop(kernel, starts[g], list(x[g]), list(y[g])) for g in groups]

    for group in groups[:1]:
        loops[0].advance(orders[group, :REFERENCE_STEPS], RATE)
        distance = 0.0
        for number, state in zip(range(width), loops[0].states(), strict=False):
            reference = EvaluatedLoop(step, starts[number], x[number], y[number])
            reference.advance(orders[number, :REFERENCE_STEPS], RATE)
            distance = max(
                distance,
                *(float(np.abs(a - b).max()) for a, b in zip(state, reference.state(), strict=True)),
            )

    works: dict[str, tuple[Callable[[int], object], int]] = {
        "backproof": (lambda number: loops[number].advance(orders[groups[number]], RATE), len(groups))
    }
    padded = -(-options.networks // 8) * 8
    first, last = (np.zeros((10, padded)) for _ in range(2))
    rates = np.full(padded, RATE)
    for number, (w1, w2) in enumerate(starts):
        first[:, number], last[:, number] = w1.ravel(), w2.ravel()
    with tempfile.TemporaryDirectory() as folder:
        functions = build(options.peers, Path(folder)) if options.peers else {}

        def peer(call: Callable[..., None]) -> Callable[[int], object]:
            arrays = (x[0], y[0], orders[0])

            def work(number: int) -> None:
                weights = [array.ctypes.data for array in (first, last, rates)]
                rest = [array.ctypes.data for array in arrays]
                call(*weights, padded, 8 * number, 8 * number + 8, *rest, options.steps)

            return work

        works |= {name: (peer(call), padded // 8) for name, call in functions.items()}
        total = options.networks * options.steps
        times = {
            name: {threads: seconds / total * 1e9 for threads, seconds in found.items()}
            for name, found in race(works, options.rounds).items()
        }

    if options.json:
        print(json.dumps({"ns_per_network_step": times, "from_evaluator": distance}))
        return 0 if distance < 1e-9 else 1
    print(f"{platform.machine()}, {host().cpu}; {options.networks} networks, {options.steps:,} steps each,")
    print(f"best of {options.rounds} rounds; compiled in {kernel.seconds * 1e3:.0f} ms, {width} lanes\n")
    heads = ("1 thread", "ours / its", "2 threads", "ours / its", "gain")
    widths = (10, 12, 11, 12, 7)
    print("ns a network-step".ljust(24) + "".join(f"{h:>{w}}" for h, w in zip(heads, widths, strict=True)))
    ours = times["backproof"]
    for name, value in sorted(times.items(), key=lambda pair: pair[1][1]):
        cells = "".join(f"{value[t]:{w}.2f}{ours[t] / value[t]:12.2f}" for t, w in ((1, 10), (2, 11)))
        print(f"{name:24}{cells}{value[1] / value[2]:7.2f}")
    print(f"\nlargest difference of a parameter after {REFERENCE_STEPS:,} steps", end=" ")
    print(f"to the NumPy evaluator: {distance:.1e}")
    return 0 if distance < 1e-9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
