"""The faults: one file each, with its documentation and the rule that names it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from backproof.faults.rule import GROUPS, Group, Rule

__all__ = ["GROUPS", "RULES", "Group", "Rule"]


def _collect() -> dict[str, Rule]:
    modules = [import_module(f"{__name__}.{each.name}") for each in iter_modules(__path__)]
    rules = [module.RULE for module in modules if isinstance(getattr(module, "RULE", None), Rule)]
    return {rule.name: rule for rule in sorted(rules, key=lambda rule: rule.code)}


RULES: dict[str, Rule] = _collect()
"""Every fault by its name, in the order of the codes; ``backproof.rules`` has those of health, too."""
