"""Controls of limits by client address, and of secrets and names in logs and mails."""

from tests.mutants.controls import Edit, Mutant, off

LIMITS, LOGS, NAMES = (f"tests/isolation/test_{name}.py" for name in ("limits", "secrets_in_logs", "names"))
TEXTS = "tests/isolation/test_normalized.py"
ADDRESSES, QUOTAS = "tests/tenancy/test_clients.py", "tests/accounts/files/test_attachment_quotas.py"
HEARTBEATS, SETTINGS, DEMO = (
    "tests/jobs/test_heartbeat.py",
    "tests/config/test_settings.py",
    "tests/config/test_demo.py",
)
CLIENTS, MASKING, SIGNING_UP, LOGGING = (
    "tenancy/clients.py",
    "config/masking.py",
    "accounts/actions/sign_up.py",
    "config/logs.py",
)
URLS = "accounts/actions/attachments.py"

OF_CLIENTS = [
    off(
        "an address has no port",
        CLIENTS,
        '    elif host.count(":") == 1:\n        host = host.partition(":")[0]\n',
        "",
        f"{ADDRESSES}::test_address_of_a_proxy_is_read_in_many_formats[203.0.113.1:51-203.0.113.1]",
    ),
    off(
        "a proxy that names no client is counted itself",
        CLIENTS,
        '.rpartition(",")[2]) or peer',
        '.rpartition(",")[2])',
        f"{LIMITS}::test_a_proxy_that_names_no_address_does_not_lock_out_the_clients_of_others[unknown]",
    ),
    off(
        "a mapped address is no other one",
        CLIENTS,
        "    if isinstance(address, IPv6Address) and address.ipv4_mapped:\n",
        "    if False:\n",
        f"{LIMITS}::test_client_behind_a_proxy_cannot_forge_the_address_of_another[mapped into IPv6]",
    ),
    off(
        "the log names the address that limits use",
        "config/request_log.py",
        "structlog.contextvars.bind_contextvars(ip=address_of(request))",
        "super().bind_ip(request)",
        f"{LOGS}::test_the_address_in_the_log_is_the_one_that_limits_use",
    ),
    off(
        "a mailbox is written to by few sign-ups",
        "config/settings.py",
        '"20/h/ip,50/d/ip,3/h/key,5/d/key"',
        '"20/h/ip,50/d/ip"',
        f"{LIMITS}::test_sign_ups_cannot_flood_a_mailbox",
    ),
    off(
        "a mailbox is one whatever the tag",
        "accounts/adapters.py",
        "{local.partition('+')[0]}@{domain}",
        "{local}@{domain}",
        f"{LIMITS}::test_sign_ups_cannot_flood_a_mailbox",
    ),
    off(
        "a client signs up a few times an hour",
        "config/settings.py",
        '"20/h/ip,50/d/ip,3/h/key,5/d/key"',
        '"3/h/key,5/d/key"',
        f"{LIMITS}::test_client_can_reserve_few_slugs[nothing]",
    ),
    off(
        "an unconfirmed name is reserved for an hour",
        SIGNING_UP,
        "    _free_reserved(slug or slug_of(account_name))\n",
        "",
        f"{LIMITS}::test_slug_is_reserved_for_an_hour_and_then_available",
    ),
    off(
        "a confirmed name is not given away",
        SIGNING_UP,
        "        if not is_unconfirmed():\n            return\n",
        "        pass\n",
        f"{LIMITS}::test_slug_of_a_confirmed_account_stays_reserved",
    ),
    off(
        "bytes of a presigned URL count until it expires",
        URLS,
        "    require_room_for_file(file.size, *stored_rows())\n",
        "    require_room_for_file(file.size, *stored_rows()[:-1])\n",
        f"{QUOTAS}::test_bytes_count_until_their_presigned_url_expires",
    ),
    off(
        "what an expired URL has taken is removed",
        URLS,
        "    close_expired_urls()\n    attachment",
        "    attachment",
        f"{QUOTAS}::test_bytes_count_until_their_presigned_url_expires",
    ),
    off(
        "what is waited for is not removed with its URL",
        "accounts/actions/attachment_inspection.py",
        "set(ids) - known_ids(ids, Q(state=AttachmentState.PENDING))",
        "set(ids)",
        f"{QUOTAS}::test_pending_upload_is_kept_when_its_url_expires",
    ),
]

