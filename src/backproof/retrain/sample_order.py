"""In which order the samples are taken: told from the steps that were seen, and from the program's text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backproof.retrain.aligned import RetrainError
from backproof.retrain.samples import Samples

NO_ROW = -1  # fills up the row of a batch that is smaller
UNLIKELY = 1e-3  # that a sample is there which was not seen
SHUFFLES = frozenset({"shuffle", "permutation", "permuted"})
Order = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """The rule by which the samples of the steps follow one another.

    ``whole`` is the same every step; ``cycle`` repeats the ``rows`` of one epoch; ``shuffled`` takes every
    sample once in an epoch, in an order that is drawn anew; ``drawn`` draws each step's samples anew.
    ``seen`` are those of the steps that were recorded, which come first. The last batch of an epoch has only
    ``tail`` samples, where that is not 0: its row is filled up with `NO_ROW`. So many samples as ``left_out``
    are in no batch, or in one that was not seen.
    """

    kind: Literal["whole", "cycle", "shuffled", "drawn"]
    count: int
    batch: int
    rows: Order
    seen: Order
    tail: int = 0
    left_out: int = 0

    @property
    def epoch(self) -> int:
        """How many steps take every sample once."""
        return self.count // self.batch + bool(self.tail)

    @property
    def distinct(self) -> bool:
        """Does no batch hold a sample twice?"""
        return self.batch > 1 and all(len(set(rows)) == len(rows) for rows in self.seen.tolist())

    @property
    def random(self) -> bool:
        """Does the program draw it?"""
        return self.kind in ("shuffled", "drawn")

    def text(self) -> str:
        """The rule in words."""
        many = "one sample" if self.batch == 1 else f"{self.batch} samples"
        if self.kind == "whole":
            return (
                f"all {self.count:,} samples in every step" if self.count > 1 else "all of it in every step"
            )
        how = {
            "cycle": "in the program's order",
            "shuffled": "shuffled for every epoch",
            "drawn": "drawn at random",
        }[self.kind]
        last = f" (the last of an epoch {self.tail})" if self.tail else ""
        found = f"{many} a step of {self.count:,}{last}, {how}"
        if self.random:
            found += f": drawn anew by the same rule after the first {len(self.seen)} steps"
        if self.left_out:
            found += f"; a last batch of {self.left_out} was not seen, and is left out if there is one"
        return found

    def all(self, most: int) -> Order:
        """Every sample once, in whole batches and in at most so many steps, which are spread evenly."""
        if self.kind == "whole":
            return self.rows
        whole = in_batches(np.arange(self.count)[None], self.batch, self.tail)
        return whole if len(whole) <= most else whole[np.linspace(0, len(whole) - 1, most).astype(int)]

    def blocks(self, steps: int, size: int, seed: int) -> Iterator[Order]:
        """The order of so many steps in blocks of about ``size``, each of shape `(steps, batch)`."""
        random = np.random.default_rng([seed, 3])
        pending = self.seen if self.random else self.rows[:0]
        done = 0
        while done < steps:
            while len(pending) < min(size, steps - done):
                pending = np.concatenate([pending, self._more(random, size, done + len(pending))])
            taken = pending[: min(size, steps - done)]
            pending = pending[len(taken) :]
            done += len(taken)
            yield np.ascontiguousarray(taken, dtype=np.int32)

    def _more(self, random: np.random.Generator, size: int, done: int) -> Order:
        if self.kind in ("whole", "cycle"):
            return np.tile(self.rows, (-(-size // len(self.rows)), 1))
        if self.kind == "drawn" and self.distinct:
            order = [random.choice(self.count, self.batch, replace=False) for _ in range(size)]
            return np.array(order, dtype=np.int32)
        if self.kind == "drawn":
            return random.integers(0, self.count, (size, self.batch), dtype=np.int32)
        epoch = self.epoch
        if done % epoch:  # the epoch that the recorded steps had begun
            left = np.setdiff1d(np.arange(self.count), self.seen[done - done % epoch :].ravel())
            return in_batches(random.permutation(left)[None], self.batch, self.tail)[: epoch - done % epoch]
        epochs = -(-size // epoch)
        every = random.permuted(np.tile(np.arange(self.count, dtype=np.int32), (epochs, 1)), axis=1)
        return in_batches(every, self.batch, self.tail)


def in_batches(epochs: np.ndarray[Any, Any], batch: int, tail: int) -> Order:
    """Cut the samples of epochs, a row each, into steps; a last batch of ``tail`` samples is filled up."""
    count, width = epochs.shape
    steps = (width - tail) // batch
    cut = epochs[:, : steps * batch].reshape(count, steps, batch)
    if tail:
        last = np.full((count, 1, batch), NO_ROW)
        last[:, 0, :tail] = epochs[:, width - tail :]
        cut = np.concatenate([cut, last], axis=1)
    return np.ascontiguousarray(cut.reshape(-1, batch), dtype=np.int32)


def sample_order(samples: Samples, text: str) -> SampleOrder:
    """Tell the rule from the samples of the steps seen, and the source of the program.

    Raises
    ------
    RetrainError
        When they follow none of the rules that are known.
    """
    if not samples.tables:
        return SampleOrder("whole", samples.count, 1, np.zeros((1, 1), np.int32), np.zeros((0, 1), np.int32))
    seen, count, batch = filled_up(samples.rows, samples.batch), samples.count, samples.batch
    steps, tail = len(seen), _tail(samples)

    def found(kind: Literal["whole", "cycle", "shuffled", "drawn"], rows: Order) -> SampleOrder:
        left = 0 if tail or kind not in ("cycle", "shuffled") or batch == 1 else count % batch
        return SampleOrder(kind, count, batch, rows, seen, tail, left)

    if steps > 1 and np.all(seen == seen[0]):
        return found("whole" if batch > 1 else "cycle", seen[:1])
    period = _period(seen)
    if period is not None:
        return SampleOrder("cycle", count, batch, seen[:period], seen, tail)
    shuffles = _shuffles(text)
    flat = seen[seen != NO_ROW]
    ahead = np.all(np.diff(flat) == 1) and flat[0] == 0
    if ahead and not shuffles:
        return found("cycle", in_batches(np.arange(count)[None], batch, tail))
    epoch = count // batch + bool(tail)
    epochs = [seen[k : k + epoch] for k in range(0, steps, epoch)]
    once = all(len(np.unique(e[e != NO_ROW])) == np.sum(e != NO_ROW) for e in epochs)
    if not samples.complete and not (once and steps >= 2 * epoch) and _missed(count, steps) > UNLIKELY:
        raise RetrainError(
            "The samples come from no array, and not in an order that repeats: there may be more of them."
        )
    if once and (shuffles or steps > 2 * epoch):
        return found("shuffled", seen)
    if tail:
        raise RetrainError("The batches of the program are of different sizes, in no order that is known.")
    return found("drawn", seen)


def filled_up(rows: Sequence[Sequence[int]], batch: int) -> Order:
    """Rows of samples, of which some are shorter, as an array."""
    array = np.full((len(rows), batch), NO_ROW, dtype=np.int32)
    for k, row in enumerate(rows):
        array[k, : len(row)] = row
    return array


def _missed(count: int, steps: int) -> float:
    """How likely it is that one sample more is there, and was drawn in none of so many steps."""
    return float((count / (count + 1)) ** steps)


def _tail(samples: Samples) -> int:
    """How many samples the last batch of an epoch has, where it is smaller than the others; else 0.

    Raises
    ------
    RetrainError
        When there are smaller batches elsewhere.
    """
    count, batch = samples.count, samples.batch
    sizes = [len(row) for row in samples.rows]
    if set(sizes) == {batch}:
        return 0
    tail, epoch = count % batch, count // batch + 1
    if sizes != [batch if (k + 1) % epoch else tail for k in range(len(sizes))]:
        raise RetrainError("Not only the last batch of an epoch is of another size.")
    return tail


def _period(seen: Order) -> int | None:
    """After how many steps the samples repeat, where two rounds of them were seen."""
    for period in range(1, len(seen) // 2 + 1):
        if np.array_equal(seen[period:], seen[:-period]):
            return period
    return None


def _shuffles(text: str) -> bool:
    """Does the program put anything into a random order inside a loop, or in a function?"""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    for outer in ast.walk(tree):
        if isinstance(outer, ast.For | ast.While | ast.FunctionDef):
            for node in ast.walk(outer):
                if isinstance(node, ast.Call):
                    called = node.func
                    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                    if name in SHUFFLES:
                        return True
    return False
