"""What a step changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backproof.graph import Node
from backproof.trace import Store


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """A place that a window changed.

    Its value when the window began and when it ended, and the stores between. ``local`` says that the place
    is a name of a call that began inside the window: what it holds is gone when the call is over.
    """

    place: tuple[Any, ...]
    before: Node
    after: Node
    stores: tuple[Store, ...]
    local: bool = False
