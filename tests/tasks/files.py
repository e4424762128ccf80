"""How a client sends files of tasks."""

from tests.accounts.files.clients import Files

FILES = Files("/api/v1/attachments/", "task")
API = FILES.api
