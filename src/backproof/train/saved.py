"""Trained parameters as an ``.npz`` file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.train.data import Data
from backproof.train.network import Network
from backproof.train.writing import write_whole

Array = NDArray[np.float64]


def save(path: Path, network: Network, data: Data, parameters: Sequence[Array]) -> None:
    """Write the parameters by their names, and the scaling of the input."""
    arrays: Any = dict(zip(network.names(), parameters, strict=True))
    arrays |= {"x_centre": data.centre, "x_spread": data.spread}
    write_whole(path, lambda file: np.savez(file, **arrays), "--save")
