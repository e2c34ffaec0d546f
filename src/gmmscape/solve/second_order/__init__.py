"""Second order: coordinates, exact curvature, and steps of a quadratic model where EM would creep."""
