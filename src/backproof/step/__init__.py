"""The training step: which values are parameters, which scalar is the loss, what the updates apply."""

from backproof.step.bounding import boundings
from backproof.step.change import Change
from backproof.step.implied import implied, implied_otherwise
from backproof.step.lengths import lengths
from backproof.step.loss import SURE, Hypothesis, stated
from backproof.step.replaced import replaced
from backproof.step.training_step import Parameter, TrainingStep, gradients_of, label, training_step, values
from backproof.step.window import Window, windows

__all__ = [
    "SURE",
    "Change",
    "Hypothesis",
    "Parameter",
    "TrainingStep",
    "Window",
    "boundings",
    "gradients_of",
    "implied",
    "implied_otherwise",
    "label",
    "lengths",
    "replaced",
    "stated",
    "training_step",
    "values",
    "windows",
]
