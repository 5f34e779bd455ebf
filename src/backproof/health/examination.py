"""What the health rules look at: the step at the parameters that the program started with, over its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.check.judgement import Judgement
from backproof.graph import Node, adjoints
from backproof.health.layers import Layer, layers
from backproof.health.replay import Replay, replay
from backproof.health.samples import data_leaves, samples
from backproof.health.trial import Trial
from backproof.health.units import units_of
from backproof.step import TrainingStep, Window, training_step
from backproof.step.change import root
from backproof.step.update import time_of

ENOUGH = 20  # values of a unit, at least, before anything is said of others that were not seen
FEW = 5  # are enough where the program has no others
SECONDS = 0.25  # about, for one look at the data


@dataclass(frozen=True, eq=False, repr=False)
class Examination:
    """One judged step, with everything that more than one rule measures."""

    judgement: Judgement

    @cached_property
    def step(self) -> TrainingStep:
        """The training step, as the program takes it, with the bounds that it keeps."""
        step = self.judgement.step
        whole = training_step(step.trace, step.window, step.hypothesis) if step.opened else None
        return step if whole is None or len(whole.parameters) != len(step.parameters) else whole

    @property
    def windows(self) -> tuple[Window, ...]:
        """The steps that were seen, in order."""
        return self.judgement.windows or (self.step.window,)

    @cached_property
    def samples(self) -> list[Mapping[Node, Any]]:
        """Values of the data: the recorded ones, then those of other samples."""
        return samples(self.step)

    @cached_property
    def enough(self) -> int:
        """How many values of a unit it takes to speak of all: fewer where there are no others."""
        originals = {copy: node for node, copy in self.step.copies.items()}
        data = [originals[leaf] for leaf in data_leaves(self.step) if leaf in originals]
        return FEW if all(time_of(node) < self.windows[0].start for node in data) else ENOUGH

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the forward pass."""
        return layers(self.step)

    @cached_property
    def recorded(self) -> Mapping[Node, Any]:
        """What the recorded step began with."""
        return {leaf: leaf.value for p in self.step.parameters for leaf in p.leaves}

    @cached_property
    def first(self) -> Mapping[Node, Node]:
        """The node of the trace that each changing leaf had in the first step that was seen."""
        step = self.step
        earlier = [w for w in self.windows if w.end <= step.window.start][::-1]
        firsts: dict[Node, Node] = {}
        for change in (*step.window.parameters, *step.window.others):
            copy, node = step.copies.get(change.before), root(change.before, 0)
            for window in earlier:
                changes = (*window.parameters, *window.others)
                same = [c for c in changes if c.after is node or root(c.after, 0) is node]
                if same:
                    node = root(same[0].before, 0)
            if copy is not None:
                firsts[copy] = node
        return firsts

    @cached_property
    def start(self) -> Mapping[Node, Any]:
        """What the program's first step began with, as far back as it was seen: parameters and memory."""
        return {
            copy: node.value if np.shape(node.value) == np.shape(copy.value) else copy.value
            for copy, node in self.first.items()
        }

    @property
    def _anew(self) -> frozenset[Node]:
        """What the program itself sets to a number between two steps, as the sum of a unit's errors."""
        step = self.step
        if step.window.start <= self.windows[0].start:
            return frozenset()
        reset = (c.before for c in step.window.others if root(c.before, 0).operation == "constant")
        return frozenset(step.copies[before] for before in reset if before in step.copies)

    @cached_property
    def trial(self) -> Trial | None:
        """The training, ready to be run again; None where its gradients are wrong, or it takes too long."""
        trial = Trial(self.step, self.start, tuple(self.samples), self._anew)
        return trial if self.judgement.verdict.correct and trial.possible else None

    # ------------------------------------------------------------------ what goes into the activations
    @cached_property
    def _forward(self) -> Replay:
        befores = [a.before for layer in self.layers for a in layer.activations]
        varying = {*self.start, *self.recorded, *(leaf for sample in self.samples for leaf in sample)}
        return replay(befores, varying)

    def inputs(
        self, layer: Layer, parameters: Mapping[Node, Any], data: Iterable[Mapping[Node, Any]] | None = None
    ) -> np.ndarray[Any, Any]:
        """What goes into the activations of a layer, shape ``(units, observations)``."""
        chosen = list(self.samples if data is None else data)
        chosen = chosen[: max(1, int(SECONDS / max(self._forward.cost, 1e-9)))]
        tables = [self._forward.at({**parameters, **sample}) for sample in chosen]
        return units_of(self.step, layer, tables)

    def adjoints_of(self, layer: Layer, parameters: Mapping[Node, Any]) -> np.ndarray[Any, Any]:
        """The adjoints of what goes into a layer, for a few samples, shaped alike."""
        befores = [a.before for a in layer.activations]
        found = adjoints(self.step.loss, befores)
        varying = {*parameters, *(leaf for sample in self.samples for leaf in sample)}
        again = replay([found[b] for b in befores], varying)
        tables = []
        for sample in self.samples[:4]:
            table = again.at({**parameters, **sample})
            tables.append({b: table[found[b]] for b in befores})
        return units_of(self.step, layer, tables)
