"""Trained networks in ``.npz`` files: written, read back, and asked for their outputs.

Such a file holds every parameter by its name (``W1``, ``b1``, ...; weights have shape `(inputs, outputs)`),
``x_centre`` and ``x_spread`` of shape `(inputs,)`, with which the input is scaled, and ``network``, JSON that
says how the parameters are put together.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.errors import BackproofError
from backproof.training.network import Network, forward
from backproof.training.writing import check_folder, write_whole

Array = NDArray[np.float64]


class SavedError(BackproofError):
    """The file holds no trained network."""


@dataclass(frozen=True, slots=True)
class Model:
    """A network with its parameters, and the scaling of its input.

    ``flat`` says that outputs are given as `(samples,)`, as the wanted ones of its only output were;
    ``classes`` are the names of what it tells apart, if it tells classes apart.
    """

    network: Network
    parameters: Mapping[str, Array]
    centre: Array
    spread: Array
    flat: bool = False
    classes: tuple[str, ...] = ()

    def predict(self, x: ArrayLike) -> Array:
        """Give the outputs for inputs as they were learnt from, not scaled.

        ``x`` has shape `(samples, inputs)`, or `(samples,)` where there is one input; what is given has shape
        `(samples, outputs)`, or `(samples,)` where the wanted outputs had.

        Raises
        ------
        BackproofError
            When ``x`` holds no numbers, or not one for each input.
        """
        inputs = self.network.layers[0]
        try:
            rows = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError):
            raise BackproofError("predict: x is no array of numbers.") from None
        if rows.ndim < 2 and inputs == 1:
            rows = rows.reshape(-1, 1)
        if rows.ndim != 2 or rows.shape[1] != inputs:
            raise BackproofError(f"predict: x has shape {rows.shape}, not (samples, {inputs}).")
        outputs = self.outputs(rows)
        return outputs[:, 0] if self.flat else outputs

    def classify(self, x: ArrayLike) -> NDArray[np.str_]:
        """Give the name of the class of each sample, `(samples,)`: of the largest output, or by ½.

        Raises
        ------
        BackproofError
            When the network tells no classes apart, or has several outputs of which each is one or the other;
            and as `predict` does.
        """
        outputs = self.predict(x).reshape(-1, self.network.layers[-1])
        if not self.classes or (outputs.shape[1] > 1) != (self.network.output_activation == "softmax"):
            raise BackproofError(
                "classify: the outputs of this network are not those of classes; see predict."
            )
        chosen = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] >= 0.5
        return np.array(self.classes)[chosen.astype(np.intp)]

    def outputs(self, x: Array) -> Array:
        """The outputs `(samples, outputs)` for inputs `(samples, inputs)` as they were learnt from."""
        wanted = np.zeros((len(x), self.network.layers[-1]))
        parameters = [self.parameters[name] for name in self.network.names()]
        step = forward(self.network, parameters, (x - self.centre) / self.spread, wanted)
        return np.array(step.output.value)

    def save(self, path: str | Path) -> None:
        """Write it into an ``.npz`` file, which appears whole or not at all; `load` reads it back.

        Raises
        ------
        FileUnwritableError
            When the file cannot be written; an older one is then still there.
        """
        path = Path(path)
        check_folder(path, "--save")
        arrays: Any = dict(self.parameters)
        arrays |= {"x_centre": self.centre, "x_spread": self.spread}
        arrays["network"] = np.array(
            json.dumps(asdict(self.network) | {"flat": self.flat, "classes": self.classes})
        )
        write_whole(path, lambda file: np.savez(file, **arrays), "--save")


def load(path: str | Path) -> Model:
    """Read a trained network back from what ``--save``, or `Model.save`, has written.

    Raises
    ------
    SavedError
        When the file is missing, damaged, or holds no trained network.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise SavedError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except Exception:  # whatever NumPy and zipfile stumble over in a damaged archive
        raise SavedError(f"{path}: is damaged, or no .npz file.") from None
    try:
        values = json.loads(str(arrays["network"]))
        flat, classes = bool(values.pop("flat")), tuple(values.pop("classes", ()))
        network = replace(Network(**values), layers=tuple(values["layers"]))
        parameters = {name: arrays[name] for name in network.names()}
        return Model(network, parameters, arrays["x_centre"], arrays["x_spread"], flat, classes)
    except (KeyError, TypeError, ValueError):
        raise SavedError(f"{path}: holds no network that 'backproof train' has saved.") from None
