"""Whole programs, from their source to the report."""
