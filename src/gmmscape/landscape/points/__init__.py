"""Critical points: descents to them, polished and told apart, with their curvatures."""
