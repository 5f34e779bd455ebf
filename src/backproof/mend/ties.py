"""Of two updates with different constants, neither of which more gradients share: which of them is wrong?"""

from __future__ import annotations

from backproof.check.compare import Verdict
from backproof.faults.siblings import siblings
from backproof.mend.search import Repair

CONSTANTS = frozenset({"wrong-scale", "extra-factor", "wrong-operand"})


def is_tied(verdict: Verdict, repair: Repair) -> bool:
    """Does one correction change the constant of an update, and would one of another update do as well?

    So it is where as many gradients have the one scale as have the other.
    """
    moving = [right for right, c in zip(verdict.right, verdict.comparisons, strict=True) if not c.zero]
    return repair.complete and is_constant(repair) and 2 * sum(moving) == len(moving)


def is_constant(repair: Repair) -> bool:
    """Is all that a repair does to change a factor of what an update that has others beside it subtracts?

    Put one in, leave one out, or another name: a mean in the place of a sum is no such factor.
    """
    if len(repair.steps) != 1:
        return False
    correction = repair.steps[0].correction
    place, expected = correction.parts[0].place, correction.expected or ""
    factor = correction.rule == "wrong-operand" or place.text in expected or expected in place.text
    return correction.rule in CONSTANTS and factor and bool(siblings(place))


def is_slower(verdict: Verdict, other: Verdict) -> bool:
    """Are the steps smaller at one scale than at another?

    What goes too far by a constant lacks the rate that the other has, or has a number too many: of what goes
    too far less is to be said for than of what goes slowly.
    """
    return verdict.scales[0] < other.scales[0]
