"""The name of the product. `pyproject.toml` has the short form too; a test compares them."""

NAME = "Commonhold"  # in mails, pages, the OpenAPI document and authenticator apps
SLUG = "commonhold"  # in names of databases, roles, queues, keys and the audience of tokens
