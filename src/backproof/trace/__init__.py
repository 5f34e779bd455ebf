"""Run a program and record the graph of its training steps."""

from backproof.trace.events import Activity, Attempt, Binding, Crash, Frame, Item, Origin, Store, Trace
from backproof.trace.flow.keys import Identity
from backproof.trace.later import later_trainings
from backproof.trace.run import trace_program
from backproof.trace.sites import Site
from backproof.trace.unread import unread_names
from backproof.trace.untaken import untaken

__all__ = [
    "Activity",
    "Attempt",
    "Binding",
    "Crash",
    "Frame",
    "Identity",
    "Item",
    "Origin",
    "Site",
    "Store",
    "Trace",
    "later_trainings",
    "trace_program",
    "unread_names",
    "untaken",
]
