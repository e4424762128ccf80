"""How a client sends files of tasks."""

from tests.accounts.files.sending import Files

FILES = Files("/api/v1/attachments/", "task")
API = FILES.api
