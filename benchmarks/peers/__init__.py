"""The same small task tracker with other packages for multi-tenancy, compared with ours: `make bench-peers`.

`shared` has what the three projects have in common, `plain`, `multitenant` and `schemas` are the projects, each with
settings, models, views and `tenants`, and `ours` does with our code what `tenants` does in them.
"""