OF_SECRETS = [
    off(
        "no log line has a path as it is",
        LOGGING,
        "    structlog.processors.format_exc_info,\n    mask_addresses,\n",
        "    structlog.processors.format_exc_info,\n",
        f"{LOGS}::test_log_lines_contain_no_secret_of_a_url[SECRET]",
    ),
    off(
        "no log line has a query",
        MASKING,
        """f"{found['rest'][0]}{MASK}" if found["rest"] else \"\"""",
        'found["rest"] or ""',
        f"{LOGS}::test_log_lines_contain_no_secret_of_a_url[auth/hand-over/]",
    ),
    off(
        "no log line has the decoded path of a request",
        MASKING,
        "            text = value.replace(path, mask_path(path)) if path else value\n",
        "            text = value\n",
        f"{LOGS}::test_log_lines_contain_no_secret_of_a_url[x-SECRET/]",
    ),
    off(
        "no log line has the password of a server",
        MASKING,
        '    if "@" in origin:\n',
        "    if False:\n",
        f"{LOGS}::test_error_texts_in_the_log_are_masked",
    ),
    off(
        "the web server writes its lines as we do",
        LOGGING,
        '            "uvicorn": {"handlers": [], "propagate": True},\n',
        "",
        f"{LOGS}::test_log_lines_of_the_web_server_contain_no_secret",
    ),
    off(
        "workers listen to no remote control",
        "config/settings.py",
        '    "worker_enable_remote_control": False,\n',
        "",
        f"{HEARTBEATS}::test_ready_worker_touches_heartbeat_and_has_no_remote_control",
    ),
    off(
        "Celery knows its own settings only",
        "config/celery.py",
        "app.config_from_object(settings.CELERY)\n",
        'app.config_from_object({**settings.CELERY, "databases": settings.DATABASE_URLS})\n',
        f"{HEARTBEATS}::test_celery_configuration_contains_no_secret_of_another_server",
    ),
    off(
        "a worker without its broker looks dead",
        "config/heartbeat.py",
        "                broker.ping()\n",
        "                pass\n",
        f"{HEARTBEATS}::test_heartbeat_file_is_not_touched_while_the_broker_is_unavailable",
    ),
    off(
        "a worker that was cut off looks dead",
        "config/heartbeat.py",
        "            self._entry.cancel()\n",
        "            pass\n",
        f"{HEARTBEATS}::test_heartbeat_file_is_touched_while_the_worker_is_connected",
    ),
    off(
        "jobs are in no database of the cache",
        "config/connections.py",
        'path=f"/{int(number) + 1}"',
        'path=f"/{int(number)}"',
        f"{SETTINGS}::test_jobs_are_in_another_database_than_the_cache",
    ),
    off(
        "published secrets are refused where others reach it",
        "config/settings.py",
        "        trial.refuse_published(name, read(name))\n",
        "        pass\n",
        f"{SETTINGS}::test_published_secret_is_refused_on_reachable_hosts[SECRET_KEY]",
    ),
    off(
        "the demo's servers have no connection of the operator",
        "config/demo.py",
        'WITHHELD = ("DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")',
        'WITHHELD = ("DATABASE_OWNER_URL",)',
        f"{DEMO}::test_servers_get_no_connection_of_roles_that_see_all_tenants",
    ),
]

OF_NAMES = [
    off(
        "text is stored in one form",
        "tenancy/fields.py",
        "        return self.in_form(value) if isinstance(value, str) else value\n",
        "        return value\n",
        f"{TEXTS}::test_every_text_of_every_model_is_normalized",
        f"{TEXTS}::test_commands_and_direct_saves_normalize_names",
    ),
    off(
        "names have no hidden characters",
        "tenancy/lines.py",
        "    return normalized(shown.strip() or text)\n",
        "    return normalized(text)\n",
        f"{TEXTS}::test_a_label_with_a_hidden_character_is_the_one_without[\\u200b]",
        f"{TEXTS}::test_every_write_normalizes_names",
    ),
    off(
        "a longer name mentions no member with a shorter one",
        "tasks/mentions.py",
        '            if end != ends[0] and text[end : end + 1] != " ":\n',
        "            if False:\n",
        "tests/tasks/test_mentions.py::test_longest_of_matching_names_is_mentioned[@\\u738b\\u5c0f\\u660ex-meant9]",
    ),
    off(
        "what is derived from a text is written with it",
        "tenancy/fields.py",
        "        return named | {field.name for field in derived if not named.isdisjoint(field.sources)}\n",
        "        return named\n",
        "tests/frontend/test_sorted_names.py::test_changed_name_is_sorted_again",
        "tests/tasks/test_search_api.py::test_changed_task_is_found_by_its_new_text_only",
    ),
    off(
        "an e-mail address mentions no member",
        "tasks/mentions.py",
        '    return before in JOINING or unicodedata.category(before)[0] in "LNM"\n',
        "    return False\n",
        "tests/tasks/test_mentions.py::test_text_mentions_the_expected_members[x@Ada-meant33]",
    ),
    off(
        "a query has a limit of words",
        "tasks/queries.py",
        "    if len(search_words(query)) > MOST_WORDS:\n",
        "    if False:\n",
        "tests/tasks/test_search_api.py::test_query_with_too_many_words_is_refused",
    ),
    off(
        "a name has one line",
        "tenancy/lines.py",
        "    if any(unicodedata.category(each) in BREAKS or each in BIDI for each in text):\n",
        "    if any(each in BIDI for each in text):\n",
        f"{NAMES}::test_every_endpoint_refuses_hostile_names[rename_account]",
    ),
    off(
        "a name turns no text around",
        "tenancy/lines.py",
        "    if any(unicodedata.category(each) in BREAKS or each in BIDI for each in text):\n",
        "    if any(unicodedata.category(each) in BREAKS for each in text):\n",
        f"{NAMES}::test_every_endpoint_refuses_hostile_names[rename_person]",
    ),
    off(
        "a name can be seen",
        "tenancy/lines.py",
        "unicodedata.category(each)[0] in SHOWN and each not in BLANK",
        "True",
        f"{NAMES}::test_every_endpoint_refuses_hostile_names[add_project]",
    ),
    Mutant(
        "mails quote names",
        (Edit("accounts/emails/sending.py", 'return f"“{Truncator', 'return f"{Truncator'),),
        (f"{NAMES}::test_quotes_within_a_name_do_not_end_the_name",),
    ),
    off(
        "a quote in a name does not end it",
        "accounts/emails/sending.py",
        ".translate(QUOTES)",
        "",
        f"{NAMES}::test_quotes_within_a_name_do_not_end_the_name",
    ),
    off(
        "mails invite in quotes",
        "accounts/templates/mail/invitation.txt",
        "who=invitation.invited_by.user|quoted",
        "who=invitation.invited_by.user",
        f"{NAMES}::test_name_is_delimited_from_the_text_of_mails",
    ),
]
