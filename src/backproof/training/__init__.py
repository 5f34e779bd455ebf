"""Training: the network as a graph, its step as machine code, and the command that runs it."""
