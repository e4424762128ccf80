#!/bin/sh
# A walk through the REST API with curl, and python3 to read JSON with. The defaults are those of `make demo`.
#
#     sh examples/tour.sh [BASE [EMAIL [PASSWORD [ACCOUNT [OTHER]]]]]
#
# What it makes stays there to be looked at in the browser.

set -eu
base=${1:-localhost:8000} email=${2:-demo@example.com} password=${3:-password}
account=${4:-tenant-0} other=${5:-tenant-1}
access=

# ask HOST METHOD PATH [JSON [HEADER]]: prints the answer, and fails with what the API says is wrong
ask() {
    set -- "http://$1.$base/api/v1/$3" -X "$2" ${4:+-H 'Content-Type: application/json' -d "$4"} ${5:+-H "$5"}
    curl -sS --fail-with-body --noproxy '*' -m 30 ${access:+-H "Authorization: Bearer $access"} "$@"
}

# api METHOD PATH [JSON [HEADER]]: the same in our account, where an error ends the tour
api() {
    answer=$(ask "$account" "$@") || {
        printf '%s\n' "$answer" >&2
        exit 1
    }
    printf '%s\n' "$answer"
}

# field JSON NAME …: prints what is at that place: `field "$answer" results 0 id`
field() {
    python3 -c 'if True:
        import json, sys
        value = json.loads(sys.argv[1])
        for name in sys.argv[2:]:
            value = value[int(name) if isinstance(value, list) else name]
        print(value)' "$@"
}

# object NAME TEXT …: prints a JSON object
object() {
    python3 -c 'import json, sys; print(json.dumps(dict(zip(sys.argv[1::2], sys.argv[2::2]))))' "$@"
}

tokens=$(api POST auth/token/ "$(object email "$email" password "$password")")
access=$(field "$tokens" access)
echo "Logged in to $(field "$tokens" account slug)."

projects=$(api GET projects/)
project=$(field "$projects" results 0 id)
echo "First project: $(field "$projects" results 0 key)."

# If the answer gets lost, the same request can be sent again: the task is created once.
new=$(object project "$project" title "Order the cake" due_date 2030-01-31)
once="Idempotency-Key: $(python3 -c 'import uuid; print(uuid.uuid4())')"
task=$(api POST tasks/ "$new" "$once")
key=$(field "$task" key)
echo "Created $key: $(field "$task" title)."
again=$(api POST tasks/ "$new" "$once")
echo "Sent it again: still $(field "$again" key)."

statuses=$(api GET "statuses/?project=$project&category=doing")
moved=$(api POST "tasks/$key/move/" "$(object status "$(field "$statuses" results 0 id)")") # a key does wherever an id does
echo "Moved it to $(field "$statuses" results 0 name), version $(field "$moved" version)."

completed=$(api POST "tasks/$key/complete/")
echo "Completed it, version $(field "$completed" version)."

api POST comments/ "$(object task "$key" body "With marzipan, please.")" >/dev/null
found=$(api GET "search/?q=marzipan")
echo "Commented on it, and found $(field "$found" results 0 key) by that $(field "$found" results 0 matches 0 in)."

# Before the access token expires, ten minutes later. A refresh token works once; the answer has the next one.
tokens=$(api POST auth/token/refresh/ "$(object refresh "$(field "$tokens" refresh)")")
access=$(field "$tokens" access)
me=$(api GET me/)
echo "Refreshed the tokens of $(field "$me" email), $(field "$me" role)."

# The same person belongs to the other account too, but this token does not.
refused=$(ask "$other" GET projects/ 2>/dev/null) || echo "At $other: $(field "$refused" code)."
echo "See http://$account.$base/tasks/$key/"
