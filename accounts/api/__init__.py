"""The REST API of accounts, the people in them, and credentials."""
