"""Run the training of a recorded step again, at the program's learning rate or at another one.

The updates of the step are applied to their own results, on the data of one sample after the other. The
memory of the optimizer goes along. Nothing of the program runs again: it is all in the graph of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backproof.graph import Node
from backproof.health.replay import Replay, replay
from backproof.step import TrainingStep

STEPS = 120  # enough for a step that is too long to show it: an error grows by a factor each step
FEWEST = 24
CLEARLY = 0.5  # of the first loss: one sample after the other, the mean goes up and down a little
SECONDS = 0.25  # about, for one run
DATA = 12  # samples that are learned in turn, where a step takes one at a time


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went: the mean loss at the start, and after half, three quarters and all of the steps."""

    losses: tuple[float, ...]
    steps: int

    @property
    def rises(self) -> bool:
        """Is the loss, after every one of the later looks, clearly above what it began with?"""
        first, *later = self.losses
        margin = CLEARLY * max(abs(first), 1e-12)
        return all(not np.isfinite(loss) or loss > first + margin for loss in later)

    @property
    def falls(self) -> bool:
        """Does the loss get smaller from look to look, and clearly so in all?"""
        first, *later = self.losses
        if not np.all(np.isfinite(self.losses)):
            return False
        return later[-1] < first - 0.02 * abs(first) and max(later) < first

    @property
    def last(self) -> float:
        """The loss at the end; infinite where it is no number."""
        return self.losses[-1] if np.isfinite(self.losses[-1]) else np.inf


@dataclass(frozen=True, eq=False, repr=False)
class Trial:
    """A step, ready to be repeated from its start on some samples; ``anew`` begins each as this."""

    step: TrainingStep
    start: Mapping[Node, Any]
    samples: tuple[Mapping[Node, Any], ...]
    anew: frozenset[Node] = frozenset()

    @cached_property
    def data(self) -> tuple[Mapping[Node, Any], ...]:
        """The samples that are learned in turn."""
        return self.samples[:DATA]

    @cached_property
    def state(self) -> Mapping[Node, Any]:
        """What changes from step to step, with the values at the start: parameters, and what goes along."""
        return {before: self.start.get(before, before.value) for before in self._changes}

    @cached_property
    def _changes(self) -> Mapping[Node, Node]:
        step, copies = self.step, self.step.copies
        pairs = {leaf: after for p in step.parameters for leaf, after in zip(p.leaves, p.afters, strict=True)}
        for change in (*step.window.parameters, *step.window.others):
            before, after = copies.get(change.before), copies.get(change.after)
            if before is not None and after is not None and not before.operands and before not in self.anew:
                pairs.setdefault(before, after)
        return pairs

    @cached_property
    def _varying(self) -> set[Node]:
        return {*self._changes, *(leaf for sample in self.samples for leaf in sample)}

    @cached_property
    def _whole(self) -> Replay:
        return replay(list(self._changes.values()), self._varying)

    @cached_property
    def _loss(self) -> Replay:
        return replay([self.step.loss], self._varying)

    @cached_property
    def steps(self) -> int:
        """How many steps a run takes: fewer where one takes long, and then whole rounds of the data."""
        cost = self._whole.cost + 4 * len(self.data) * self._loss.cost / STEPS
        steps = min(STEPS, int(SECONDS / cost))
        return steps // len(self.data) * len(self.data) if len(self.data) > 1 else steps

    @property
    def possible(self) -> bool:
        """Can the step be repeated often enough?"""
        return self.steps >= FEWEST

    def with_data(self, samples: tuple[Mapping[Node, Any], ...]) -> Trial:
        """The same training on other data."""
        return replace(self, samples=samples)

    def run(self, factor: float = 1.0) -> Course:
        """Train at ``factor`` times the program's rate."""
        state = dict(self.state)
        parameters = set(self.step.leaves)
        losses = [self._mean(state)]
        looks = {self.steps // 2, 3 * self.steps // 4, self.steps}
        with np.errstate(all="ignore"):
            for number in range(1, self.steps + 1):
                table = self._whole.at({**state, **self.data[number % len(self.data)]})
                for before, after in self._changes.items():
                    new = table[after]
                    if before in parameters:
                        new = state[before] + factor * (new - state[before])
                    state[before] = new
                if number in looks:
                    losses.append(self._mean(state))
                    if not np.isfinite(losses[-1]):
                        losses += [np.inf] * (4 - len(losses))
                        break
        return Course(tuple(losses), self.steps)

    def _mean(self, state: Mapping[Node, Any]) -> float:
        losses = [float(self._loss.at({**state, **sample})[self.step.loss]) for sample in self.data]
        with np.errstate(all="ignore"):
            return float(np.mean(losses))
