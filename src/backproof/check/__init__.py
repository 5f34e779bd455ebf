"""Hold the gradients that a program applies against the true ones, and find the places that differ."""
