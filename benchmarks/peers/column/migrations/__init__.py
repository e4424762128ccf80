"""The migrations of the package that `COLUMN_MIGRATIONS` names, and those in this folder."""

import os
from importlib import import_module
from pathlib import Path

__path__ = [*import_module(os.environ["COLUMN_MIGRATIONS"]).__path__, str(Path(__file__).parent)]
