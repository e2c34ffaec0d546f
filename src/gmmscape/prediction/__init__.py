"""What a model says of rows: their components, and how likely they are."""
