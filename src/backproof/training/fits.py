"""What there is to see of a trained network: one view for each of its outputs."""

from __future__ import annotations

import numpy as np

from backproof.training.plots import Fit, bounds_of
from backproof.training.session import Result

POINTS = 400  # of the line


def fits_of(result: Result) -> list[Fit]:
    """Give the best network's outputs over its input; for several inputs, predicted over wanted ones."""
    model, data = result.model(result.best), result.data
    if data.x.shape[1] > 1:
        predicted = model.outputs(data.x)
        return [
            _comparison(data.y[:, column], predicted[:, column], name)
            for column, name in enumerate(data.columns)
        ]
    x = data.x[:, 0]
    low, high = (float(x.min()), float(x.max())) if result.options.same_data else result.options.bounds
    line = np.linspace(low, high, POINTS)
    outputs = model.outputs(line[:, None])
    return [
        Fit(x, data.y[:, column], line, outputs[:, column], data.inputs[0], name)
        for column, name in enumerate(data.columns)
    ]


def _comparison(wanted: np.ndarray, predicted: np.ndarray, name: str) -> Fit:
    """Dots on the line are samples that the network knows."""
    ends = np.array(bounds_of([wanted]))
    said = ("samples, predicted over wanted", "where both are equal")
    return Fit(wanted, predicted, ends, ends, name, "network", *said)
