"""Benchmarks: what this machine lets the system do. Compare figures within one run, never between runs."""
