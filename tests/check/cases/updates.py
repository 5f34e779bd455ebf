"""Updates: entry by entry, with memory, scaled, clipped, shrunk and penalised."""

from ..case import Case, Mistake
from ..differences import Step

CASES = (
    Case(
        "robot_entries_by_helper",
        Step("for trial in range(20000)", ("w0", "w1", "c0", "c1"), "E"),
        (
            Mistake(
                "d1 = (eX*w1[1,0]+eY*w1[1,1])*h1*(1-h1)",
                "d1 = (eX*w1[1,0]+eY*w1[0,1])*h1*(1-h1)",
                ("wrong-index", "wrong-operand"),
                ("w1[0,1]", "eY*w1[0,1]"),
            ),
            Mistake(
                "w0[1,2] = f(w0[1,2], d2*q)",
                "w0[1,2] = f(w0[1,2], d2*p)",
                ("wrong-operand",),
                ("p", "d2*p"),
            ),
            Mistake("def f(w, d): return w - RATE*d", "def f(w, d): return w + RATE*d", ("sign-flipped",)),
        ),
    ),
    Case(
        "heating_momentum_decayed_rate",
        Step(
            "for epoch in range(3000)",
            tuple(f"net['{k}']" for k in ("W1", "b1", "W2", "b2")),
            "loss",
            tuple(f"gradients['{k}']" for k in ("W1", "b1", "W2", "b2")),
        ),
        (
            Mistake(
                "* logistic(z1)",
                "* logistic(a1)",
                ("derivative-at-wrong-point", "wrong-operand"),
                ("logistic(a1)", "a1"),
            ),
            Mistake('"W2": a1.T @ e', '"W2": z1.T @ e', ("wrong-operand",), ("z1", "z1.T", "z1.T @ e")),
        ),
    ),
    Case(
        "contours_normalised_steps",
        Step("for step in range(4000)", ("first", "shift", "last", "level"), "misfit"),
        (
            Mistake(
                "last * np.cos(place @ first + shift)",
                "last * np.cos(place @ first)",
                ("wrong-operand", "missing-term", "derivative-at-wrong-point", "wrong-activation-derivative"),
                ("np.cos(place @ first)", "place @ first"),
            ),
            Mistake("shift -= length", "shift += length", ("sign-flipped",)),
        ),
    ),
    Case(
        "pumps_normalised_each",
        Step(
            "for k in range(2500)",
            ("pump.A", "pump.a", "pump.B"),
            "sse",
            tuple(f"pump.last[{k}]" for k in range(3)),
        ),
        (
            Mistake(
                "(1 - self.u*self.u)",
                "(1 - self.u)",
                ("wrong-activation-derivative",),
                ("1 - self.u", "(1 - self.u)", "self.u"),
            ),
            Mistake(
                "dA = self.x.T @ dz",
                "dA = self.x.T @ du",
                ("wrong-operand", "missing-factor"),
                ("du", "self.x.T @ du"),
            ),
        ),
    ),
    Case(
        "yields_adam_effective_rate",
        Step(
            "for t in range(1, 3001)",
            tuple(f"theta[{k}]" for k in range(4)),
            "cost",
            tuple(f"gradient[{k}]" for k in range(4)),
        ),
        (
            Mistake(
                "np.where(z > 0, 1.0, a + 1.0)",
                "np.where(z > 0, 1.0, a)",
                ("wrong-activation-derivative", "missing-term", "forward-backward-mismatch"),
                ("a", "np.where(z > 0, 1.0, a)"),
            ),
            Mistake("inner.sum(0), a.T", "inner.mean(0), a.T", ("wrong-scale",), ("inner.mean(0)",)),
        ),
    ),
    Case(
        "loans_shrink_in_update",
        Step(
            "for round_ in range(2000)",
            ("scorer.hidden_weights", "scorer.hidden_bias", "scorer.out_weights", "scorer.out_bias"),
            "shrunk(scorer)",
            early=True,
            helper="""
def shrunk(s):
    s.score(loans)
    size = np.sum(s.hidden_weights ** 2) + np.sum(s.out_weights ** 2)
    return s.deviance(paid) + 0.005 * size
""",
        ),
        (
            Mistake(
                "self.act * (1 - self.act) * (self.out_weights.T",
                "self.chance * (1 - self.chance) * (self.out_weights.T",
                ("wrong-operand", "derivative-at-wrong-point"),
                ("self.chance", "1 - self.chance", "self.chance * (1 - self.chance)"),
            ),
            Mistake(
                "self.out_weights = shrink * self.out_weights - eta",
                "self.out_weights = shrink * self.out_weights + eta",
                ("sign-flipped",),
            ),
        ),
    ),
    Case(
        "tumours_penalty_everywhere",
        Step(
            "for sweep in range(3000)",
            ("coef", "intercept"),
            "whole()",
            early=True,
            helper="""
def whole():
    p = 1 / (1 + np.exp(-(cells.dot(coef) + intercept)))
    return objective(p) + 0.5 * forget * np.dot(coef, coef)
""",
        ),
        (
            Mistake(
                "grad = cells.T.dot(slope) + ridge*coef",
                "grad = cells.T.dot(slope) - ridge*coef",
                ("sign-flipped",),
                ("cells.T.dot(slope) - ridge*coef", "ridge*coef"),
            ),
            Mistake("grad0 = slope.sum()", "grad0 = slope.mean()", ("wrong-scale",), ("slope.mean()",)),
        ),
    ),
    Case(
        "bees_clip_when_large",
        Step(
            "for epoch in range(2500)",
            tuple(f"w['{k}']" for k in ("in", "in_bias", "out", "out_bias")),
            "loss",
        ),
        (
            Mistake(
                "(gate + 1.702 * z * gate * (1 - gate))",
                "(gate + z * gate * (1 - gate))",
                ("missing-factor", "wrong-activation-derivative"),
                (
                    "z * gate * (1 - gate)",
                    "z",
                    "gate + z * gate * (1 - gate)",
                    "z * gate",
                    "gate",
                    "1 - gate",
                    "(1 - gate)",
                ),
            ),
            Mistake(
                '"out_bias": d.sum(axis=1, keepdims=True)',
                '"out_bias": d[:, :1]',
                ("missing-sum", "wrong-index", "unnamed-difference"),
                ("d[:, :1]", "d"),
            ),
        ),
    ),
)
