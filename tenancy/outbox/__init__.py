"""The transactional outbox: a job of a tenant is a row in a table until it is done.

`tenancy.jobs.enqueue()` inserts the row in the transaction of the write that requests the job. The relay
(`manage.py relayoutbox`) sends due rows to Celery. The worker deletes the row in the transaction of the job. So a job
has exactly one effect in the database, however often the broker delivers it, and a broker that fails loses no job:
jobs that were sent and not done are sent again. A job that fails in all attempts stays as a dead letter.

The table is shared, because the relay works for all tenants. It therefore contains only names and ids.
"""
