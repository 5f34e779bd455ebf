"""``backproof rule``: explain one rule, or list them all."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from backproof.cli.options import near_match
from backproof.cli.terminal import terminal_width, wants_colour, write
from backproof.errors import ConfigurationError

if TYPE_CHECKING:
    from backproof.cli.options import Subparsers


def add_parser(verbs: Subparsers) -> None:
    """Add the verb and its options."""
    parser = verbs.add_parser("rule", help="explain a rule, with an example of the fault and of its mend")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", metavar="NAME", help="the rule's name or code")
    which.add_argument("--all", action="store_true", help="list every rule")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the documentation of a rule, or a line for each."""
    from backproof.rules import RULES, rule_text

    if arguments.all:
        width = max(map(len, RULES))
        write("\n".join(f"{rule.code}  {rule.name:<{width}}  {rule.summary}" for rule in RULES.values()))
        return 0
    names = {rule.code.lower(): rule.name for rule in RULES.values()} | {name: name for name in RULES}
    name = names.get(arguments.name.lower())
    if name is None:
        raise ConfigurationError(
            f"There is no rule '{arguments.name}': {near_match(arguments.name, list(RULES))}"
        )
    text = rule_text(name)
    width_of_terminal = terminal_width()
    if width_of_terminal is None:
        write(text.rstrip())
    else:
        _print_markdown(text, min(width_of_terminal, 110))
    return 0


def _print_markdown(text: str, width: int) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=width, no_color=not wants_colour()).print(Markdown(text, code_theme="ansi_dark"))
