"""Mending: the search for corrections, and their edits in the source."""

from backproof.mend.edits import edits_of
from backproof.mend.forward import forward_axis
from backproof.mend.repair import Repair
from backproof.mend.search import WORK, alternatives, located, search
from backproof.mend.tried import Tried

__all__ = ["WORK", "Repair", "Tried", "alternatives", "edits_of", "forward_axis", "located", "search"]
