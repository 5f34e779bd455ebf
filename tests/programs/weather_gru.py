import numpy as np

rng = np.random.default_rng(29)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


n_in, n_h, T = 3, 4, 5
p = {}
for gate in "zrh":
    p["W" + gate] = rng.normal(0, 0.5, (n_in, n_h))
    p["U" + gate] = rng.normal(0, 0.5, (n_h, n_h))
    p["b" + gate] = rng.normal(0, 0.1, n_h)
p["V"] = rng.normal(0, 0.5, (n_h, 1))


def forward(x):
    h, tape = np.zeros((x.shape[1], n_h)), []
    for xt in x:
        z = sigmoid(xt @ p["Wz"] + h @ p["Uz"] + p["bz"])
        r = sigmoid(xt @ p["Wr"] + h @ p["Ur"] + p["br"])
        c = np.tanh(xt @ p["Wh"] + (r * h) @ p["Uh"] + p["bh"])
        new = (1 - z) * h + z * c
        tape.append((xt, h, z, r, c))
        h = new
    return h, tape


def backward(dh, tape):
    g = {k: np.zeros_like(v) for k, v in p.items()}
    for xt, h, z, r, c in tape[::-1]:
        dc = dh * z * (1 - c ** 2)
        dz = dh * (c - h) * z * (1 - z)
        drh = dc @ p["Uh"].T
        dr = drh * h * r * (1 - r)
        for gate, d, inp in (("z", dz, h), ("r", dr, h), ("h", dc, r * h)):
            g["W" + gate] += xt.T @ d
            g["U" + gate] += inp.T @ d
            g["b" + gate] += d.sum(0)
        dh = dh * (1 - z) + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
    return g


x = rng.normal(size=(T, 8, n_in))
y = x[0, :, :1] + x[-1, :, 1:2]
for i in range(2000):
    h, tape = forward(x)
    pred = h @ p["V"]
    loss = ((pred - y) ** 2).mean()
    dpred = 2 * (pred - y) / len(y)
    grads = backward(dpred @ p["V"].T, tape)
    grads["V"] = h.T @ dpred
    p = {k: p[k] - 0.1 * grads[k] for k in p}
    if i % 200 == 0:
        print(i, loss)
