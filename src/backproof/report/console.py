"""What reports are written on: a terminal of some width that is a text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console(width: int, colour: bool) -> Console:
    """Make a console whose file is a text; nothing of what is written on it is taken for markup."""
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def text_on(console: Console) -> str:
    """What was written on such a console, without the spaces that lines end with."""
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n"))
