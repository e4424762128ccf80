"""Loads the cast. The servers are started by `config.pytest_plugin`, before settings are read."""

pytest_plugins = ["tenancy.testing"]
