"""Actions on accounts, members and users: one function and one transaction for each action."""
