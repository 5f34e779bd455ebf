"""The training of a program of one's own, taken over from its trace and run compiled."""
