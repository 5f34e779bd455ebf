"""The state of a training in a file, from which it goes on as if it had never been stopped.

A checkpoint is an ``.npz`` archive that `numpy.load` reads: ``seeds``, ``steps`` and ``seconds`` of shape
`(networks,)`; of every parameter, and of what the optimiser remembers, ``state NAME`` with one network a row;
the curves of the loss, ``history``, of shape `(points, 2)`, one network's after the other's, ``points`` of
each, and those of the samples held back, ``validation``; and ``header``, JSON with the options, the states of
the random generators and digests.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.errors import BackproofError, FileUnwritableError
from backproof.training.data import Data
from backproof.training.options import Options
from backproof.training.run import Curve, Reached
from backproof.training.writing import check_folder, clear_leftovers, write_whole

VERSION = 1
INTERVAL = 2.0  # seconds between two writes
SHARE = 0.05  # of the time at most goes into writing
# What may differ between a run and the one that goes on with it; a file of data is told by its numbers.
FREE = {"steps", "file", "arrays", "plot", "save", "checkpoint", "resume", "json", "given"}
PROGRAM = "PROGRAM"  # the setting that says whose network is trained, where it is a program's
OPTION_NAMES = {"rate": "lr", "bounds": "range", "largest": "as-asked", "decay": "weight-decay"}


class CheckpointError(BackproofError):
    """The checkpoint cannot be read, or belongs to another training."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file holds.

    ``settings`` are the options that decide what is computed, ``given`` those that were written on the
    command line; ``data`` and ``code`` are digests of the samples and of the compiled step.
    """

    settings: Mapping[str, Any]
    given: Mapping[str, Any]
    data: str
    code: str
    names: Sequence[str]
    networks: Mapping[int, Reached]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, which takes the place of the older one when it is whole."""
    networks = [checkpoint.networks[seed] for seed in sorted(checkpoint.networks)]
    arrays: dict[str, NDArray[Any]] = {
        "seeds": np.array([reached.seed for reached in networks], dtype=np.int64),
        "steps": np.array([reached.steps for reached in networks], dtype=np.int64),
        "seconds": np.array([reached.seconds for reached in networks], dtype=np.float64),
        "points": np.array([len(reached.history) for reached in networks], dtype=np.int64),
        "history": np.array([point for reached in networks for point in reached.history]).reshape(-1, 2),
        "validation": np.array([p for reached in networks for p in reached.validation]).reshape(-1, 2),
    }
    for position, name in enumerate(checkpoint.names if networks else ()):
        arrays[f"state {name}"] = np.stack([reached.state[position] for reached in networks])
    header = {
        "version": VERSION,
        "settings": checkpoint.settings,
        "given": checkpoint.given,
        "data": checkpoint.data,
        "code": checkpoint.code,
        "names": list(checkpoint.names),
        "random": [reached.random for reached in networks],
        "digest": digest_of(arrays),
    }
    members: Any = {"header": np.array(json.dumps(header)), **arrays}
    write_whole(path, lambda file: np.savez(file, **members), "--checkpoint")


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; raises `CheckpointError` where it is none, is damaged, or of another version."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise CheckpointError(
            f"--resume: there is no {path} to go on from; leave --resume out to begin."
        ) from None
    except OSError as error:
        raise CheckpointError(f"--resume: {path} cannot be read ({error.strerror or error}).") from None
    except Exception:  # whatever NumPy and zipfile stumble over in a damaged archive
        raise CheckpointError(f"--resume: {path} is damaged, or no checkpoint.") from None
    try:
        header = json.loads(str(arrays.pop("header")))
        if header["version"] != VERSION:
            raise CheckpointError(
                f"--resume: {path} is a checkpoint of version {header['version']}, and this backproof reads"
                f" version {VERSION}."
            )
        if header["digest"] != digest_of(arrays):
            raise CheckpointError(f"--resume: {path} is damaged: it holds other numbers than were written.")
        return Checkpoint(
            header["settings"],
            header["given"],
            header["data"],
            header["code"],
            header["names"],
            _networks(header, arrays),
        )
    except (KeyError, IndexError, TypeError, ValueError):
        raise CheckpointError(f"--resume: {path} is no checkpoint of 'backproof train'.") from None


def _networks(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[int, Reached]:
    ends = np.cumsum(arrays["points"])[:-1]
    curves = np.split(arrays["history"], ends)
    # Either all networks have samples held back, and as many points of their loss, or none has.
    held = np.split(arrays["validation"], ends if len(arrays["validation"]) else ends * 0)
    networks = {}
    for row, (seed, steps, seconds) in enumerate(
        zip(arrays["seeds"].tolist(), arrays["steps"].tolist(), arrays["seconds"].tolist(), strict=True)
    ):
        networks[seed] = Reached(
            seed,
            steps,
            tuple(arrays[f"state {name}"][row] for name in header["names"]),
            header["random"][row],
            _curve(curves[row]),
            seconds,
            validation=_curve(held[row]),
        )
    return networks


def _curve(points: NDArray[Any]) -> Curve:
    return tuple((int(step), loss) for step, loss in points.tolist())


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Tell arrays apart by name, kind, shape and every bit."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def settings_of(options: Options) -> dict[str, Any]:
    """Give the options that decide what is computed, by their names on the command line, as in JSON."""
    values = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in FREE}
    values |= asdict(values.pop("network"))
    if options.rates.of_whole_run:
        values["steps"] = options.steps
    named = {OPTION_NAMES.get(name, name.replace("_", "-")): value for name, value in values.items()}
    settings: dict[str, Any] = json.loads(json.dumps(named))
    return settings


