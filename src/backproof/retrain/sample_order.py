"""In which order the samples are taken: told from the steps that were seen, and from the program's text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backproof.retrain.aligned import RetrainError
from backproof.retrain.samples import Samples

SHUFFLES = frozenset({"shuffle", "permutation", "permuted"})
Order = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """The rule by which the samples of the steps follow one another.

    ``whole`` is the same every step; ``cycle`` repeats the ``rows`` of one epoch; ``shuffled`` takes every
    sample once in an epoch, in an order that is drawn anew; ``drawn`` draws each step's samples anew.
    ``seen`` are those of the steps that were recorded, which come first.
    """

    kind: Literal["whole", "cycle", "shuffled", "drawn"]
    count: int
    batch: int
    rows: Order
    seen: Order

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
        match self.kind:
            case "whole":
                return (
                    f"all {self.count:,} samples in every step"
                    if self.count > 1
                    else "all of it in every step"
                )
            case "cycle":
                return f"{many} a step of {self.count:,}, in the program's order"
            case "shuffled":
                return (
                    f"{many} a step of {self.count:,}, shuffled for every epoch: drawn anew by the same rule"
                    f" after the first {len(self.seen)} steps"
                )
        return (
            f"{many} a step of {self.count:,}, drawn at random: drawn anew by the same rule after the first"
            f" {len(self.seen)} steps"
        )

    def all(self, most: int) -> Order:
        """Every sample once, in whole batches and in at most so many steps, which are spread evenly."""
        if self.kind == "whole":
            return self.rows
        steps = self.count // self.batch
        whole = np.arange(steps * self.batch, dtype=np.int32).reshape(steps, self.batch)
        return whole if steps <= most else whole[np.linspace(0, steps - 1, most).astype(int)]

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
        epoch = self.count // self.batch
        if done % epoch:  # the epoch that the recorded steps had begun
            left = np.setdiff1d(np.arange(self.count), self.seen[done - done % epoch :].ravel())
            some = random.permutation(left)[: (epoch - done % epoch) * self.batch].astype(np.int32)
            return some.reshape(-1, self.batch)
        epochs = -(-size // epoch)
        every = random.permuted(np.tile(np.arange(self.count, dtype=np.int32), (epochs, 1)), axis=1)
        return every[:, : epoch * self.batch].reshape(-1, self.batch)


def sample_order(samples: Samples, text: str) -> SampleOrder:
    """Tell the rule from the samples of the steps seen, and the source of the program.

    Raises
    ------
    RetrainError
        When they follow none of the rules that are known.
    """
    if not samples.tables:
        return SampleOrder("whole", samples.count, 1, np.zeros((1, 1), np.int32), np.zeros((0, 1), np.int32))
    seen = np.array(samples.rows, dtype=np.int32)
    count, batch = samples.count, samples.batch
    steps = len(seen)

    def found(kind: Literal["whole", "cycle", "shuffled", "drawn"], rows: Order) -> SampleOrder:
        return SampleOrder(kind, count, batch, rows, seen)

    if steps > 1 and np.all(seen == seen[0]):
        return found("whole" if batch > 1 else "cycle", seen[:1])
    period = _period(seen)
    if period is not None:
        return found("cycle", seen[:period])
    shuffles = _shuffles(text)
    flat = seen.ravel()
    ahead = np.all(np.diff(flat) == 1) and flat[0] == 0
    if ahead and not shuffles:
        if batch > 1 and count % batch:
            raise RetrainError(
                f"The batches of {batch} do not divide the {count} samples: the last of an epoch is smaller,"
                " which cannot be taken over."
            )
        return found("cycle", np.arange(count // batch * batch, dtype=np.int32).reshape(-1, batch))
    if not samples.complete:
        raise RetrainError("The samples come from no array, and not in an order that repeats.")
    epoch = count // batch
    once = all(
        len(set(flat[k : k + epoch * batch].tolist())) == len(flat[k : k + epoch * batch])
        for k in range(0, len(flat), epoch * batch)
    )
    if once and (shuffles or steps > 2 * epoch):
        if count % batch:
            raise RetrainError(
                f"The batches of {batch} do not divide the {count} samples: the last of an epoch is smaller,"
                " which cannot be taken over."
            )
        return found("shuffled", seen)
    return found("drawn", seen)


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
