"""Source text: programs, spans and edits. Knows nothing of graphs or of running."""

from backproof.source.alternatives import Alternative, against, alternatives, shifted_indices
from backproof.source.beside import as_beside, swapped_products
from backproof.source.editing import apply_edits, before_edits, edited_text, encoded
from backproof.source.patch import diff
from backproof.source.places import cell_of, in_cell, in_text, part, where
from backproof.source.reading import NOTEBOOK, STANDARD_INPUT, program_from_bytes, read_program
from backproof.source.suppressions import Suppression, suppressions
from backproof.source.syntax import print_statements, require_python
from backproof.source.text import Cell, Edit, Program, Span, offset_of, span_of, text_of
from backproof.source.writing import write_program

__all__ = [
    "NOTEBOOK",
    "STANDARD_INPUT",
    "Alternative",
    "Cell",
    "Edit",
    "Program",
    "Span",
    "Suppression",
    "against",
    "alternatives",
    "apply_edits",
    "as_beside",
    "before_edits",
    "cell_of",
    "diff",
    "edited_text",
    "encoded",
    "in_cell",
    "in_text",
    "offset_of",
    "part",
    "print_statements",
    "program_from_bytes",
    "read_program",
    "require_python",
    "shifted_indices",
    "span_of",
    "suppressions",
    "swapped_products",
    "text_of",
    "where",
    "write_program",
]
