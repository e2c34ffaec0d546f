"""Pictures of reports: SVG made of plain numbers, and the numbers that a script draws anew when asked."""
