"""Several contributions belong to one place, and the last of them replaces the others.

## What it does
Finds an assignment, or an indexed `+=` with repeated indices, where the contributions have to be added up.

## Why is this wrong?
`d[ids] += g` reads d[ids] once, adds, and writes back: for an index that is drawn twice only the last value
stays. The same happens when a shared weight's gradient is assigned for each of its uses. Rows that are used
often learn too slowly, rare ones correctly, and with no repetition in the batch there is nothing to see.

## Example
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dE = np.zeros_like(E)
dE[ids] += error @ W.T
```

## Use instead
```python
rows = E[ids]
error = rows @ W - t
loss = 0.5 * np.sum(error**2)

dE = np.zeros_like(E)
np.add.at(dE, ids, error @ W.T)
```

## How the derivation goes
The look-up rows_i = E[ids_i] is a product with a matrix of zeros and ones, S_ik = [ids_i = k]: rows = S E.
Hence

    ∂L/∂E = Sᵀ · ∂L/∂rows,        ∂L/∂E_k = Σ over all i with ids_i = k of ∂L/∂rows_i.

The sum is over *all* positions at which row k was drawn. `np.add.at` adds without buffering, so each of
them counts; `np.bincount` with weights does the same for numbers. For a weight that is used twice, ∂L/∂W is
the sum of the gradients of its uses: the first may assign, every other one has to add.

## Fix safety
`=` becomes `+=`, or the indexed `+=` becomes `np.add.at`. Verified at fresh points and with repeated
indices.
"""

from __future__ import annotations

from backproof.faults.rule import Rule

RULE = Rule(
    code="BP303",
    name="not-accumulated",
    group="update",
    summary="A gradient that comes by several paths or duplicates is assigned, not added.",
)
