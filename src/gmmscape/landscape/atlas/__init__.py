"""The atlas: all minima and saddles of one landscape, and how they are joined."""
