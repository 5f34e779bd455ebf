"""The recorder: what a rewritten program hands its values to."""

from __future__ import annotations

from backproof.trace.events import Trace
from backproof.trace.flow.moment import Moment
from backproof.trace.flow.nodes import Nodes
from backproof.trace.hooks.calls import Calls
from backproof.trace.hooks.expressions import Expressions
from backproof.trace.hooks.functions import Functions
from backproof.trace.hooks.loops import Activities
from backproof.trace.hooks.places import Places
from backproof.trace.hooks.repeated import Repeated
from backproof.trace.sites import Site
from backproof.trace.stopping import Stopper


class Recorder:
    """Records one run of a rewritten program into ``trace``.

    Its other attributes are the functions that the rewritten program calls, one for each kind of thing that
    a program does; each belongs to the part of the recorder that knows its subject.
    """

    def __init__(self, sites: list[Site], stopper: Stopper, node_limit: int = 400_000) -> None:
        self.trace = Trace(sites=sites)
        self.sites = sites
        self.stopper = stopper
        self.moment = Moment(self.trace)
        self.nodes = nodes = Nodes(self.trace, self.moment, stopper, node_limit)
        places = Places(nodes)
        repeated = Repeated(places)
        activities = Activities(nodes, repeated)
        expressions = Expressions(places, repeated)
        functions = Functions(places, activities, repeated)
        calls = Calls(expressions, functions)

        self.const, self.load = expressions.const, places.load
        self.attribute, self.item, self.slice = expressions.attribute, expressions.item, slice
        self.binop, self.unary, self.compare = expressions.binop, expressions.unary, expressions.compare
        self.shown, self.unpack, self.outside = expressions.shown, expressions.unpack, expressions.outside
        self.truth, self.element = expressions.truth, expressions.element
        self.dictionary, self.display = expressions.dictionary, repeated.display
        self.call, self.method = calls.call, calls.method
        self.enter_module, self.enter = functions.enter_module, functions.enter
        self.leave, self.returned, self.resumed = functions.leave, functions.returned, functions.resumed
        self.iterate, self.delegate = activities.iterate, activities.delegate
        self.cut_off = activities.cut_off
        self.tick, self.loop_end = activities.tick, activities.loop_end
        self.store, self.stored = places.store, places.stored
        self.set_attribute, self.set_item = places.set_attribute, places.set_item
        self.held_attribute, self.held_item = places.held_attribute, places.held_item
        self.aug_name, self.aug_attribute = places.aug_name, places.aug_attribute
        self.aug_item = places.aug_item
