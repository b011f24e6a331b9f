"""Benchmarks of the hot paths, each beside a floor in the same run: ``python -m bench``."""
