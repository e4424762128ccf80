"""What the peers' projects have in modules of their own, with our code."""
