"""The network as a graph: its forward pass and loss, and the update by the graph's own derivative rules."""

from backproof.training.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from backproof.training.network.losses import LOSSES, Loss
from backproof.training.network.model import Network, initial_parameters
from backproof.training.network.optimizers import OPTIMIZERS
from backproof.training.network.step import Step, forward, training_step

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
