"""Benchmarks of large data: files, many components, clusters of machines."""
