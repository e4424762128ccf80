"""Actions on projects, statuses, labels and project members. Each function owns its transaction."""
