"""A notebook's cell as Python: its magics made harmless, every row and column of its code kept."""

from __future__ import annotations

import re

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_END = re.compile(r"[\r\n]*\Z")
_TOKEN = re.compile(
    r"#[^\r\n]*|(?P<triple>\"\"\"|''')|\"(?:\\.|[^\"\\\r\n])*\"?|'(?:\\.|[^'\\\r\n])*'?"
    r"|(?P<open>[\[({])|(?P<close>[\])}])|(?P<continued>\\(?=\r|\n|\Z))"
)  # fmt: skip
_MAGIC = re.compile(r"(?P<indent>\s*)(?P<mark>%%?|!!?)\s*(?P<name>\w*)")
_ASSIGNED = re.compile(r"(?P<head>\s*[\w.,\[\]'\" ]+=\s*)(?P<mark>%|!)\s*(?P<name>\w*)")
_HELP = re.compile(r"\s*(?:\?{1,2}\s*[\w.*%]+|[\w.\[\]%]+\s*\?{1,2})\s*;?\s*\Z")
_OPTIONS = re.compile(r"(?:\s+-\w+(?:\s*\d+)?)*\s+")
RUNS_CODE = frozenset(
    {"time", "timeit", "prun", "memit", "lprun", "mprun"}
)  # what follows the name is Python
CODE_BELOW = RUNS_CODE | {"capture", "debug", "python", "python3"}  # what stands below the name is Python


def as_python(source: str) -> str:
    r"""Replace what only a notebook understands, line by line.

    Commands of the shell, magics and questions become comments or ``pass``; the code that ``%time`` runs
    stays in its columns. A cell in another language becomes comments as a whole.

    >>> print(as_python("%matplotlib inline\n%time w = fit(x)\nnp.dot?\nfiles = !ls"))
    pass
    if 1: w = fit(x)
    pass
    files = []
    """
    python: list[str] = []
    reader = _Reader()
    foreign = following = False
    started = False
    for line in _LINE.findall(source):
        end = _END.search(line)
        assert end is not None
        text, ending = line[: end.start()], line[end.start() :]
        if foreign:
            python.append(f"#{ending}")
            continue
        if following:
            following = text.endswith("\\")
            python.append(f"#{ending}")
            continue
        new = None if reader.inside else _without_magic(text)
        if new is not None and text.lstrip().startswith("%%") and not started:
            name = _name(text)
            foreign = name not in CODE_BELOW
        if new is None:
            new = text
            reader.read(text)
        else:
            following = text.endswith("\\")
        started = started or bool(text.strip())
        python.append(new + ending)
    return "".join(python)


class _Reader:
    """Follows strings and brackets, to know whether a line begins inside of one."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.continued = False

    @property
    def inside(self) -> bool:
        """Does the next line go on with what this one began?"""
        return bool(self.quote) or self.depth > 0 or self.continued

    def read(self, text: str) -> None:
        """Read a line, without its end."""
        self.continued = False
        position = 0
        while position <= len(text):
            if self.quote:
                closing = re.compile(rf"(?:\\.|[^\\])*?{self.quote}").match(text, position)
                if closing is None:
                    return
                self.quote, position = "", closing.end()
            token = _TOKEN.search(text, position)
            if token is None:
                return
            position = token.end()
            if token["triple"]:
                self.quote = token["triple"]
            elif token["open"]:
                self.depth += 1
            elif token["close"]:
                self.depth = max(0, self.depth - 1)
            elif token["continued"] is not None:
                self.continued = True
                return


def _name(text: str) -> str:
    found = _MAGIC.match(text)
    return found["name"] if found else ""


def _without_magic(text: str) -> str | None:
    """Give the line without its magic; None where it has none."""
    found = _MAGIC.match(text)
    if found:
        indent, name = found["indent"], found["name"]
        if found["mark"] == "%" and name in RUNS_CODE:
            options = _OPTIONS.match(text, found.end())
            code = text[options.end() :] if options else ""
            if code and not code.startswith("#"):
                return (indent + "if 1:").ljust(len(text) - len(code)) + code
        return f"{indent}pass"
    found = _ASSIGNED.match(text)
    if found and "==" not in found["head"]:
        head, name = found["head"], found["name"]
        if found["mark"] == "!":
            return f"{head}[]"
        options = _OPTIONS.match(text, found.end())
        if name in RUNS_CODE and options:
            return head.ljust(options.end()) + text[options.end() :]
        return f"{head}None"
    if _HELP.match(text):
        return f"{text[: len(text) - len(text.lstrip())]}pass"
    return None
