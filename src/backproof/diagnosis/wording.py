"""Small pieces of the sentences that a report is made of."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMES = 12


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does; only count them where they are many.

    >>> listed(["W1", "b1", "W2"])
    'W1, b1 and W2'
    """
    if len(names) > MOST_NAMES:
        return f"{len(names)} parameters"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def sentence(text: str) -> str:
    """Begin with a capital, unless with code, and end with a full stop."""
    return (text[0].upper() + text[1:] if text[0].isalpha() else text) + "."
