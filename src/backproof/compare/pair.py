"""Two experiments, and the rows that are said of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backproof.compare.experiment import Experiment
from backproof.compare.matching import Match, match
from backproof.compare.network import Network

Array = np.ndarray[Any, Any]
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of both experiments, in words; are they the ``same``, where that is known?

    What is not ``needed`` says nothing of the experiment where it is not known.
    """

    what: str
    first: str
    second: str
    same: bool | None
    needed: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Pair:
    """Two experiments, and which parameters of one are which of the other."""

    first: Experiment
    second: Experiment

    @cached_property
    def match(self) -> Match:
        """The pairing of their parameters."""
        a, b = self.first, self.second
        if a.unmoved or b.unmoved:
            return Match(None)  # what is never updated looks like data
        if a.network is None or b.network is None or a.start is None or b.start is None:
            return Match(None)
        return match(a.network, b.network, (a.start.numbers, b.start.numbers))

    @property
    def networks(self) -> tuple[Network, Network, Array] | None:
        """Both networks and the pairing, where they compute the same."""
        a, b, partner = self.first.network, self.second.network, self.match.partner
        return None if a is None or b is None or partner is None else (a, b, partner)

    def both(self, look: Callable[[Experiment], Any]) -> tuple[Any, Any]:
        """Look at both."""
        return look(self.first), look(self.second)
