import numpy as np

np.random.seed(73)
words = "salt pepper onion garlic tomato basil flour sugar butter egg milk".split()
recipes = [[0, 1, 2, 3], [4, 5, 3, 2], [6, 7, 8, 9, 10], [0, 4, 2], [7, 8, 9], [5, 4, 0, 1]]
pairs = [(a, b) for r in recipes for a in r for b in r if a != b]

size = 5
centre = np.random.uniform(-0.5, 0.5, (len(words), size))
context = np.random.uniform(-0.5, 0.5, (len(words), size))
negatives = 3
alpha = 0.1


def sigma(x):
    return 1 / (1 + np.exp(-x))


for step in range(20000):
    a, b = pairs[np.random.randint(len(pairs))]
    others = np.random.choice([w for w in range(len(words)) if w != b], negatives, replace=False)

    v = centre[a]
    good = sigma(v @ context[b])
    bad = sigma(context[others] @ v)
    loss = -np.log(good) - np.sum(np.log(1 - bad))

    dv = (good - 1) * context[b] + bad @ context[others]
    d_good = (good - 1) * v
    d_bad = np.outer(bad, v)

    context[b] -= alpha * d_good
    context[others] -= alpha * d_bad
    centre[a] -= alpha * dv
    if step % 2000 == 0:
        print(step, loss)
