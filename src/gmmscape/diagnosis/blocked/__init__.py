"""Diagnoses and repairs of rows in blocks."""
