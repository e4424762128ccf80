"""Content and names of files, without database rows."""
