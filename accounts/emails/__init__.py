"""Every email of accounts and users: when it is sent, to whom, with which subject."""
