"""The benchmarks: each prints JSON objects, one a line, with a ratio measured in one run."""
