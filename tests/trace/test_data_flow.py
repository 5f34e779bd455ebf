"""The recorded graph is the program's data flow: at other leaves it gives what the program gives."""

from textwrap import dedent

import numpy as np
import pytest

from .runs import evaluated, plainly, traced

# Each computes ``result`` from the arrays ``x``, shape (3, 2), and ``w``, shape (2, 3), by operations only.
FOLLOWED = {
    "operators": "result = (x @ w - 2 * x[:, :1]) / (1 + x[:, :1] ** 2) + -w[0] + 7.5 // w[1, 2] % 3",
    "an array that a reduction begins with": """
        from functools import reduce
        result = reduce(lambda v, k: np.tanh(v * k) @ (w.T @ w), [1.0, 0.5, 2.0], x @ w)
    """,
    "operators called by name": """
        import operator
        a = x.__mul__(2.0).__add__(w.T).__rsub__(3.0)
        a.__isub__(w.T)
        operator.imul(a, x)
        a.__setitem__((0, 1), w[1, 1] * 2.0)
        rows = [a[0], a[1] * x[2]]
        rows[1] = operator.iadd(rows[1], w[0, :2])
        operator.setitem(rows, 0, rows.__getitem__(1) * float(x[0, 0]).__add__(2.0))
        result = operator.getitem(rows, 0) @ w + a.sum()
    """,
    "Python floats": """
        import math
        a, b = float(x[0, 0]), x[1, 1].item()
        c = math.exp(a) * b - math.log(1 + b * b, 2) + math.pow(b * b + 1, 1.5) + abs(-a) + pow(a, 2)
        d = c if c > -1e9 else b
        result = d * 2 + math.tanh(a) + math.hypot(a, b) + math.atan2(a, 2.0)
    """,
    "two names of one array": """
        a = x * 1.0
        b = a
        b += w.T
        a *= 2.0
        result = a + b
    """,
    "a name that kept the value before": """
        a = float(x[0, 0])
        b = a
        a = a * 3.0
        c = x.copy()
        d = c
        c = c + 1.0
        result = b + a + d.sum() * c.sum()
    """,
    "swapping": """
        a, b = x[0] * 2.0, x[1] * 3.0
        a, b = b, a
        c, d = float(a[0]), float(b[1])
        c, d = d, c
        result = a * c - b / d
    """,
    "an iterator of NumPy that writes": """
        a = (x @ w)[:, ::2].T * 1.0
        b = a.copy()
        with np.nditer(a, op_flags=["readwrite"]) as it:
            for v in it:
                v[...] = np.tanh(v)
        total = 0.0
        for v in np.nditer(b):
            total += v * float(x[0, 0])
        result = a[0] * b[1] + total
    """,
    "a view's write reaches its base": """
        a = x.copy()
        row = a[1]
        row += w[0, :2]
        first = a.T[0]
        first *= 3.0
        flat = a.reshape(-1)
        flat[2] = w[1, 1] * 2.0
        a.ravel()[0] -= w[0, 0]
        part = a[1:][0]
        part[1] += 1.0
        result = a * 2.0
    """,
    "a base's write reaches its views": """
        a = x.copy()
        row, column = a[1], a[:, 0]
        a *= w.T
        a[1, 0] = w[1, 2]
        result = row.sum() + column
    """,
    "a shape that is assigned": """
        a = x * 2.0
        a.shape = (2, 3)
        b = np.array([[np.tanh(a[i][j]) for j in range(3)] for i in range(2)])
        b.shape = (1, 6)
        c = np.array(x[1])
        c.shape = 2, 1
        result = np.dot(np.diag(b[0]), w.reshape(6, 1)) + np.sum(a * w) + c.sum()
    """,
    "writing to and through arrays whose shape is assigned": """
        a = x.copy()
        row = a[1]
        a.shape = (2, 3)
        a *= w
        part = a[:, :2]
        part.shape = (2, 2, 1)
        part += w[0, 0]
        column = a.T[1]
        column.shape = (2, 1)
        column *= 3.0
        a.shape = -1
        a[3] = w[1, 1]
        result = a[:2] * row + part.sum() * column[1, 0]
    """,
    "iteration over arrays": """
        total = 0.0
        for row in x:
            for v in row:
                total += v * v
        for k, (r, c) in enumerate(zip(x, w.T)):
            total = total + (r * c).sum() * k
        for r in reversed(x):
            total = total * 0.5 + r[0]
        result = total + sum(v * 2 for v in x[0]) + [v for v in w[1]][2]
    """,
    "writing to the rows of an iteration": """
        a = x.copy()
        for row, add in zip(a, w.T):
            row += add
        for row in a:
            row *= 2.0
        result = a
    """,
    "sums": """
        a = [float(v) for v in x[0]]
        b = sum(v * 2.0 for v in a) + sum(x, w.T[0])
        result = sum(a) + sum(x) + sum([x[0, 0], 1, 2.5], 0.5) + sum(x[:, 0]) + b
    """,
    "lists of lists": """
        a = [[x[i, j] * 2.0 for j in range(2)] for i in range(3)]
        a[1][0] = a[0][1] + a[2][0]
        a[2] = [v * 3.0 for v in a[2]]
        a[0][1] *= 0.5
        b = np.array(a)
        result = b + [float(v) for v in w[0, :2]]
    """,
    "tolist": """
        a = x.tolist()
        b = w[0].tolist()
        result = a[0][1] * b[2] + a[2][0] + float(x[0, 0].tolist())
    """,
    "dictionaries and attributes": """
        class Layer:
            pass
        layer, params = Layer(), {"w": w * 1.0, "b": w[0, :2] * 1.0}
        layer.w = params["w"]
        layer.w += 1.0
        params["b"] -= x[0]
        layer.b = params["b"] * 2.0
        setattr(layer, "c", getattr(layer, "b") + params["w"][1, :2])
        result = x @ layer.w + layer.c.sum() + layer.b[0]
    """,
    "functions, closures and defaults": """
        def scale(a, by=2.0):
            return a * by
        def outer(k):
            inner = k + 1.0
            def f(v):
                nonlocal inner
                inner = inner * v
                return inner
            f(x[0, 0])
            return f
        f = outer(w[0, 0])
        def both(a):
            return a + 1.0, a * 2.0
        p, q = both(x[2])
        def same(a):
            return a
        result = scale(x, w[1, 1]) + scale(x) + f(2.0) + p * q + same(x) * same(x)[0, 0]
        result = result + (lambda v, *r: v * r[0])(x, 3.0)
    """,
    "generators": """
        def rows(a):
            for k, row in enumerate(a):
                yield row * (k + 1.0)
        def nested(a):
            yield from rows(a * 2.0)
        total = 0.0
        for first, second in zip(rows(x), nested(w.T)):
            total = total + first * second
        stream = rows(x)
        result = total + next(stream) + next(stream) * 3.0
    """,
    "classes that overload operators": """
        class V:
            def __init__(self, a):
                self.a = a
            def __add__(self, o):
                return V(self.a + o.a)
            def __mul__(self, k):
                return V(self.a * k)
            __rmul__ = __mul__
            def __matmul__(self, other):
                return self.a @ other
            def __getitem__(self, k):
                return self.a[k] * 2.0
            def __sub__(self, other):
                return self.a - other
            def __neg__(self):
                return -self.a
            def __float__(self):
                return float(self.a[0, 0] * 5.0)
        v = 2.0 * V(x) + V(w.T)
        result = (v @ w)[0, 0] + v[0] + (v - x) * (-v)[0] + float(v)
    """,
    "properties": """
        class Net:
            def __init__(self, w):
                self._w = w * 1.0
            @property
            def w(self):
                return self._w.T * 2.0
            @staticmethod
            def half(a):
                return a / 2.0
            @classmethod
            def of(cls, w):
                return cls(w * 3.0)
        net = Net.of(w)
        net._w += 1.0
        result = net.w * x + net.half(x)
    """,
    "library calls": """
        from functools import partial
        a = np.exp(x) + np.maximum(w.T, x) + np.where(x > 0.5, x, w.T * 2) + np.clip(x, -0.5, 0.5)
        b = np.concatenate([x, w.T]) + np.vstack([x, w.T]) * np.stack([x, w.T]).reshape(6, 2)
        c = np.einsum("ij,jk->ik", x, w) + np.dot(x, w) + np.tensordot(x, w, 1) + np.outer(x[:, 0], w[0])
        d = x.mean(axis=0, keepdims=True) + np.var(x, axis=0) + x.std(0, ddof=1) + np.linalg.norm(x, axis=0)
        e = np.atleast_2d(w[0])[:, :2] + np.append(x[0], w[0])[1:3] + np.insert(x[0], 1, w[0, 0])[:2]
        result = a.sum() + b.max() + c.T.ravel()[1] + d * e + np.trace(c) + partial(np.sum, axis=0)(x)
    """,
    "ufunc methods": """
        a = np.add.reduce(x) + np.add.reduce(x, axis=1)[0] + np.multiply.reduce(x, axis=0)
        b = np.multiply.outer(x[:, 0], w[0])[1, 2] + np.subtract.outer(x[0], w[1])[0, 0]
        result = a + np.add.outer(x[0], w[0])[:, 1] + b + np.maximum.reduce(x)
    """,
    "splitting": """
        a, b = np.split(w, [1], axis=1)
        top, middle, bottom = np.vsplit(x, 3)
        p, q, r = np.array_split(w[0], 3)
        left, right = np.hsplit(x, 2)
        bottom = bottom * 1.0
        result = x @ a[:, :1] + b.sum() * top + middle * q - bottom / (r ** 2 + 1.0) + p + left * right
    """,
    "out": """
        a = np.empty((3, 2))
        np.multiply(x, 2.0, out=a)
        np.add(a, w.T, a)
        b = np.exp(x, out=np.zeros((3, 2)))
        np.dot(w, x, out=(c := np.zeros((2, 2))))
        np.subtract(a, 1.0, out=a)
        result = a * b + c[0]
    """,
    "assignment to parts": """
        a = np.zeros((3, 2))
        a[0] = x[0]
        a[1, 1] = w[0, 0]
        a[[2, 1], [0, 0]] = w[1, :2]
        a[a > 0.1] *= 2.0
        a[x < 0] = 0.25
        a[:, 1] -= w[0]
        a[2, :] = [x[1, 1], 3.0]
        a[-1] += [1.0, 2.0]
        a[[]] = 7.0
        result = a * x
    """,
    "repeated indices": """
        a = np.zeros(4)
        np.add.at(a, [0, 1, 1, 3], np.append(x[0], w[0, :2]))
        np.subtract.at(a, np.array([2, 2]), x[1])
        b = w[:, [0, 0, 2]]
        result = a * b[0, 1] + b[1].sum()
    """,
    "unpacking": """
        a, (b, *c) = x[0, 0] * 2.0, w[0] * 1.0
        class Box:
            pass
        box, parts, grid = Box(), [0.0, 0.0], np.zeros((2, 2))
        box.p, parts[1] = x[1]
        grid[0], grid[1, 0] = w[1, :2], a
        [p, q] = [x[2], w[1]]
        u = (v, _) = x[0]
        for s, t in x:
            a = a + s * t
        for k, (s, t) in enumerate(x):
            a = a + s * k
        a = a + sum([s * t for s, t in x]) + sum([s - t for k, (s, t) in zip(w[0], x)])
        for box.q in x[2]:
            pass
        result = a * b + c[1] + box.p * parts[1] + grid + p * q[:2] + box.q + u * v
    """,
    "matrices": """
        a, b = np.matrix(x), np.matrix(w)
        c = a * b + 2 * np.eye(3)
        c *= np.matrix(np.eye(3) * 0.5)
        a -= b.T
        result = np.asarray(c)[:, :2] + np.asarray(np.multiply(a, a)) + a.A * c[0, 1] + a.sum(axis=0).A1
    """,
    "0-d arrays": """
        a = np.array(x[0, 0])
        a += 1.0
        b = a
        b *= w[0, 0]
        a[...] = a * 2.0
        a[()] -= 0.5
        result = a * x + b[()]
    """,
    "loops over indices": """
        n = 0
        a = np.zeros((3, 3))
        while n < 3:
            for j in range(3):
                if j == 1 and n == 1:
                    continue
                for k in range(2):
                    a[n, j] += x[n, k] * w[k, j]
            n += 1
        result = a
    """,
    "map, reduce, sorted and filter": """
        from functools import reduce
        import math, operator
        a = [float(v) for v in x[:, 0]]
        b = list(map(math.exp, a)) + list(map(lambda u, v: u * v, a, b := [v * 2.0 for v in a]))
        c = reduce(lambda u, v: u * 0.5 + v, b) + reduce(operator.mul, a)
        d = sorted([v * v for v in a])[1] + max(a) + min(a, key=abs) + list(filter(lambda v: v > -9, a))[2]
        e = [operator.add(u, v) for u, v in zip(*[iter(a + [1.0])] * 2)]
        result = c + d + e[1] + math.fsum(a) + math.prod(a) + math.dist(a, [1.0, 2.0, 3.0])
    """,
    "copies": """
        import copy
        class Net:
            def __init__(self, w):
                self.layers = [{"w": w * 2.0, "b": float(w[0, 0])}]
                self.me = self
        net = Net(w)
        old = copy.deepcopy(net)
        net.layers[0]["w"] -= 1.0
        a, b = copy.copy(x), copy.deepcopy([x, (w, 1)])
        a += 1.0
        result = (a * old.layers[0]["w"].T) @ net.layers[0]["w"] * old.layers[0]["b"] + b[0] @ b[1][0]
    """,
    "walrus": """
        if (a := x * 2.0)[0, 0] > -9 and (k := 3) > 2:
            b = [(c := v * 2.0) + c for v in w[0]]
        a, d = a + k, a
        result = a * d + b[1] * c
    """,
    "containers": """
        from collections import deque, OrderedDict
        q = deque([x[0] * 2.0, x[1] * 3.0])
        q.append(w[0, :2] * 1.0)
        a = q.popleft() + q[-1] * q.pop()
        d = OrderedDict(p=x[2] * 1.0)
        d.update(r=a)
        xs = []
        xs.extend(w[1])
        xs.insert(0, x[0, 1] * 4.0)
        t = dict(zip("ab", w[:, 0]))
        result = a * d.pop("p") + d.get("r") + xs.pop(0) + xs[2] + t["b"] + {**t}["a"] + [*xs][0]
    """,
    "np.frompyfunc": """
        half = np.frompyfunc(lambda v, k: v * k if v > 0 else 0.1 * v, 2, 1)
        result = half(x, x * 2.0).astype(float) + float(half(x[0, 0], 3.0))
    """,
    "np.apply_along_axis": """
        def centred(row, scale, power=1):
            return (row - row.mean()) * scale ** power
        def ends(column):
            return [column[0], column[-1] * 2.0]
        def bent(row):
            row -= row.max()
            return row.sum()
        rows = np.apply_along_axis(centred, 1, x, 2.0, power=2)
        columns = np.apply_along_axis(ends, 0, x)
        cube = np.apply_along_axis(lambda v: np.outer(v, v), -1, x[None] * 1.0)
        y = x * 1.5
        sums = np.apply_along_axis(bent, 1, y)
        total = np.apply_along_axis(np.sum, 0, x).sum() + cube[0, 1, 0, 1] * cube[0, 2].sum()
        result = rows @ columns + sums[:, None] * total + y
    """,
    "items along an axis": """
        at = np.array([[1], [0], [1]])
        y = x * 2.0
        np.put_along_axis(y, at, np.take_along_axis(x, at, axis=1) - 1.0, axis=1)
        np.put_along_axis(y, np.array([[2, 0]]), x[:1] * 5.0, 0)
        result = y + np.take_along_axis(y, np.array([5, 0]), None).sum()
    """,
    "np.put": """
        y = x * 2.0
        np.put(y, [0, -1, 3], x[0, 0] * 3.0)
        np.put(y, np.array([[1, 2]]), x[1] - 1.0)
        y.put(4, x[1, 1])
        result = y * x
    """,
    "np.vectorize": """
        def act(v, k=2.0):
            return v * v * k if v > 0 else v * 0.1
        fast = np.vectorize(act)
        @np.vectorize
        def mix(a, b):
            return a * b + 1.0
        result = fast(x) + mix(x, w[0, :2]) + fast(x[0, 0]) + fast(w.T) * mix(x.T, 2.0).T
    """,
    "lists that are added to arrays": """
        grads = [x * 1.0]
        grads += [w.T * 2.0]
        biases = [0.5, 1.5]
        biases += w[0, :2]
        total = [float(x[0, 0]), 2.0]
        total = total + w[1, :2]
        result = grads[0] * grads[1] + biases + total
    """,
    "aug-assignments in functions": """
        def step(p, g, lr=0.1):
            p -= lr * g
            p[0] *= 2.0
        a, b = x.copy(), w.T.copy()
        for p, g in zip([a, b], [b * 1.0, a * 1.0]):
            step(p, g)
        result = a * b
    """,
    "float32": """
        a = x.astype(np.float64) * 2
        a[0] = np.exp(a[0])
        b = a.astype(np.float64)
        b += 1
        result = b @ w
    """,
    "integers that become floats": """
        u, k = 2, [1, -2]
        v = np.array([1, 2, 3])
        u -= x[0, 0] * 0.5
        k[1] = k[1] - float(x[1, 1])
        v = v - w[0] * 0.25
        result = u * v + k[1] * k[0]
    """,
    "exceptions": """
        def risky(a):
            try:
                if a[0, 0] > -9:
                    raise ValueError
                return a
            except ValueError:
                a = a * 3.0
                return a + w.T
            finally:
                a = None
        try:
            (lambda a: a / None)(x)
        except TypeError:
            pass
        result = risky(x) * risky(x)[0]
    """,
    "random numbers stay what they were": """
        rng = np.random.RandomState(3)
        noise = rng.randn(3, 2)
        order = rng.permutation(3)
        mask = rng.rand(3, 2) < 0.5
        result = (x + noise)[order] * mask
    """,
}


def _inputs(seed):
    random = np.random.default_rng(seed)
    # of one sign pattern and order, so that no branch of the programs goes the other way
    x = np.array([[0.9, 1.7], [-0.4, -1.1], [0.6, 0.3]]) * random.uniform(0.97, 1.03, (3, 2))
    w = np.array([[0.8, -0.5, 1.3], [-1.2, 0.45, 0.7]]) * random.uniform(0.97, 1.03, (2, 3))
    return {"x": x, "w": w}


@pytest.mark.parametrize("name", FOLLOWED)
def test_the_graph_at_other_leaves_gives_what_the_program_gives(name):
    """The graph of one run, evaluated with other inputs, equals the program run with these inputs."""
    text = "import numpy as np\n" + dedent(FOLLOWED[name]).lstrip("\n")
    recorded, other = traced(text, _inputs(1)), _inputs(2)
    assert recorded.error is None
    assert recorded.unknown("result") == []
    np.testing.assert_allclose(recorded.node("result").value, recorded.space["result"], rtol=1e-12)
    again = evaluated(recorded.node("result"), {recorded.leaves[k]: v for k, v in other.items()})
    np.testing.assert_allclose(again, plainly(text, _inputs(2)).space["result"], rtol=1e-9, atol=1e-12)
