"""The settings that `COLUMN_SETTINGS` names, with one migration more."""

import os
from importlib import import_module

globals().update(
    {name: value for name, value in vars(import_module(os.environ["COLUMN_SETTINGS"])).items() if name.isupper()}
)
MIGRATION_MODULES = {"tasks": "benchmarks.peers.column.migrations"}
