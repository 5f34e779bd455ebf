"""The catalogue: every rule by its name, those of the faults and those of the health of a training."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from backproof import faults, health
from backproof.faults.rule import GROUPS, Group, Rule

__all__ = ["GROUPS", "RULES", "Group", "Rule", "rule_text"]


def _collect() -> dict[str, ModuleType]:
    names = [
        f"{room.__name__}.{each.name}" for room in (faults, health) for each in iter_modules(room.__path__)
    ]
    with_rule = [m for m in map(import_module, names) if isinstance(getattr(m, "RULE", None), Rule)]
    return {module.RULE.name: module for module in sorted(with_rule, key=lambda module: module.RULE.code)}


_MODULES = _collect()

RULES: dict[str, Rule] = {name: module.RULE for name, module in _MODULES.items()}
"""Every rule by its name, in the order of the codes."""


def rule_text(name: str) -> str:
    """Give the documentation of a rule, in Markdown.

    >>> rule_text("sign-flipped").splitlines()[0]
    '# sign-flipped (BP101)'

    Raises
    ------
    KeyError
        When there is no rule of that name.
    """
    rule = RULES[name]
    return f"# {rule.name} ({rule.code})\n\n{inspect.getdoc(_MODULES[name])}\n"
