"""What the projects of the three peers have in common."""
