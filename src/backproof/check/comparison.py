"""How the gradients that a program applies stand to the true ones, at several points."""

from __future__ import annotations

from dataclasses import dataclass

from backproof.check.decay import Decay


@dataclass(frozen=True, slots=True)
class Comparison:
    """One parameter at several points.

    ``scales`` are the least-squares c of applied ≈ c·true at each point, ``errors`` the part of the applied
    gradient that is not c·true, relative to it; ``parallel`` says that it is nothing but rounding, ``zero``
    that the true gradient vanishes, ``undefined`` that it is no finite number at some point. Points where it
    vanishes beside others say nothing, and have the scale that the others show.
    """

    name: str
    scales: tuple[float, ...]
    errors: tuple[float, ...]
    parallel: bool
    zero: bool
    decay: Decay | None = None
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """All parameters of one step under one loss.

    ``scales`` are the common ones, ``right`` who has them; ``spread`` says how far apart the points were.
    """

    comparisons: tuple[Comparison, ...]
    scales: tuple[float, ...]
    right: tuple[bool, ...]
    rate: float | None
    spread: float = 1.0

    @property
    def correct(self) -> bool:
        """Every gradient is the true one, up to one common positive scale, and not all of them vanish."""
        return all(self.right) and not all(comparison.zero for comparison in self.comparisons)
