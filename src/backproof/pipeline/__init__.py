"""The whole way of one program, from its source to a report."""

from backproof.pipeline.checking import check_program

__all__ = ["check_program"]
