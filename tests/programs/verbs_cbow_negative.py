import numpy as np

# continuous bag of words: the mean of the neighbours' vectors guesses the word in the middle
text = ("the cat sat on the mat the dog ran to the cat a bird sat on a tree "
        "the bird ran from the dog to a tree the cat ran up the tree").split()
vocabulary = {word: k for k, word in enumerate(dict.fromkeys(text))}
ids = np.array([vocabulary[word] for word in text])
state = np.random.RandomState(92)
inside = state.randn(len(vocabulary), 6) * 0.4
outside = state.randn(len(vocabulary), 6) * 0.4
window, noise, alpha = 2, 4, 0.2


def squash(x):
    return 1.0 / (1.0 + np.exp(-x))


for n in range(15000):
    i = state.randint(window, len(ids) - window)
    around = np.concatenate([ids[i - window:i], ids[i + 1:i + 1 + window]])
    candidates = np.concatenate([[ids[i]], state.randint(0, len(vocabulary), noise)])
    label = np.array([1.0] + [0.0] * noise)

    bag = inside[around].mean(axis=0)
    score = squash(outside[candidates] @ bag)
    loss = -(label * np.log(score) + (1 - label) * np.log(1 - score)).sum()

    d = score - label
    d_bag = d @ outside[candidates]
    g_inside = np.zeros_like(inside)
    np.add.at(g_inside, around, d_bag / len(around))
    g_outside = np.zeros_like(outside)
    np.add.at(g_outside, candidates, d[:, None] * bag)

    inside -= alpha * g_inside
    outside -= alpha * g_outside
    if n % 1500 == 0:
        print(n, loss)
