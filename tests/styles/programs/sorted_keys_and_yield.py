import numpy as np
rng = np.random.default_rng(2)
params = {"2_W": rng.normal(0, .5, (5, 1)), "1_W": rng.normal(0, .5, (2, 5)), "1_b": rng.normal(0, .1, 5)}
X = rng.normal(size=(33, 2)); y = (X[:, :1] * X[:, 1:])
def forward(p):
    cache = {"a0": X}
    for k in sorted((k for k in p if k.endswith("W")), key=lambda s: int(s.split("_")[0])):
        n = int(k[0])
        z = cache[f"a{n-1}"] @ p[k]
        if (bias := p.get(f"{n}_b")) is not None:
            z = z + bias
        cache[f"z{n}"] = z
        cache[f"a{n}"] = np.where(z > 0, z, 0.1 * z) if n == 1 else z
    return cache
def backward(p, cache):
    d = (cache["a2"] - y) / y.size
    yield "2_W", cache["a1"].T @ d
    d = d @ p["2_W"].T * np.where(cache["z1"] > 0, 1, 0.1)
    yield from (("1_W", cache["a0"].T @ d), ("1_b", d.sum(0)))
for epoch in range(300):
    cache = forward(params)
    loss = ((cache["a2"] - y) ** 2).mean() / 2
    for name, grad in filter(None, list(backward(params, cache))):
        params[name] -= 0.2 * grad
