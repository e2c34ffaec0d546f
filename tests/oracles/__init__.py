"""Independent implementations that tests compare with."""
