#!/bin/sh
# Writes PgBouncer's files from the environment and becomes PgBouncer, in transaction mode.
#
#   LISTEN_ADDRESS, LISTEN_PORT   for clients
#   SERVER                        where PostgreSQL is: host=… port=…
#   APP_ROLE, APP_PASSWORD        the one role that may come this way; owner and operator connect directly
#   WEB_CONCURRENCY               number of web processes, from which the size of the pool follows; by default 1
#
# No tenant outlives its transaction, so a server connection may serve another client with each one. docs/isolation.md
# says why this is safe.

set -eu
umask 077
folder=$(mktemp -d)

# In clear text, because PgBouncer logs in to PostgreSQL with it. SCRAM both ways keeps it off the network.
printf '"%s" "%s"\n' "$APP_ROLE" "$APP_PASSWORD" >"$folder/users"

# 16 connections to PostgreSQL for each web process, which has as many to here, and 4 for the workers. More than 90 would
# not fit into PostgreSQL's default of 100. docs/serving.md has the numbers.
size=$((16 * ${WEB_CONCURRENCY:-1} + 4))
[ "$size" -le 90 ] || size=90

# server_login_retry: how long it refuses clients after PostgreSQL could not be reached, before it tries again. With 15 s,
# the default, a restart of PostgreSQL costs so many more.
cat >"$folder/pgbouncer.ini" <<END
[databases]
* = $SERVER

[pgbouncer]
listen_addr = $LISTEN_ADDRESS
listen_port = $LISTEN_PORT
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users
pool_mode = transaction
default_pool_size = $size
max_client_conn = 500
query_wait_timeout = 10
server_login_retry = 1
log_connections = 0
log_disconnections = 0
END

exec pgbouncer "$folder/pgbouncer.ini"
