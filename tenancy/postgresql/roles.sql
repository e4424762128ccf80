-- The three roles of docs/isolation.md and, optionally, the database. Run by a superuser, once per server:
--
--   psql -v prefix=commonhold -v database=commonhold -f tenancy/postgresql/roles.sql postgres
--
-- Variables, each also read from the environment variable in brackets:
--   prefix             [DB_ROLE_PREFIX]        roles are server-wide, so two installations need two prefixes
--   database           [DB_NAME]               created, with the owner <prefix>_owner; if unset, no database is created
--   owner_password     [DB_OWNER_PASSWORD]     \
--   app_password       [DB_APP_PASSWORD]        > not changed if unset
--   operator_password  [DB_OPERATOR_PASSWORD]  /
--
-- It is idempotent; a second run updates the limits of an earlier release. `manage.py migrate` grants the privileges of
-- the roles inside a database.

\set ON_ERROR_STOP on
\if :{?prefix} \else \getenv prefix DB_ROLE_PREFIX \endif
\if :{?prefix} \else \set prefix commonhold \endif
\if :{?database} \else \getenv database DB_NAME \endif
\if :{?owner_password} \else \getenv owner_password DB_OWNER_PASSWORD \endif
\if :{?app_password} \else \getenv app_password DB_APP_PASSWORD \endif
\if :{?operator_password} \else \getenv operator_password DB_OPERATOR_PASSWORD \endif

-- Prevents a race of two installations that start at the same time.
SELECT pg_advisory_lock(hashtext('commonhold roles')) \g /dev/null

SELECT format('CREATE ROLE %I', role)
  FROM unnest(ARRAY[:'prefix' || '_owner', :'prefix' || '_app', :'prefix' || '_operator']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- Owns the tables, migrates, bulk-loads. FORCE applies row-level security to it too.
SELECT format('ALTER ROLE %I LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_owner') \gexec
-- Web, workers, tests. Owns nothing, is a member of no role. Never make it a member of the operator: a policy for a role
-- also applies to members that inherit it, so all tenants would see all rows.
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_app') \gexec
-- Reads across tenants, and writes nothing.
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_operator') \gexec
SELECT format('ALTER ROLE %I SET default_transaction_read_only = on', :'prefix' || '_operator') \gexec

-- Limits, so that no request holds a connection, a lock or an old snapshot indefinitely. They are settings of the role,
-- because PgBouncer does not pass on settings of a connection. Requests that exceed them get 503.
-- Statements: a page takes milliseconds, and proxies and browsers time out after about half a minute.
SELECT format('ALTER ROLE %I SET statement_timeout = ''30s''', :'prefix' || '_app') \gexec
-- Locks: writes of one project wait for each other. Shorter than the limit of statements, so that the error is specific.
SELECT format('ALTER ROLE %I SET lock_timeout = ''15s''', :'prefix' || '_app') \gexec
-- Idle transactions: requests do not wait for clients in one, and the relay of the outbox waits at most ten seconds for
-- the broker. Jobs raise all three limits with tenancy.postgresql.cursors.long_work().
SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', :'prefix' || '_app') \gexec
-- A migration or bulk load has no time limit. But while one waits for the lock of a table, all later queries wait too.
SELECT format('ALTER ROLE %I SET lock_timeout = ''60s''', :'prefix' || '_owner') \gexec
-- Reports across all tenants are slow, and only delay VACUUM.
SELECT format('ALTER ROLE %I SET statement_timeout = ''15min''', :'prefix' || '_operator') \gexec
SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''15min''', :'prefix' || '_operator') \gexec

\if :{?owner_password}
SELECT format('ALTER ROLE %I PASSWORD %L', :'prefix' || '_owner', :'owner_password') \gexec
\endif
\if :{?app_password}
SELECT format('ALTER ROLE %I PASSWORD %L', :'prefix' || '_app', :'app_password') \gexec
\endif
\if :{?operator_password}
SELECT format('ALTER ROLE %I PASSWORD %L', :'prefix' || '_operator', :'operator_password') \gexec
\endif

\if :{?database}
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'prefix' || '_owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\endif

SELECT pg_advisory_unlock(hashtext('commonhold roles')) \g /dev/null
