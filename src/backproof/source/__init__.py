"""Source text: programs, spans and edits. Knows nothing of graphs or of running."""

from backproof.source.editing import apply_edits, encoded
from backproof.source.patch import diff
from backproof.source.reading import STANDARD_INPUT, program_from_bytes, read_program
from backproof.source.suppressions import Suppression, suppressions
from backproof.source.syntax import print_statements
from backproof.source.text import Edit, Program, Span, offset_of, span_of, text_of
from backproof.source.writing import write_program

__all__ = [
    "STANDARD_INPUT",
    "Edit",
    "Program",
    "Span",
    "Suppression",
    "apply_edits",
    "diff",
    "encoded",
    "offset_of",
    "print_statements",
    "program_from_bytes",
    "read_program",
    "span_of",
    "suppressions",
    "text_of",
    "write_program",
]
