import math
import random

random.seed(5)

# every neuron is a list of weights, the last one is the bias
hidden_layer = [[random.uniform(-0.8, 0.8) for _ in range(4)] for _ in range(5)]
output_layer = [[random.uniform(-0.8, 0.8) for _ in range(6)] for _ in range(2)]


def squash(x):
    return 1.0 / (1.0 + math.exp(-x))


def fire(neuron, inputs):
    total = neuron[-1]
    for w, v in zip(neuron, inputs):
        total += w * v
    return squash(total)


cases = []
for a in (0, 1):
    for b in (0, 1):
        for c in (0, 1):
            odd = (a + b + c) % 2
            cases.append(([a, b, c], [odd, 1 - odd]))

rate = 0.5
for epoch in range(4000):
    total_error = 0.0
    for inputs, wanted in cases:
        h = [fire(n, inputs) for n in hidden_layer]
        o = [fire(n, h) for n in output_layer]

        error = 0.0
        for j in range(len(o)):
            error += 0.5 * (wanted[j] - o[j]) ** 2
        total_error += error

        out_delta = []
        for j in range(len(o)):
            out_delta.append((o[j] - wanted[j]) * o[j] * (1 - o[j]))
        hid_delta = []
        for i in range(len(h)):
            s = 0.0
            for j in range(len(o)):
                s += out_delta[j] * output_layer[j][i]
            hid_delta.append(s * h[i] * (1 - h[i]))

        for j in range(len(o)):
            for i in range(len(h)):
                output_layer[j][i] -= rate * out_delta[j] * h[i]
            output_layer[j][-1] -= rate * out_delta[j]
        for i in range(len(h)):
            for k in range(len(inputs)):
                hidden_layer[i][k] -= rate * hid_delta[i] * inputs[k]
            hidden_layer[i][-1] -= rate * hid_delta[i]
    if epoch % 500 == 0:
        print("epoch", epoch, "error", total_error)
