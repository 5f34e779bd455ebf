import numpy as np
rng = np.random.default_rng(21)
sizes = (3, 6, 4, 1)
theta = {f"{k}{i}": (rng.normal(0, .5, (a, b)) if k == "W" else rng.normal(0, .1, b))
         for i, (a, b) in enumerate(zip(sizes, sizes[1:])) for k in "Wb"}
X = rng.normal(size=(29, 3)); Y = (X ** 2).sum(1, keepdims=True) / 3

def run(i, a):
    """recursive forward; returns output and a pullback"""
    if i == len(sizes) - 1:
        return a, lambda g: {}
    z = a @ theta[f"W{i}"] + theta[f"b{i}"]
    last = i == len(sizes) - 2
    out, rest = run(i + 1, z if last else np.log1p(np.exp(z)))
    def pull(g):
        grads = rest(g)
        d = grads.pop("d", g)
        dz = d if last else d / (1 + np.exp(-z))
        return {**grads, f"W{i}": a.T @ dz, f"b{i}": dz.sum(axis=0), "d": dz @ theta[f"W{i}"].T}
    return out, pull

for _ in range(300):
    out, pull = run(0, X)
    residual = out - Y
    objective = np.einsum("ij,ij->", residual, residual) / (2 * len(X))
    grads = pull(residual / len(X))
    del grads["d"]
    theta = {k: v - 0.05 * grads[k] for k, v in theta.items()}
