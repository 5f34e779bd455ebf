"""A program of ``tests/programs``: where its training step is, and the mistakes to make in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .differences import Step

FOLDER = Path(__file__).parent.parent / "programs"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical mistake: ``old`` becomes ``new``, and ``wrong``, inside it, is what has to be pointed at.

    ``names`` are the rules that it may be called by. ``wrong`` holds several texts where the place is a
    matter of taste.
    """

    old: str
    new: str
    names: tuple[str, ...]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A correct program, and mistakes that make it wrong."""

    name: str
    step: Step
    mistakes: tuple[Mistake, ...]

    @property
    def text(self) -> str:
        """The program."""
        return (FOLDER / f"{self.name}.py").read_text("utf-8")
