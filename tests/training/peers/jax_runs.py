"""JAX: jax.grad, jax.nn, and the updates written out, for JAX has no optimisers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from shared import layers, main

jax.config.update("jax_enable_x64", True)
ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky-relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "gelu": functools.partial(jax.nn.gelu, approximate=False),
    "softplus": jax.nn.softplus,
    "sin": jnp.sin,
    "softmax": jax.nn.softmax,
}
LOSSES = {
    "half-squared": lambda o, _, t: 0.5 * ((o - t) ** 2).sum(-1).mean(),
    "mse": lambda o, _, t: ((o - t) ** 2).mean(),
    "mae": lambda o, _, t: jnp.abs(o - t).mean(),
    "huber": lambda o, _, t: jnp.where(jnp.abs(o - t) < 1, 0.5 * (o - t) ** 2, jnp.abs(o - t) - 0.5).mean(),
    "binary-cross-entropy": lambda _, z, t: (
        -t * jax.nn.log_sigmoid(z) - (1 - t) * jax.nn.log_sigmoid(-z)
    ).mean(),
    "cross-entropy": lambda _, z, t: -(t * jax.nn.log_softmax(z)).sum(-1).mean(),
}


def change(optimizer, g, memory, t):
    """What is taken off, times the rate, and what is remembered."""
    match optimizer:
        case "momentum" | "nesterov":
            v = 0.9 * memory[0] + g
            return (v if optimizer == "momentum" else g + 0.9 * v), [v, memory[1]]
        case "rmsprop":
            s = 0.99 * memory[0] + 0.01 * g**2
            return g / (jnp.sqrt(s) + 1e-8), [s, memory[1]]
        case "adam":
            m, s = 0.9 * memory[0] + 0.1 * g, 0.999 * memory[1] + 0.001 * g**2
            return m / (1 - 0.9**t) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), [m, s]
    return g, memory


def train(case, start, x, y, order, rates):
    """Yield the parameters after each step."""

    def loss(parameters, x, y):
        for weights, bias, activation in layers(case, parameters):
            z = x @ weights if bias is None else x @ weights + bias
            x = ACTIVATIONS[activation](z)
        return LOSSES[case["loss"]](x, z, y)

    def step(carried, given):
        parameters, memories = carried
        rows, rate, t = given
        gradients = jax.grad(loss)(parameters, jnp.asarray(x)[rows], jnp.asarray(y)[rows])
        moved = []
        for position, (parameter, g) in enumerate(zip(parameters, gradients, strict=True)):
            g = g + case["decay"] * parameter
            delta, memories[position] = change(case["optimizer"], g, memories[position], t)
            moved.append(parameter - rate * delta)
        return (moved, memories), moved

    parameters = [jnp.asarray(value) for value in start]
    memories = [[jnp.zeros_like(value), jnp.zeros_like(value)] for value in parameters]
    steps = len(order)
    given = (order.reshape(steps, -1), rates, jnp.arange(1.0, steps + 1.0))
    _, seen = jax.lax.scan(step, (parameters, memories), given)
    seen = [np.asarray(value) for value in seen]
    for number in range(steps):
        yield [value[number] for value in seen]


if __name__ == "__main__":
    main(train)
