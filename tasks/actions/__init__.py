"""Actions on tasks. Pages, API, jobs and commands call these; each function owns its transaction."""
