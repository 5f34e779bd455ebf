"""Fault injection: the mistakes of the contract made in correct programs, and what is said of each."""
