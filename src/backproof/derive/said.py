"""What the names of a backward pass stand for, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping

LISTED = 3  # names that are still all told


def said_of(said: Mapping[str, str], mark: str = "") -> str:
    """Tell what names stand for; several of one name of the program are told together.

    >>> said_of({"W": "net.W", "x_2": "x", "x_1": "x", "hs[t], as[t]": "h, a in round t"})
    'W is net.W; x_1, x_2 are x, one after the other; hs[t], as[t] are h, a in round t'
    """
    together: dict[str, list[str]] = {}
    for name, text in said.items():
        together.setdefault(text, []).append(name)
    found = []
    for text, names in together.items():
        ordered = sorted(names, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])
        listed = ordered if len(ordered) <= LISTED else [ordered[0], "...", ordered[-1]]
        marked = ", ".join(name if name == "..." else f"{mark}{name}{mark}" for name in listed)
        if len(names) > 1:
            found.append(f"{marked} are {text}, one after the other")
        else:
            found.append(f"{marked} {'are' if ', ' in names[0] else 'is'} {text}")
    return ("; " if len(found) < len(said) else ", ").join(found)
