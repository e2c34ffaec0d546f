"""Benchmarks: named, resumable runs that write JSON. ``python -m benchmarks`` lists them."""
