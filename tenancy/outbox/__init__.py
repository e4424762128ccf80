"""The transactional outbox: every job of a tenant is a row here, from the write that asks for it until it is done.

A write and the wish that something follows it are one transaction: `enqueue()` inserts a row, and a rollback takes it
back. The relay (`manage.py relayoutbox`) hands rows that are due to Celery, and the worker deletes a row in the very
transaction of the job's effect. So a job has exactly one effect in the database, however often the broker delivers it,
and none is lost with the broker: what was sent and never done is sent again. A job that keeps failing stays here as a
dead letter.

The table is shared, since the relay works for all tenants at once. It therefore holds names and ids only.
"""
