"""Benchmarks of hostile surroundings: changed files, files that are none, forks and threads."""
