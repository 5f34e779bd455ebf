"""The network as a graph: its forward pass and loss, and the update by the graph's own derivative rules."""

from backproof.train.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from backproof.train.network.losses import LOSSES, Loss
from backproof.train.network.model import Network, initial_parameters
from backproof.train.network.optimizers import OPTIMIZERS
from backproof.train.network.step import Step, forward, training_step

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "OUTPUT_ACTIVATIONS",
    "Loss",
    "Network",
    "Step",
    "forward",
    "initial_parameters",
    "training_step",
]
