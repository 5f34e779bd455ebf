"""From the updates inwards: what each statement of the backward pass has to give, and which of them does not.

A true gradient fixes what the statement that applies it has to give; what that statement reads has to be the
adjoint with which it does; and so on, back to the loss. A statement that reads what is right and gives what
is wrong is where a mistake is, however many others there are. So the mends are looked for statement by
statement, and not among all sets of them.
"""

from backproof.mend.inwards.repair import from_updates

__all__ = ["from_updates"]
