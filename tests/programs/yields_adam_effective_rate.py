import numpy as np

# crop yields; Adam as in the last lines of section 2 of the paper: the corrections are put into the rate
rs = np.random.RandomState(303)
soil = rs.normal(size=(29, 6))
grain = np.where(soil[:, :2] > 0, soil[:, 2:4], 0.2) + 0.05 * rs.normal(size=(29, 2))

theta = [rs.normal(size=(6, 5)) * 0.4, rs.normal(size=5) * 0.1, rs.normal(size=(5, 2)) * 0.4, rs.normal(size=2) * 0.1]
first_moment = [np.zeros(p.shape) for p in theta]
second_moment = [np.zeros(p.shape) for p in theta]
alpha, b1, b2, eps = 0.01, 0.9, 0.99, 1e-8


def elu(z):
    return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)


def cost_and_gradient(theta):
    W, w, V, v = theta
    z = soil @ W + w
    a = elu(z)
    miss = a @ V + v - grain
    cost = (miss ** 2).sum() / len(soil)
    back = 2 * miss / len(soil)
    inner = (back @ V.T) * np.where(z > 0, 1.0, a + 1.0)
    return cost, [soil.T @ inner, inner.sum(0), a.T @ back, back.sum(0)]


for t in range(1, 3001):
    cost, gradient = cost_and_gradient(theta)
    alpha_t = alpha * np.sqrt(1 - b2 ** t) / (1 - b1 ** t)
    for i, g in enumerate(gradient):
        first_moment[i] = b1 * first_moment[i] + (1 - b1) * g
        second_moment[i] = b2 * second_moment[i] + (1 - b2) * np.square(g)
        theta[i] = theta[i] - alpha_t * first_moment[i] / np.sqrt(second_moment[i] + eps)
    if t % 300 == 0:
        print(t, cost)
