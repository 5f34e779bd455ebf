"""Programs to try backproof on; `backproof demo` tells their story."""
