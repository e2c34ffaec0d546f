"""Long work: named pieces in processes, kept in a checkpoint, watched while they run."""
