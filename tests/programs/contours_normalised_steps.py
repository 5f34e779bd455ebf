import numpy as np

# heights of a landscape from two coordinates; every step has the same length, whatever the slope
rng = np.random.default_rng(64)
place = rng.uniform(-1, 1, (34, 2))
height = np.sin(2 * place[:, 0]) + place[:, 1] ** 2

first = rng.normal(0, 0.8, (2, 9))
shift = rng.normal(0, 0.3, 9)
last = rng.normal(0, 0.5, 9)
level = rng.normal(0, 0.1, 1)

length = 0.05
for step in range(4000):
    bumps = np.sin(place @ first + shift)
    guess = bumps @ last + level
    misfit = np.mean((guess - height) ** 2)

    g = 2 * (guess - height) / height.size
    g_last = bumps.T @ g
    g_level = g.sum(keepdims=True)
    g_bumps = g[:, None] * last * np.cos(place @ first + shift)
    g_first = place.T @ g_bumps
    g_shift = g_bumps.sum(axis=0)

    size = np.sqrt(sum((v ** 2).sum() for v in (g_first, g_shift, g_last, g_level)))
    first -= length * g_first / size
    shift -= length * g_shift / size
    last -= length * g_last / size
    level -= length * g_level / size
    length *= 0.999
    if step % 400 == 0:
        print(step, misfit, size)
