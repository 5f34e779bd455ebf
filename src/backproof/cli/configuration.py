"""``[tool.backproof]`` in the nearest ``pyproject.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backproof.cli.options import near_match
from backproof.errors import ConfigurationError

FORMATS = ("text", "concise", "json", "sarif", "github")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a project has set; ``None`` where it has not."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    steps: int | None = None
    timeout: float | None = None
    output_format: str | None = None
    file: str | None = None


def read_configuration(folder: Path) -> Configuration:
    """Read the nearest configuration: in ``folder``, or in the first folder above it that has one.

    Raises
    ------
    ConfigurationError
        When the file is not TOML, or a key or its value is not one that exists.
    """
    folder = folder.resolve()
    for candidate in (folder, *folder.parents):
        file = candidate / "pyproject.toml"
        table = _table(file)
        if table is not None:
            return _configuration(file, table)
    return Configuration()


def _table(file: Path) -> dict[str, Any] | None:
    """Give the project's table, or nothing when the file is not there or is not about backproof."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    if "backproof" not in text:
        return None
    import tomllib

    try:
        tools = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}.") from None
    table = tools.get("backproof") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{file}: tool.backproof has to be a table.")
    return table


def _configuration(file: Path, table: dict[str, Any]) -> Configuration:
    kinds: dict[str, type | tuple[type, ...]] = {
        "select": list,
        "ignore": list,
        "steps": int,
        "timeout": (int, float),
        "output-format": str,
    }
    words = {
        "select": "a list of names",
        "ignore": "a list of names",
        "steps": "a whole number of at least 1",
    }
    for key, value in table.items():
        if key not in kinds:
            raise ConfigurationError(
                f"{file}: tool.backproof has no key '{key}': {near_match(key, list(kinds))}"
            )
        right = isinstance(value, kinds[key]) and not isinstance(value, bool)
        if isinstance(value, list):
            right = right and all(isinstance(name, str) for name in value)
        if key == "output-format":
            right = value in FORMATS
        if key in ("steps", "timeout"):
            right = right and value > 0
        if not right:
            expected = words.get(
                key, "a number above zero" if key == "timeout" else f"one of {', '.join(FORMATS)}"
            )
            raise ConfigurationError(f"{file}: tool.backproof.{key} has to be {expected}, not {value!r}.")
    return Configuration(
        select=tuple(table["select"]) if "select" in table else None,
        ignore=tuple(table.get("ignore", ())),
        steps=table.get("steps"),
        timeout=table.get("timeout"),
        output_format=table.get("output-format"),
        file=str(file),
    )
