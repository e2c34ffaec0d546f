"""Whether verdicts, labels and suggestions are right."""
