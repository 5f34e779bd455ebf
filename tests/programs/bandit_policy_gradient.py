import numpy as np

# REINFORCE on a small contextual bandit: three arms, the best one depends on what is seen
rng = np.random.default_rng(2024)
W1 = rng.normal(0, 0.5, (4, 6))
b1 = rng.normal(0, 0.1, 6)
W2 = rng.normal(0, 0.5, (6, 3))
b2 = rng.normal(0, 0.1, 3)
baseline = 0.0


def reward(state, arm):
    return state[arm] + 0.5 * state[3] * (arm == 1) + 0.1 * rng.normal()


for episode in range(5000):
    xs, hs, ps, arms, rs = [], [], [], [], []
    for t in range(10):
        x = rng.normal(size=4)
        h = np.tanh(x @ W1 + b1)
        e = np.exp(h @ W2 + b2)
        p = e / e.sum()
        arm = rng.choice(3, p=p)
        xs.append(x); hs.append(h); ps.append(p); arms.append(arm)
        rs.append(reward(x, arm))

    X, H, P, R = np.array(xs), np.array(hs), np.array(ps), np.array(rs)
    advantage = R - baseline
    baseline = 0.95 * baseline + 0.05 * R.mean()

    # loss = -mean(log pi(arm) * advantage), never computed
    d = P.copy()
    d[np.arange(10), arms] -= 1
    d *= advantage[:, None] / 10
    dW2 = H.T @ d
    db2 = d.sum(axis=0)
    dh = d @ W2.T * (1 - H ** 2)
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)

    W1 -= 0.1 * dW1
    b1 -= 0.1 * db1
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
    if episode % 500 == 0:
        print(episode, "mean reward", R.mean())
