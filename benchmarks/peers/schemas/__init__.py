"""django-tenants: a schema for each tenant. Users and sessions are in the schema `public`, as in its documentation."""
