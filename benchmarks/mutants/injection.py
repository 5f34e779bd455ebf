"""The mutants of a program: every mistake wherever it applies, without doubles."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from .mutation import Mutant, Mutation, mutant
from .observe import shapes
from .operators import mutations
from .subjects import Subject, subjects
from .text import Source
from .truth import First, Kind, kind, original

TRIES = 120  # pairs that are tried for one mutant with several mistakes


@dataclass(frozen=True)
class Field:
    """A subject, and every mistake that can be made in it."""

    subject: Subject

    @cached_property
    def source(self) -> Source:
        """The correct program."""
        return Source.of(self.subject.text)

    @cached_property
    def right(self) -> First:
        """What the correct program does."""
        return original(self.subject.text, self.subject.step)

    @cached_property
    def candidates(self) -> dict[str, Mutant]:
        """The single mistakes by the keys of their mutants, no two with the same text."""
        found: dict[str, Mutant] = {}
        texts: set[str] = set()
        seen = shapes(self.subject.text, self.subject.step)
        for mutation in mutations(self.source, seen, self.subject.step.loop):
            made = mutant(self.subject.name, self.source, [mutation])
            if made is None or made.text in texts or self._forward(mutation):
                continue
            texts.add(made.text)
            found[made.key] = made
        return found

    def kind(self, made: Mutant) -> Kind:
        """Say what a mutant is, by running it."""
        return kind(self.source, self.subject.step, self.right, made)

    def several(self, count: int, seed: int) -> Iterator[Mutant]:
        """Give mutants with several independent mistakes, each of them wrong alone, on rows of their own."""
        generator = random.Random(f"{seed} {count} {self.subject.name}")
        rules: dict[str, list[Mutant]] = {}
        for single in self.candidates.values():
            rules.setdefault(single.mutations[0].rule, []).append(single)
        for _ in range(TRIES):
            chosen = [generator.choice(rules[generator.choice(sorted(rules))]) for _ in range(count)]
            rows = [{row for row, _, _ in one.spans(0)} for one in chosen]
            if any(rows[i] & rows[j] for i in range(count) for j in range(i)):
                continue
            if any(m.crashes or m.rule == "loss-mismatch" for one in chosen for m in one.mutations):
                continue
            made = self.joined(chosen)
            if made is None or any(self.kind(one) != "backward" for one in chosen):
                continue
            if self.kind(made) == "backward":
                yield made

    def joined(self, singles: Sequence[Mutant]) -> Mutant | None:
        """Make several mistakes at once; None where they stand in each other's way."""
        made = mutant(self.subject.name, self.source, [single.mutations[0] for single in singles])
        parts = "+".join(single.key.partition(":")[2] for single in singles)
        return None if made is None else replace(made, key=f"{self.subject.name}:{parts}")

    def found(self, key: str) -> Mutant | None:
        """Give the mutant of a key. Raises ``KeyError`` when one of its mistakes is not made any more."""
        program, _, parts = key.partition(":")
        return self.joined([self.candidates[f"{program}:{part}"] for part in parts.split("+")])

    def _forward(self, mutation: Mutation) -> bool:
        rows = {self.source.text[: c.place[0]].count("\n") for c in mutation.changes}
        lines = self.source.text.split("\n")
        return any(text in lines[row] for row in rows for text in self.subject.forward)


@cache
def fields() -> dict[str, Field]:
    """Give the subjects by their names."""
    return {subject.name: Field(subject) for subject in subjects()}


def sampled(
    chosen: Sequence[Field], rules: frozenset[str], seed: int, operators: frozenset[str] = frozenset()
) -> Iterator[Mutant]:
    """Give single candidates in an order in which every beginning is spread over the rules and the styles."""
    generator = random.Random(seed)
    groups: dict[str, dict[str, list[Mutant]]] = {}
    for field in chosen:
        for made in field.candidates.values():
            mutation = made.mutations[0]
            if rules and mutation.rule not in rules:
                continue
            if operators and mutation.operator not in operators:
                continue
            groups.setdefault(mutation.rule, {}).setdefault(field.subject.style, []).append(made)
    queues = {
        rule: [_shuffled(generator, mutants) for mutants in styles.values()]
        for rule, styles in groups.items()
    }
    for styles in queues.values():
        generator.shuffle(styles)
    while queues:
        for rule in sorted(queues):
            queue = queues[rule].pop(0)
            yield queue.pop()
            if queue:
                queues[rule].append(queue)
            if not queues[rule]:
                del queues[rule]


def _shuffled(generator: random.Random, mutants: list[Mutant]) -> list[Mutant]:
    generator.shuffle(mutants)
    return mutants
