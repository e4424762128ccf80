"""What users can do with accounts, members and themselves: one function and one transaction for each action."""
