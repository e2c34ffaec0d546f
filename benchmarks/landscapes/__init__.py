"""The laboratory against laws and against itself."""
