"""Data flow through a run: which node an object is, and what makes, changes and copies it.

``nodes`` knows the node of every object, ``moment`` the time and the frame; ``claims`` checks that a result
is what an operation gives; ``arrays`` takes arrays apart and puts them together, ``writes`` changes them in
place, and ``series`` fills large ones.
"""
