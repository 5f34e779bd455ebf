"""A derivation for the terminal."""

from __future__ import annotations

import textwrap

from backproof.derive.account import Account
from backproof.derive.statements import statements, written

WIDTH = 100


def as_text(account: Account, width: int = WIDTH) -> str:
    """The chains, the derivatives one by one with their reasons, and the backward pass that results."""
    derived = account.derived
    found = [text for line in derived.forward_lines for text in written(line)]
    found.append("")
    found += [
        f"∂{account.loss}/∂{chain.parameter} = {_factors(chain.values)}" + ("  + ..." * chain.branches)
        for chain in account.chains
    ]
    found.append("")
    longest = max((len(told.line.name) for told in account.told), default=0)
    for told in account.told:
        margin = " " * (longest - len(told.line.name))
        found += [margin + text for text in written(told.line)]
        note = f"∂{account.loss}/∂{told.of}, {told.shape}: {told.reason}" if told.of else told.reason
        indent = " " * (longest + 3)
        note = note.replace("`", "")
        found.append(textwrap.fill(note, width, initial_indent=indent, subsequent_indent=indent))
    found += ["", "The backward pass:"]
    found += [f"  {line}" for line in statements(derived).splitlines()]
    return "\n".join(found) + "\n"


def _factors(values: tuple[str, ...]) -> str:
    """∂L/∂out · ∂out/∂h · ∂h/∂W, the loss first."""
    pairs = list(zip(values[1:], values, strict=False))[::-1]
    return " · ".join(f"∂{upper}/∂{lower}" for upper, lower in pairs)
