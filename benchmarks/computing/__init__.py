"""What an iteration, a fit and an integral cost."""
