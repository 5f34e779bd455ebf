"""How a measurement is said: numbers in the digits that tell something, and the finding around a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from backproof.faults.rule import Rule
from backproof.findings import Finding
from backproof.trace import Site


def number(value: float) -> str:
    """Write a number in two or three digits.

    >>> number(0.123456), number(3.14159e8), number(12.0), number(500.0)
    ('0.12', '3.1e8', '12', '500')
    """
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.2g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def share_of(share: float) -> str:
    """Write a share: ``all``, or a percentage.

    >>> share_of(1.0), share_of(0.234), share_of(0.001)
    ('all', '23 %', '0 %')
    """
    return "all" if share == 1.0 else f"{100 * share:.0f} %"


def warning(rule: Rule, message: str, site: Site | None, parameters: Sequence[str] = ()) -> Finding:
    """Make the finding of a measurement."""
    span, text = (site.span, site.text) if site is not None else (None, None)
    message = message[0].upper() + message[1:]
    return Finding(rule.code, rule.name, "warning", message, span, tuple(parameters), text)
