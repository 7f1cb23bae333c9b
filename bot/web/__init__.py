"""The pages and the probes, over HTTP."""
