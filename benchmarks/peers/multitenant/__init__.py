"""django-multitenant: a column `account` in each table, which the package adds to queries, on plain PostgreSQL.

Its optional database backend, for foreign keys that contain the tenant, fails on Django 6.1 (KeyError on_delete_db).
"""
