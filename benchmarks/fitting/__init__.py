"""Which optima fits end in."""
