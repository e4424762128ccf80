-- The three roles of docs/isolation.md and, optionally, the database. Run by a superuser, once per server:
--
--   psql -v prefix=commonhold -v database=commonhold -f tenancy/postgresql/roles.sql postgres
--
-- Variables, each also read from the environment variable in brackets:
--   prefix             [DB_ROLE_PREFIX]        roles are server-wide, so two installations need two prefixes
--   database           [DB_NAME]               created and owned by <prefix>_owner; nothing is created when it is unset
--   owner_password     [DB_OWNER_PASSWORD]     \
--   app_password       [DB_APP_PASSWORD]        > left alone when unset
--   operator_password  [DB_OPERATOR_PASSWORD]  /
--
-- Running it again changes nothing, except that it sets limits of a former release to those below. What each role may do inside a database is granted by `manage.py migrate`.

\set ON_ERROR_STOP on
\if :{?prefix} \else \getenv prefix DB_ROLE_PREFIX \endif
\if :{?prefix} \else \set prefix commonhold \endif
\if :{?database} \else \getenv database DB_NAME \endif
\if :{?owner_password} \else \getenv owner_password DB_OWNER_PASSWORD \endif
\if :{?app_password} \else \getenv app_password DB_APP_PASSWORD \endif
\if :{?operator_password} \else \getenv operator_password DB_OPERATOR_PASSWORD \endif

-- Two installations that start at the same moment must not race between the look and the CREATE.
SELECT pg_advisory_lock(hashtext('commonhold roles')) \g /dev/null

SELECT format('CREATE ROLE %I', role)
  FROM unnest(ARRAY[:'prefix' || '_owner', :'prefix' || '_app', :'prefix' || '_operator']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- Owns the tables, migrates, bulk-loads. Row security is forced on it like on everyone else.
SELECT format('ALTER ROLE %I LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_owner') \gexec
-- Web, workers, tests. Owns nothing, is a member of nothing. It must never become a member of the operator: a policy
-- for a role also applies to members that inherit it, and then every tenant sees everything.
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_app') \gexec
-- Reads across tenants, and writes nothing.
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION', :'prefix' || '_operator') \gexec
SELECT format('ALTER ROLE %I SET default_transaction_read_only = on', :'prefix' || '_operator') \gexec

-- Limits, so that no request holds a connection, a lock or an old snapshot for ever. As settings of the role and not of
-- a connection, because PgBouncer passes on none of the latter. Errors are answered with 503.
-- Statements: a page takes milliseconds, and proxies and browsers give up after half a minute or so.
SELECT format('ALTER ROLE %I SET statement_timeout = ''30s''', :'prefix' || '_app') \gexec
-- Locks: writes of one project wait for each other. Shorter than a statement, so that the error says what it was.
SELECT format('ALTER ROLE %I SET lock_timeout = ''15s''', :'prefix' || '_app') \gexec
-- Transactions that do nothing: requests wait for no client in one, and the relay of the outbox for a broker that hangs
-- for ten seconds. Jobs may take longer in all three, and say so themselves: tenancy.postgresql.cursors.long_work().
SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', :'prefix' || '_app') \gexec
-- A migration or bulk load takes as long as it takes. But while one waits for a table, all that come after it wait too.
SELECT format('ALTER ROLE %I SET lock_timeout = ''60s''', :'prefix' || '_owner') \gexec
-- Reports across all tenants are slow, and hold back no one but VACUUM.
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
