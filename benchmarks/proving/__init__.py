"""Benchmarks of proofs."""
