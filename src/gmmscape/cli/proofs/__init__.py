"""The commands of ``gmmscape prove``, one a file."""
