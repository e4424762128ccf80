"""Writers in threads, and the number of the last event."""

import asyncio
import threading

from django.db import connection

from tenancy.context import tenant_context


def in_the_background(work):
    """Start `work` in a thread that may use the database, and return the thread."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


async def end_of(threads, office, row):
    """Wait for the threads, and return the number of the last event of the row."""
    while any(thread.is_alive() for thread in threads):
        await asyncio.sleep(0.02)

    def read():
        try:
            with tenant_context(office.tenant):
                return type(row).objects.values_list("last_activity_seq", flat=True).get(pk=row.pk)
        finally:
            connection.close()

    return await asyncio.to_thread(read)
