"""Pictures of fits to data: components, repairs, overlap, convergence, selections, local optima."""
