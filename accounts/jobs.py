"""Jobs of accounts: clearing away what has expired."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from accounts import clearing
from tenancy.jobs import SystemTask, TenantTask


@shared_task(base=TenantTask, name="accounts.remove_expired")
def remove_expired(day: str) -> None:
    clearing.remove_expired()


@shared_task(base=SystemTask, name="accounts.remove_expired_sessions")
def remove_expired_sessions() -> None:
    """Sessions are shared rows: they are looked up before a tenant is known."""
    SessionStore.clear_expired()
