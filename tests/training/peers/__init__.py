"""The same trainings as programs of PyTorch, JAX and TensorFlow: they know nothing of backproof."""
