"""What is known not to hold yet, with the reason: a table to be shrunk, never to be skipped.

A correct program lacks its ``verdict`` where backproof says inconclusive, ``parameters`` where it does not
see all of them. A mistake lacks its ``verdict`` where the program is not called faulty, and its ``line``,
``name``, or being ``alone`` or ``mended`` where the report is not right in these.
"""

from __future__ import annotations

CORRECT_GAPS: dict[str, tuple[str, str]] = {}

MISTAKE_GAPS: dict[tuple[str, int], tuple[str, str]] = {}