def resumed(arguments: argparse.Namespace) -> argparse.Namespace:
    """Take what is not given with ``--resume`` from the checkpoint, which has what it was begun with."""
    if not (getattr(arguments, "resume", False) and getattr(arguments, "checkpoint", None)):
        return arguments
    begun = read_checkpoint(Path(arguments.checkpoint)).given
    missing = {name: value for name, value in begun.items() if getattr(arguments, name, None) is None}
    return argparse.Namespace(**{**vars(arguments), **missing})


def fresh_checkpoint(options: Options, data: Data, code: str, names: Sequence[str]) -> Checkpoint:
    """What the options ask for, before the first step; data are told apart by every bit that is seen."""
    held = {} if data.held is None else {"held x": data.held.x, "held y": data.held.y}
    seen = digest_of({"x": data.x, "y": data.y, "centre": data.centre, "spread": data.spread, **held})
    return Checkpoint(settings_of(options), options.given, seen, code, names, {})


@dataclass(slots=True)
class Keeper:
    """Keeps what the networks of a session have reached in a file: every few seconds, and at the end.

    A write that fails while the training goes on is tried again, and told at the end; the older file stays.
    """

    path: Path
    checkpoint: Checkpoint
    networks: dict[int, Reached]
    notes: tuple[str, ...] = ()
    _due: float = 0.0
    _stale: bool = True

    @classmethod
    def begin(cls, path: Path, fresh: Checkpoint, steps: int, *, resume: bool) -> Keeper:
        """Open the file of ``--checkpoint``, and hold it against what is asked for: ``fresh``, so many steps.

        Raises `CheckpointError` where the file belongs to another training, or is there and not to be
        resumed, and `FileUnwritableError` where it cannot be written, all before the first step.
        """
        check_folder(path, "--checkpoint")
        clear_leftovers(path)
        networks: dict[int, Reached] = {}
        notes: list[str] = []
        if resume:
            old = read_checkpoint(path)
            _require_same(path, old, fresh, steps)
            networks = dict(old.networks)
            notes.append(f"Gone on from {path} at step {_furthest(old):,}.")
            if old.code != fresh.code:
                notes.append("Other machine code computed it so far: from there on the bits may differ.")
        elif path.exists():
            raise CheckpointError(
                f"--checkpoint {path}: exists already; --resume goes on from it, another name begins anew."
            )
        keeper = cls(path, fresh, networks, tuple(notes))
        keeper.write()
        return keeper

    def watch(self, reached: Reached) -> None:
        """Note where a run is, and write it if the last time is long enough ago."""
        if not reached.exact:
            return
        self.networks[reached.seed] = reached
        self._stale = True
        if time.monotonic() >= self._due:
            with contextlib.suppress(FileUnwritableError):
                self.write()

    def write(self) -> None:
        """Write what is known; raises `FileUnwritableError`."""
        start = time.monotonic()
        try:
            write_checkpoint(self.path, replace(self.checkpoint, networks=self.networks))
            self._stale = False
        finally:
            now = time.monotonic()
            self._due = now + max(INTERVAL, (now - start) / SHARE)

    def close(self) -> FileUnwritableError | None:
        """Write what was not written yet, and give the trouble with it."""
        try:
            if self._stale:
                self.write()
        except FileUnwritableError as error:
            return error
        return None


def _require_same(path: Path, old: Checkpoint, new: Checkpoint, steps: int) -> None:
    names = {PROGRAM: None, **new.settings, **old.settings}
    for name in names:
        before, now = old.settings.get(name), new.settings.get(name)
        if before != now:
            raise CheckpointError(
                f"--resume: {path} was begun with {_said(name, before)}, and now it is {_said(name, now)}."
            )
    if old.data != new.data:
        why = "; the program has to seed its random numbers" if PROGRAM in new.settings else ""
        raise CheckpointError(
            f"--resume: {path} was begun with other data; a run goes on with the same{why}."
        )
    furthest = _furthest(old)
    if furthest > steps:
        raise CheckpointError(f"--resume: {path} is at step {furthest:,} already, beyond --steps {steps}.")


def _furthest(checkpoint: Checkpoint) -> int:
    return max((reached.steps for reached in checkpoint.networks.values()), default=0)


def _said(name: str, value: Any) -> str:
    """Write a setting as on the command line."""
    if name == PROGRAM:
        return f"{PROGRAM} {value}" if value else f"no {PROGRAM}"
    if value is None or isinstance(value, bool):
        return f"--{name}" if value else f"no --{name}"
    parts = value if isinstance(value, list) else [value]
    return f"--{name} {(' ' if name == 'range' else ',').join(f'{part}' for part in parts)}"
