"""Tables in files, as rows of numbers with the names of their columns."""
