"""A derivation for the terminal."""

from __future__ import annotations

import textwrap

from backproof.derive.account import Account
from backproof.graph import Node
from backproof.notation import to_numpy

WIDTH = 100


def as_text(account: Account, width: int = WIDTH) -> str:
    """The chains, the derivatives one by one with their reasons, and the backward pass that results."""
    derived = account.derived
    found = [f"{account.loss} = {to_numpy(account.formula, _others(account))}", ""]
    found += [
        f"{chain.parameter}: {_factors(chain.values)}" + ("  + other paths" * chain.branches)
        for chain in account.chains
    ]
    found.append("")
    longest = max((len(told.line.name) for told in account.told), default=0)
    for told in account.told:
        shape = "number" if told.shape == () else f"shape {told.shape}"
        found.append(f"{told.line.name:>{longest}} = {to_numpy(told.line.node)}")
        note = f"∂{account.loss}/∂{told.of}, {shape}: {told.reason}" if told.of else told.reason
        indent = " " * (longest + 3)
        found.append(textwrap.fill(note, width, initial_indent=indent, subsequent_indent=indent))
    found += ["", "Simplified:"]
    found += [f"  {line.name} = {to_numpy(line.node)}" for line in derived.lines]
    return "\n".join(found) + "\n"


def _others(account: Account) -> dict[Node, str]:
    """The names of all values but the loss."""
    return {n: name for n, name in account.derived.forward.names.items() if n is not account.formula}


def _factors(values: tuple[str, ...]) -> str:
    """∂L/∂out · ∂out/∂h · ∂h/∂W, the loss first."""
    pairs = list(zip(values[1:], values, strict=False))[::-1]
    return " · ".join(f"∂{upper}/∂{lower}" for upper, lower in pairs)
