"""The rewritten program computes what the original computes: the same values, output and errors."""

from textwrap import dedent

import pytest

from .runs import alike, plainly, traced

PROGRAMS = {
    "keywords by the recorder's own names": """
        class Named:
            def of(self, name, owner=0, arguments=1):
                return f"{name} {owner} {arguments}"
        def told(site, function, keywords, part=2):
            return site, function, keywords, part
        seen = [Named().of(name="a", owner=1.5, arguments=2), told(site=1, function=2, keywords=3, part=4)]
        seen += [sum([1.5, 2.0], start=1.0), max([1.5, -2.0], key=abs)]
    """,
    "closures": """
        def counter(start):
            total = start
            def add(by=1.5):
                nonlocal total
                total += by
                return total
            return add
        first, second = counter(0.5), counter(10)
        values = [first(), first(2.25), second(), second(0.125), first()]
        adders = [lambda x, k=k: x + k * 0.1 for k in range(3)]
        shifted = [f(1.0) for f in adders]
    """,
    "global names": """
        rate = 0.5
        def halve():
            global rate, made
            rate *= 0.5
            made = rate + 1.0
            return rate
        seen = [halve(), halve(), rate, made]
    """,
    "generators": """
        def squares(n):
            k = 0.0
            while k < n:
                sent = yield k * k
                k += 1.0 if sent is None else sent
            return "done"
        def both(n):
            outcome = yield from squares(n)
            yield outcome
        listed = list(both(3.0))
        stream = squares(10.0)
        steps = [next(stream), stream.send(2.5), next(stream)]
        stream.close()
        pairs = [(a, b) for a, b in zip(squares(2.0), squares(3.0))]
        lazy = (v * 2 for v in squares(4.0) if v > 0.5)
        total = sum(lazy)
    """,
    "decorators": """
        import functools
        calls = []
        def noted(label):
            def wrap(f):
                @functools.wraps(f)
                def inner(*args, **kwargs):
                    calls.append((label, f.__name__))
                    return f(*args, **kwargs) * 2.0
                return inner
            return wrap
        @noted("a")
        @noted("b")
        def cube(x, *, power=3):
            "What it is for."
            return x ** power
        value, name, text = cube(1.5, power=2), cube.__name__, cube.__doc__
        @functools.lru_cache(maxsize=None)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        tenth = fib(30)
    """,
    "dataclasses": """
        from dataclasses import dataclass, field
        @dataclass
        class Layer:
            n: int
            scale: float = 0.25
            weights: list = field(default_factory=lambda: [1.0, 2.0])
            def __post_init__(self):
                self.size = self.n * self.scale
            def apply(self, x):
                self.weights[0] += x
                return [w * self.scale for w in self.weights]
        layer = Layer(3)
        out, text, equal = layer.apply(2.0), repr(layer), layer == Layer(3, weights=[3.0, 2.0])
    """,
    "class bodies": """
        class Base:
            size = 3
            table = [k * 0.5 for k in range(4)]
            half = property(lambda self: self.size / 2.0)
            if size > 2:
                def big(self, x=size):
                    return x * 1.5
            else:
                def big(self):
                    return 0.0
            for _name in ("a", "b"):
                locals()[_name + "_made"] = _name
            class Inner:
                rate = 0.1
                def twice(self):
                    return self.rate * 2
        class Derived(Base):
            size = Base.size + 2
            def big(self, x=1.0):
                return super().big() + super(Derived, self).big(x)
        values = [Base().big(), Derived().big(), Base().half, Base.Inner().twice(), Base.table, Base.a_made]
    """,
    "name mangling": """
        class Net:
            __rate = 0.5
            def __init__(self, w):
                self.__w = w
                self.__dict__["plain"] = 1.0
            def __step(self, by):
                self.__w -= self.__rate * by
                self.__w, self.__old = self.__w * 2.0, self.__w
                return self.__old
            def run(self):
                found = [self.__step(0.25) for _ in range(2)]
                return found + [getattr(self, "_Net__w")]
        class _Under(Net):
            def __init__(self):
                super().__init__(3.0)
                self.__w = 7.0
        class __:
            def __init__(self):
                self.__x = 1.0
        net, under, odd = Net(4.0), _Under(), __()
        found = [net.run(), under.run(), sorted(vars(under)), sorted(vars(odd))]
    """,
    "walrus": """
        xs = [0.5, 1.5, 2.5]
        kept = [y for x in xs if (y := x * 2) > 2]
        if (n := len(xs)) > 2:
            last = y + n
        while (n := n - 1) > 0:
            pass
    """,
    "star arguments": """
        def f(a, /, b, *rest, c=1.0, **more):
            return [a, b, rest, c, sorted(more.items())]
        pair, keys = (2.0, 3.0), {"c": 4.0, "d": 5.0}
        out = [f(1.0, *pair), f(*pair, 6.0, **keys), f(1, b=2, **{"z": 0.5}), f(*[1, 2], *pair)]
        first, *middle, last = range(5)
        (p, (q, *r)), s = (1.0, (2.0, 3.0, 4.0)), "s"
        merged, together = {**keys, "e": 1.0}, [*pair, *middle]
    """,
    "chained comparison": """
        import numpy as np
        count = []
        def note(v):
            count.append(v)
            return v
        chain = [1.0 < note(2.0) < 3.0, 3.0 < note(1.0) < note(9.0), 1 == 1.0 != 2, 0 <= 0.5 <= 1 > -1.0]
        member = [2 in [1, 2], 2.0 not in (1.0,), None is None, count is not None]
        x = np.array([1.0, 5.0])
        mask = (x > 2) & (x < 9) | ~(x >= 1)
        both = x.all() and x.sum() or x.max()
    """,
    "exceptions": """
        log = []
        def risky(x):
            try:
                log.append("try")
                if x > 2.0:
                    raise ValueError("too large", x)
                return x / (x - 1.0)
            except ZeroDivisionError as error:
                log.append(type(error).__name__)
                return -1.0
            else:
                log.append("never")
            finally:
                log.append("finally")
        found = []
        for x in (0.5, 1.0, 3.0):
            try:
                found.append(risky(x))
            except ValueError as error:
                found.append(error.args)
        try:
            (lambda v: v / 0.0)(1.0)
        except ZeroDivisionError:
            found.append("lambda")
        def ends():
            for k in range(5):
                try:
                    if k == 1:
                        continue
                    if k == 3:
                        break
                    log.append(k)
                finally:
                    log.append(-k)
            else:
                log.append("else")
        ends()
        try:
            int("x")
        except ValueError:
            pass
    """,
    "context managers": """
        from contextlib import contextmanager
        log = []
        class Scale:
            def __init__(self, by):
                self.by = by
            def __enter__(self):
                log.append("in")
                return self
            def __exit__(self, kind, value, traceback):
                log.append(kind.__name__ if kind else "out")
                return kind is KeyError
        @contextmanager
        def doubled(x):
            log.append("open")
            yield x * 2.0
            log.append("close")
        with Scale(0.5) as s, doubled(1.25) as d:
            product = s.by * d
        with Scale(1.0):
            {}["missing"]
    """,
    "default arguments": """
        base = 2.0
        def power(x, n=base + 1.0, *, scale=[base]):
            scale.append(x)
            return x ** n * len(scale)
        base = 100.0
        out = [power(2.0), power(2.0, 2), power(3.0, scale=[0.5])]
        f = lambda x, y=base * 2: x + y
        g = lambda *xs, **kw: sum(xs) + kw.get("k", 0.0)
        more = [f(1.0), g(1.0, 2.0, k=0.5), (lambda: base)()]
    """,
    "comprehension scopes": """
        x = 5.0
        table = [[x * y for x in range(2)] for y in (1.0, 2.0)]
        flat = [x + y for x in (1.0, 2.0) for y in (10.0, 20.0) if x * y > 10.0]
        unique, by_name = {x % 2 for x in range(5)}, {k: v * x for k, v in (("a", 1.0), ("b", 2.0))}
        still = x
        def inside(n):
            return [n * k for k in range(3)], {k: [j * n for j in range(k)] for k in range(3)}
        nested = inside(0.5)
        fs = [(lambda: k) for k in range(3)]
        late = [f() for f in fs]
    """,
    "nested functions": """
        def outer(a):
            b = a * 2
            def middle(c):
                def inner(d):
                    nonlocal b
                    b += d
                    return a + b + c + d
                return inner(0.5) + inner(0.25)
            first = middle(1.0)
            return first, b
        pair = outer(3.0)
    """,
    "properties": """
        class Cell:
            count = 0
            def __init__(self):
                self._value = 1.0
            @property
            def value(self):
                Cell.count += 1
                return self._value
            @value.setter
            def value(self, new):
                Cell.count += 10
                self._value = new * 2
            @staticmethod
            def half(x):
                return x / 2
            @classmethod
            def make(cls, v):
                made = cls()
                made.value = v
                return made
        cell = Cell.make(3.0)
        cell.value += cell.half(1.0)
        cell.value, other = 0.5, cell.value
        for cell.value in (1.0, 2.0):
            pass
        seen = [cell.value, other, Cell.count]
    """,
    "operator overloading": """
        class V:
            made = 0
            def __init__(self, x, y):
                V.made += 1
                self.x, self.y = x, y
            def __add__(self, o): return V(self.x + o.x, self.y + o.y)
            def __mul__(self, k): return V(self.x * k, self.y * k)
            __rmul__ = __mul__
            def __neg__(self): return self * -1.0
            def __matmul__(self, o): return self.x * o.x + self.y * o.y
            def __iadd__(self, o):
                self.x += o.x
                return self
            def __getitem__(self, k): return (self.x, self.y)[k]
            def __setitem__(self, k, v): setattr(self, "xy"[k], v)
            def __lt__(self, o): return self @ self < o @ o
            def __eq__(self, o): return self.x == o.x
            def __len__(self): return 2
            def __iter__(self): return iter((self.x, self.y))
            def __call__(self, k): return self[k] * 2.0
            def __contains__(self, v): return v == self.x
            def __bool__(self): return self.x > 0
            def __pow__(self, n): return V(self.x ** n, self.y ** n)
            def __abs__(self): return (self @ self) ** 0.5
        a, b = V(1.0, 2.0), V(3.0, -4.0)
        c = 2.0 * a + b * 0.5
        kept = c
        c += a
        c[1] += 0.25
        c[0], x = 9.0, c[0]
        out = [c @ b, (-c).x, a < b, a == V(1.0, 0.0), len(a), list(b), c(1), 9.0 in c, bool(-c)]
        more = abs(b), (a ** 2)[1]
        ordered = [v.x for v in sorted([b, a])]
        same, made = kept is c, V.made
    """,
    "slots and dunder getattr": """
        class Slotted:
            __slots__ = ("w", "b")
            def __init__(self):
                self.w = 1.5
        class Open:
            def __getattr__(self, name):
                return name + "!"
            def __setattr__(self, name, value):
                self.__dict__[name] = value * 2
        s, o = Slotted(), Open()
        s.w *= 2
        o.a = 3.0
        o.a += 1.0
        out = [s.w, hasattr(s, "b"), o.a, o.zzz, getattr(s, "b", 0.5), vars(o)]
        setattr(s, "b", 4.0)
        delattr(s, "w")
        left = [s.b, hasattr(s, "w")]
    """,
    "match": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: float
            y: float
        def kind(v):
            match v:
                case 0.0 | 0:
                    return "zero"
                case float(z) if z > 10.0:
                    return z * 2.0
                case [first, *rest]:
                    return first + len(rest) * 0.5
                case {"w": w, **others}:
                    return w * 3.0, others
                case Point(x=a, y=b):
                    return a * b
                case _:
                    return None
        out = [kind(v) for v in (0, 11.0, [1.0, 2, 3], {"w": 2.0, "b": 1}, Point(2.0, 4.0), "s")]
    """,
    "f-strings": """
        x, n, d = 1.23456, 7, {"k": 2.5}
        text = f"{x:.3f} {n + x:>10.2f} {x!r} {d['k'] * 2:g} {f'{n}'} {x * 2 = :.1f}"
        more = f"{'a' if x > 1 else 'b'} {{}}"
        width = 12
        padded = f"{x:{width}.{n}}"
        old = "%.2f and %s" % (x, n) + " {:.1f}".format(x)
        print(text, padded, old, x, sep="|")
    """,
    "del": """
        x, xs, d = 1.0, [1.0, 2.0, 3.0, 4.0], {"a": 1.0, "b": 2.0}
        del x, xs[0], d["a"]
        del xs[1:]
        class C: pass
        c = C()
        c.w = 0.5
        del c.w
        try:
            x
        except NameError as error:
            message = str(error)
        left = [xs, d, hasattr(c, "w")]
    """,
    "recursion": """
        def ackermann(m, n):
            if m == 0:
                return n + 1
            return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))
        def depth(n):
            return 0.0 if n == 0 else 1.0 + depth(n - 1)
        def forever(n):
            return forever(n + 1)
        values = [ackermann(2, 3), depth(300)]
        try:
            forever(0)
        except RecursionError:
            values.append("too deep")
        class Tree:
            visits = 0
            def __init__(self, *kids):
                self.kids, self.total = kids, 0.5
            def visit(self, root):
                root.total += 1.0
                for kid in self.kids:
                    root.total += kid.visit(root)
                return 0.25
        tree = Tree(Tree(Tree()), Tree())
        tree.visit(tree)
        end = tree.total
    """,
    "early exits": """
        def first_large(xs, limit):
            for k, x in enumerate(xs):
                if x < 0:
                    continue
                if x > limit:
                    return k, x
            else:
                return "none"
        def loop(n):
            total = 0.0
            while n > 0:
                n -= 1
                if n % 2:
                    continue
                if n < 2:
                    break
                total += n * 0.5
            else:
                total = -1.0
            return total
        out = [first_large([-1.0, 2.0, 5.0], 3.0), first_large([1.0], 3.0), loop(7), loop(8), loop(0)]
        k = 0
        while k < 3:
            k += 1
        else:
            k += 100
    """,
    "multiple targets": """
        import numpy as np
        a = b = c = [1.0]
        a.append(2.0)
        x = (y, z) = 3.0, 4.0
        i, xs = 0, [10.0, 20.0, 30.0]
        xs[i], i = 5.0, i + 2
        i, xs[i] = 1, 7.0
        xs[0], xs[1] = xs[1], xs[0]
        [p, q], r = [1.0, 2.0], {"k": 0.0}
        r["k"], r["j"] = q, p
        calls = []
        def where(k):
            calls.append(k)
            return k
        xs[where(0)], xs[where(1)] = 0.25, 0.75
        xs[where(2)] = xs[where(0)] = 9.0
        for xs[where(1)] in (1.0, 2.0):
            pass
        W = np.arange(6.0).reshape(3, 2)
        W[0], W[2] = W[2], W[0]
        W[0, 1], W[1, 1] = -1.0, -2.0
        u, v = W[:2]
        w1, (w2, w3) = 0.5, W[2]
    """,
    "augmented assignment": """
        import numpy as np
        class Box: pass
        box, d, xs, t = Box(), {"w": 1.0}, [1.0, 2.0, 3.0], (1.0,)
        alias = xs
        box.w, box.xs = 2.0, [1.0]
        box.w -= 0.5; box.w *= 3; box.w /= 4; box.w **= 2; box.w //= 0.25; box.w %= 0.75
        d["w"] += box.w
        xs[0] += 1.5; xs[-1] -= 0.5; xs += [4.0]; xs *= 2; t += (2.0,)
        box.xs += [2.0]
        n = 7
        n <<= 2; n >>= 1; n &= 12; n |= 1; n ^= 3
        s = "a"
        s += "b"
        A = np.ones((2, 3)); view = A[0]; B = A
        A[0] += 1.0; A[:, 1] *= 2.0; A[A > 2] -= 0.5; A[1, 2] /= 3; A[[0, 1], [2, 0]] += 5.0
        A += 1.0; A **= 2
        A @= np.eye(3)
        order = []
        def key(k):
            order.append(k)
            return k
        def value(v):
            order.append(v)
            xs[0] = 100.0
            box.w = 50.0
            return v
        xs[key(0)] += value(0.5)
        box.w += value(0.25)
        same = [alias is xs, B is A, view.base is A]
    """,
    "annotations": """
        from __future__ import annotations
        rate: float = 0.5
        hint: int
        def f(x: float, *, k: "int" = 2) -> float:
            y: float = x * k
            z: list[float]
            return y
        class C:
            w: float = 1.0
            def __init__(self) -> None:
                self.v: float = 2.0
        out = f(rate) + C().v + C.w
    """,
    "NumPy": """
        import numpy as np
        M = np.matrix([[1.0, 2.0], [3.0, 4.0]])
        row = np.matrix([[0.5, -0.5]])
        products = [M * M, row * M, M * 2, M.T * row.T, M ** 2, M.I, M.A1, M[0], np.multiply(M, M)]
        M *= 0.5
        zero = np.array(2.5)
        zero += 1
        item = zero[()] * 2
        x = np.linspace(0, 1, 5, dtype=np.float32)
        y = x * 2 + x[1]
        z = x @ np.ones(5, np.float32)
        ints = np.arange(6).reshape(2, 3)
        halves = ints / 2
        wave = np.exp(1j * x)
        power = abs(wave) + wave.real ** 2 + (wave * wave.conj()).imag
        rows = [r.sum() for r in ints]
        pairs = [(a, b) for a, b in zip(ints, halves)]
        listed, tupled = list(x), tuple(x[:2])
        back = [v for v in reversed(x)]
        total, mean = sum(x), sum(x) / len(x)
        sums = sum([x, x, x]), sum([0.1] * 10), sum([1, 2.5, np.float64(3)]), sum([[1], [2]], [])
        np.add.at(ints, ([0, 0], [1, 1]), 5)
        out = np.empty(5)
        np.multiply(x, 3.0, out=out)
        np.add(out, 1.0, out)
        out[out > 2] = 0.0
        out[1:3], out[4] = 9.0, -1.0
        swapped = out
        swapped[:] = out[::-1].copy()
        np.clip(out, 0, 5, out=out)
        small = np.float64(3.0) * 2 + np.int64(2)
        masked = np.where(x > 0.5, x, 0)
        nested = np.array([[a * 0.5 for a in r] for r in ints])
        empty, every = x[[]], x[...]
        grown = np.append(x, [1.0, 2.0]), np.concatenate([x, x]), np.vstack([x, x])
        eye = np.eye(2)[[0, 1, 1]]
        words = np.array(["a", "b"])
        hits = (words == "a").astype(float)
        structured = np.zeros(2, dtype=[("w", float)])
        structured["w"] += 1.5
        objects = np.array([1.0, None, "s"], dtype=object)
    """,
    "native callers": """
        import functools, math, operator
        import numpy as np
        mapped = list(map(math.exp, [0.0, 1.0])), list(map(lambda a, b: a * b, [1.0, 2.0], [3.0, 4.0]))
        ordered = sorted([3.0, -1.0, 2.0], key=lambda v: -v * v)
        largest = max([1.0, -3.0], key=abs), min((2.0, 0.5)), max(1.0, 2.0)
        folded = functools.reduce(lambda a, b: a * b + 1.0, [1.0, 2.0, 3.0])
        kept = list(filter(lambda v: v > 1.0, [0.5, 1.5]))
        count = []
        def relu(v):
            count.append(v)
            return v if v > 0 else 0.0
        fast = np.vectorize(relu)
        grid = fast(np.array([[1.0, -2.0], [0.5, 3.0]]))
        @np.vectorize
        def combine(a, b):
            return a * 2 + b
        both = combine(np.arange(3.0), np.arange(2.0)[:, None]), combine(1.0, 2.0)
        rows = np.apply_along_axis(lambda r: r / r.sum(), 1, np.arange(1.0, 7.0).reshape(2, 3))
        scaled = functools.partial(np.multiply, 2.0)(np.arange(3.0))
        summed = functools.partial(np.sum, axis=0)(np.eye(2))
        table = {"f": np.tanh, "g": lambda v: v}
        out = [table[k](0.5) for k in "fg"]
        tally = [len(count), math.fsum([0.1] * 10), math.prod([1.5, 2.0]), math.dist((0.0, 0.0), (3.0, 4.0))]
        ops = operator.mul(2.0, 3.5), operator.itemgetter(1)([1.0, 2.0]), divmod(7.5, 2)
        class Unhashable:
            __hash__ = None
            def __call__(self, v):
                return v * 2
        called = Unhashable()(3.0)
    """,
    "star import": """
        from numpy import *
        x = linspace(0, 1, 3)
        y = exp(x) @ ones(3) + sum(x) + max(x) + abs(-x)[1] + pi
        z = random.RandomState(0).rand(2) + dot(x, x)
    """,
    "other names of NumPy": """
        import numpy
        import numpy as xp, numpy.linalg as la
        from numpy import dot as inner, random as rnd
        x = numpy.arange(3.0)
        y = xp.tanh(x) + la.norm(x) + inner(x, x)
        z = rnd.RandomState(1).randn(3) + numpy.random.RandomState(2).rand()
    """,
    "shadowed names": """
        import numpy as np
        sum = lambda xs: "mine"
        def print(*args):
            return args
        def max(*xs):
            return xs[0]
        list_ = [sum([1.0]), print(1.0), max(0.0, 5.0)]
        def f(np, iter):
            return np * iter
        value = f(2.0, 3.0)
    """,
    "locals, eval and exec": """
        w = 3.0
        got = eval("w * 2") + eval("k", {"k": 1.0})
        exec("made = w + 1")
        here = globals()["w"]
        def f(a):
            b = a * 2
            return eval("a + b")
        value = f(1.5)
    """,
    "async": """
        import asyncio
        async def later(x):
            await asyncio.sleep(0)
            return x * 2.0
        async def numbers():
            for k in range(3):
                yield k * 0.5
        async def main():
            total = 0.0
            async for v in numbers():
                total += v
            pair = await asyncio.gather(later(1.0), later(2.0))
            return total, pair, [v async for v in numbers()]
        out = asyncio.run(main())
    """,
    "metaclasses and enums": """
        import enum, collections, typing
        class Kind(enum.Enum):
            A = 1
            B = "b"
            def twice(self):
                return str(self.value) * 2
        class Meta(type):
            def __new__(mcls, name, bases, space, **kw):
                space["tag"] = kw.get("tag", 0.0) * 2
                return super().__new__(mcls, name, bases, space)
        class Tagged(metaclass=Meta, tag=1.5):
            pass
        P = collections.namedtuple("P", "x y")
        class Q(typing.NamedTuple):
            a: float
            b: float = 2.0
            def total(self):
                return self.a + self.b
        p = P(1.0, 2.0)
        out = [Kind.A.twice(), Kind("b").name, Tagged.tag, p.x + p.y, p._replace(x=5.0), Q(1.0).total()]
        class Net(dict):
            def __missing__(self, key):
                self[key] = 0.5
                return self[key]
        net = Net()
        net["a"] += 1.0
        d = collections.defaultdict(float)
        d["x"] -= 2.0
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_rewritten_program_computes_what_the_original_computes(name):
    """Every global variable has the same bits and types, the output is the same, and so is the error."""
    text = dedent(PROGRAMS[name]).lstrip("\n")
    plain, recorded = plainly(text), traced(text)
    assert repr(plain.error) == repr(recorded.error)
    assert plain.error is None
    assert plain.output == recorded.output
    assert list(plain.space) == list(recorded.space)
    different = [n for n, value in plain.space.items() if not alike(value, recorded.space[n])]
    assert not different, {n: (plain.space[n], recorded.space[n]) for n in different}
