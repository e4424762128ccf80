"""The REST API of accounts, members and credentials."""
