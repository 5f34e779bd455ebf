"""Tell whether a text is Python 3, and if not, where it stops being so and what its writer may have meant."""

from __future__ import annotations

import ast
import re
import warnings

from backproof.errors import ProgramUnreadableError
from backproof.source.places import where
from backproof.source.text import Program

_PRINT_STATEMENT = re.compile(
    r"^\s*(?:(?:if|else|elif|for|while|try|except|finally)\b.*:\s*)?print\s+(?![=(.\[,)>]|(?:in|is|if|and|or|not\s+in)\b)\S"
)
_HINTS = (
    (re.compile(r"^\s*(?:>>> |\.\.\. |In \[\d+\]:)"), "remove the prompts that were pasted with it"),
    (re.compile(r"^\s*(?:%%?[A-Za-z]|!\s*[A-Za-z])"), "this is a notebook's command: put a # before it"),
    (re.compile(r"^(?:<<<<<<<|=======|>>>>>>>)(?: |$)"), "a merge conflict was left here: keep one side"),
    (re.compile("[\u2018\u2019\u201c\u201d]"), "it has typographic quotation marks: write ' or \""),
    (re.compile("[\u2212\u2013\u2014\u00d7]"), "it has a typographic minus, dash or times: write - or *"),
    (re.compile("[\u00a0\u200b\u2028\u3000\ufeff]"), "it has an invisible character: type the spaces again"),
    (re.compile(r"^\s*except\b[^:(]*,\s*\w+\s*:"), "this is Python 2: write 'except ... as name:'"),
    (re.compile(r"^\s*exec\s+[\"'\w]"), "this is Python 2: write exec(...)"),
    (re.compile(r"<>"), "this is Python 2: write !="),
    (re.compile(r"\b(?:0\d+|0[xX][\da-fA-F]+[lL]|\d+[lL])\b"), "this is a number as Python 2 wrote it"),
    (re.compile(r"^\s*#?\s*(?:```|~~~)"), "remove the marks of the Markdown block it was pasted from"),
)  # fmt: skip


def require_python(program: Program) -> None:
    """Refuse a program that Python 3 cannot parse.

    Raises
    ------
    ProgramUnreadableError
        With the line and the column, what Python says, the line itself, and a hint where there is one.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the author's business
            for cell in program.cells:  # each has to be whole
                ast.parse("\n" * (cell.first - 1) + "\n".join(program.lines[cell.first - 1 : cell.last]))
            ast.parse(program.text)
    except SyntaxError as error:
        raise ProgramUnreadableError(_explain(program, error)) from None
    except (RecursionError, MemoryError):
        raise ProgramUnreadableError(
            f"{program.filename} is nested too deeply for Python to parse."
        ) from None
    except ValueError as error:
        raise ProgramUnreadableError(f"{program.filename} is not Python: {error}.") from None


def print_statements(program: Program) -> list[int]:
    """List the rows that look like a Python 2 ``print`` statement."""
    return [row for row, line in enumerate(program.lines, 1) if _PRINT_STATEMENT.match(line)]


def _explain(program: Program, error: SyntaxError) -> str:
    row = min(max(error.lineno or 1, 1), len(program.lines))
    column = max(error.offset or 1, 1)
    line = program.lines[row - 1]
    if "Missing parentheses in call to 'print'" in error.msg or row in print_statements(program):
        return _explain_print(program, row, column)
    message = f"{where(program, row, column)}: this is not Python 3: {error.msg}."
    if line.strip():
        message += f"\n    {line.strip()[:200]}"
    for pattern, hint in _HINTS:
        if pattern.search(line):
            return f"{message}\nHint: {hint}."
    if isinstance(error, TabError):
        return f"{message}\nHint: indent with spaces only."
    if isinstance(error, IndentationError):
        return f"{message}\nHint: the indentation may have been lost where the program was pasted."
    if row == 1 and len(program.lines) <= 2 and len(line) > 200:
        return f"{message}\nHint: the program has lost its line breaks: put them back."
    return message


def _explain_print(program: Program, row: int, column: int) -> str:
    rows = print_statements(program)
    count = f" ({len(rows)} such lines)" if len(rows) > 1 else ""
    line = program.lines[row - 1].strip()[:200]
    return (
        f"{where(program, row, column)}: this is Python 2: print is a statement here{count}."
        f"\n    {line}\n"
        "Hint: write print(...) with parentheses, and look at divisions of whole numbers too: "
        "in Python 2, 1/2 is 0."
    )
