"""TensorFlow: GradientTape, tf.nn, and Keras's SGD with momentum and Nesterov.

RMSprop and Adam are written out: Keras puts ε elsewhere, inside the root and before the bias is taken out.
Its decay is not L2 either, and its velocity holds the rate, so schedules are compared with the others only.
"""

import numpy as np
import tensorflow as tf
from shared import layers, main

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.keras.backend.set_floatx("float64")
ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": tf.nn.sigmoid,
    "tanh": tf.nn.tanh,
    "relu": tf.nn.relu,
    "leaky-relu": lambda z: tf.nn.leaky_relu(z, 0.01),
    "elu": tf.nn.elu,
    "gelu": lambda z: 0.5 * z * (1.0 + tf.math.erf(z / np.sqrt(2.0))),  # tf.nn.gelu has √2 in float32
    "softplus": tf.nn.softplus,
    "sin": tf.sin,
    "softmax": tf.nn.softmax,
}
LOSSES = {
    "half-squared": lambda o, _, t: tf.reduce_mean(0.5 * tf.reduce_sum((o - t) ** 2, -1)),
    "mse": lambda o, _, t: tf.keras.losses.MeanSquaredError()(t, o),
    "mae": lambda o, _, t: tf.keras.losses.MeanAbsoluteError()(t, o),
    "huber": lambda o, _, t: tf.keras.losses.Huber()(t, o),
    "binary-cross-entropy": lambda _, z, t: tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=z)
    ),
    "cross-entropy": lambda _, z, t: tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z)
    ),
}


def as_asked(start, x, y, order):
    """The question's second program: a graph, a session, and GradientDescentOptimizer."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        inputs, targets = (v1.placeholder(tf.float64, shape=[None, 1]) for _ in range(2))
        weights = [v1.Variable(value, dtype=tf.float64) for value in start]
        output = tf.matmul(tf.nn.sigmoid(tf.matmul(inputs, weights[0])), weights[1])
        descend = v1.train.GradientDescentOptimizer(0.01).minimize(tf.square(output - targets) / 2.0)
        session.run(v1.global_variables_initializer())
        for sample in order:
            session.run(descend, feed_dict={inputs: [x[sample]], targets: [y[sample]]})
            yield list(session.run(weights))


def train(case, start, x, y, order, rates):
    """Yield the parameters after each step."""
    if case["asked"]:
        yield from as_asked(start, x, y, order)
        return
    parameters = [tf.Variable(value) for value in start]
    first, second = ([tf.Variable(value * 0) for value in start] for _ in range(2))
    x, y, order, rates = (tf.constant(each) for each in (x, y, order.reshape(len(order), -1), rates))
    name = case["optimizer"]
    keras = None
    if name in ("sgd", "momentum", "nesterov") and case["schedule"] == "constant":
        momentum = 0.0 if name == "sgd" else 0.9
        keras = tf.keras.optimizers.SGD(float(rates[0]), momentum=momentum, nesterov=name == "nesterov")
        keras.momentum = np.float64(momentum)  # given as a Python number it is rounded to float32
        keras.build(parameters)

    @tf.function(autograph=False)
    def step(rows, rate, t):
        with tf.GradientTape() as tape:
            value = tf.gather(x, rows)
            for weights, bias, activation in layers(case, parameters):
                z = value @ weights if bias is None else value @ weights + bias
                value = ACTIVATIONS[activation](z)
            loss = LOSSES[case["loss"]](value, z, tf.gather(y, rows))
        gradients = tape.gradient(loss, parameters)
        gradients = [g + case["decay"] * p for g, p in zip(gradients, parameters, strict=True)]
        if keras is not None:
            keras.apply(gradients)
            return
        for g, p, m, s in zip(gradients, parameters, first, second, strict=True):
            if name == "rmsprop":
                s.assign(0.99 * s + 0.01 * g**2)
                p.assign_sub(rate * g / (tf.sqrt(s) + 1e-8))
            else:
                m.assign(0.9 * m + 0.1 * g)
                s.assign(0.999 * s + 0.001 * g**2)
                mean, square = m / (1 - 0.9**t), s / (1 - 0.999**t)
                p.assign_sub(rate * mean / (tf.sqrt(square) + 1e-8))

    for number in range(len(order)):
        step(order[number], rates[number], tf.constant(number + 1.0, tf.float64))
        yield [parameter.numpy() for parameter in parameters]


if __name__ == "__main__":
    main(train)
