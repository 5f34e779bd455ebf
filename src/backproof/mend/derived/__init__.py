"""Where no named correction helps: put the true value where the backward pass goes wrong, and write it out.

A place whose value is not what the derivation wants, and with whose true value the gradients behind it become
right, is where a mistake is. What belongs there is spelled in the author's own names, where it can be read
there; how it differs from what stands there names the mistake.
"""

from backproof.mend.derived.stage import Deriver

__all__ = ["Deriver"]
