"""Trained parameters as an ``.npz`` file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backproof.train.data import Data
from backproof.train.network import Network
from backproof.train.writing import write_whole

Array = NDArray[np.float64]


def save(path: Path, network: Network, data: Data, parameters: Sequence[Array]) -> None:
    """Write the parameters by their names, and the scaling of the input."""
    arrays = dict(zip(network.names(), parameters, strict=True))
    write_whole(
        path,
        lambda file: np.savez(file, allow_pickle=False, x_centre=data.centre, x_spread=data.spread, **arrays),
        "--save",
    )
