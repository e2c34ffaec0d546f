"""What commands share: options, files that are read and written, rows, progress, words."""
