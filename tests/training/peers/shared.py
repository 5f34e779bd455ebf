"""What the programs of all frameworks share: reading the cases and writing what they come to."""

import json
import sys
from pathlib import Path

import numpy as np


def main(train):
    """Run ``train(case, start, x, y, order, rates)`` for each case; it yields the parameters of each step."""
    folder = Path(sys.argv[1])
    results = {}
    with np.load(folder / "cases.npz") as arrays:
        for number, case in enumerate(json.loads((folder / "cases.json").read_text(encoding="utf-8"))):
            start = [arrays[f"{number}/start{position}"] for position in range(case["parameters"])]
            given = [arrays[f"{number}/{name}"] for name in ("x", "y", "order", "rates")]
            for step, parameters in enumerate(train(case, start, *given), 1):
                if step in case["stops"]:
                    for position, value in enumerate(parameters):
                        results[f"{number}/{step}/{position}"] = np.array(value)
    np.savez(folder / "results.npz", allow_pickle=False, **results)


def layers(case, parameters):
    """The weights and biases of each layer, its activation last; biases may be None."""
    width = 2 if case["bias"] else 1
    count = len(parameters) // width
    for number in range(count):
        weights, *bias = parameters[width * number : width * (number + 1)]
        last = number == count - 1
        yield weights, bias[0] if bias else None, case["output_activation" if last else "activation"]
