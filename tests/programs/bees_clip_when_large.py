"""Weight of a beehive over the day: a small net whose gradients are scaled down when they get too large."""
import math
import numpy as np


class Weights(dict):
    pass


def new_weights(seed):
    g = np.random.default_rng(seed)
    w = Weights()
    w["in"] = g.normal(0, 0.6, size=(6, 2))
    w["in_bias"] = g.normal(0, 0.2, size=(6, 1))
    w["out"] = g.normal(0, 0.6, size=(3, 6))
    w["out_bias"] = g.normal(0, 0.2, size=(3, 1))
    return w


def clip_by_global_norm(grads, limit):
    total = 0.0
    for name in grads:
        total += float((grads[name] * grads[name]).sum())
    total = math.sqrt(total)
    if total > limit:
        for name in grads:
            grads[name] *= limit / total
    return total


hours = np.random.default_rng(1).uniform(-1, 1, size=(2, 37))
weight = np.vstack([np.sin(3 * hours[0]), hours[0] * hours[1], np.cos(2 * hours[1])])
w = new_weights(2)
for epoch in range(2500):
    z = w["in"] @ hours + w["in_bias"]
    gate = 1 / (1 + np.exp(-1.702 * z))
    act = z * gate
    out = w["out"] @ act + w["out_bias"]
    loss = np.square(out - weight).sum(axis=0).mean()

    d = 2 / hours.shape[1] * (out - weight)
    dz = (w["out"].T @ d) * (gate + 1.702 * z * gate * (1 - gate))
    grads = {
        "out": d @ act.T,
        "out_bias": d.sum(axis=1, keepdims=True),
        "in": dz @ hours.T,
        "in_bias": dz.sum(axis=1, keepdims=True),
    }
    norm = clip_by_global_norm(grads, 0.5)
    for name, g in grads.items():
        w[name] -= 0.1 * g
    if epoch % 250 == 0:
        print(epoch, loss, norm)
