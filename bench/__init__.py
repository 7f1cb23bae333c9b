"""The benchmarks: each prints JSON objects, one a line, with a ratio taken in one run."""
