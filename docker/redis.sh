#!/bin/sh
# Becomes a Redis with the password REDISCLI_AUTH, where redis-cli looks for it too. Options are the arguments; the
# password is not among them, because lists of processes show those.
set -eu
exec redis-server - "$@" <<END
requirepass ${REDISCLI_AUTH:?}
END
