"""What a rule is: the name, the code and the one-sentence summary of a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["general", "factor", "shape", "update", "consistency", "health"]
GROUPS: tuple[Group, ...] = ("general", "factor", "shape", "update", "consistency", "health")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, one for each file of this folder, whose docstring is its documentation.

    Codes go by hundreds: general ``BP0xx``, factor ``BP1xx``, shape ``BP2xx``, update ``BP3xx``, consistency
    ``BP4xx``, health ``BP5xx``. ``because`` is the reason that a report gives a learner after having said
    what is wrong, where that does not say it itself.
    """

    code: str
    name: str
    group: Group
    summary: str
    because: str = ""
