"""The controls of CPU, memory and threads, and of what is read from Redis."""

from tests.mutants.controls import off

SIGNED, SOCKETS = "tenancy/signed_cache.py", "tenancy/sockets.py"
FEEDS, WATCH, IMAGES = "projects/feeds.py", "projects/watch.py", "accounts/images.py"
FEED, PROSE = "frontend/feed.py", "frontend/prose.py"
FORGED = "tests/isolation/test_forged_redis.py"
POISONED, POKES = "tests/isolation/test_poisoned_redis.py", "tests/sockets/test_pokes.py"
THREADS, SLOTS = "tests/sockets/test_fair_threads.py", "tests/accounts/test_image_slots.py"
COMMENTS, MARKDOWN = "tests/frontend/test_comments.py", "tests/frontend/test_prose.py"

OF_COSTS = [
    off(
        "costs: the cache loads no pickle",
        SIGNED,
        "serializer=AsItIs, ",
        "serializer=None, ",
        f"{POISONED}::test_a_pickle_in_any_key_is_not_loaded",
    ),
    off(
        "costs: no setting brings pickle back",
        SIGNED,
        "serializer=AsItIs, ",
        "serializer=serializer or AsItIs, ",
        f"{POISONED}::test_a_setting_cannot_bring_pickles_back",
    ),
    off(
        "costs: a value of the cache that is damaged is a miss",
        SIGNED,
        "    except (BadSignature, UnicodeDecodeError):\n",
        "    except ZeroDivisionError:\n",
        f"{POISONED}::test_a_value_that_is_damaged_is_a_miss",
    ),
    off(
        "costs: values of the cache are signed",
        SIGNED,
        "until, value = _signer(key).unsign_object(data.decode(), serializer=JSONSerializer)",
        "until, value = None, json.loads(data)",
        f"{FORGED}::test_account_of_a_host_is_not_that_of_a_forged_value[written-slug]",
    ),
    off(
        "costs: for one key",
        SIGNED,
        'salt=f"tenancy.signed_cache:{key}"',
        'salt="tenancy.signed_cache"',
        f"{FORGED}::test_no_value_counts_at_another_key",
    ),
    off(
        "costs: until one time",
        SIGNED,
        " if until is None or time.time() < until else ABSENT",
        "",
        f"{FORGED}::test_value_that_is_put_back_does_not_count_after_its_time",
    ),
    off(
        "costs: what is taken from the cache is signed too",
        SIGNED,
        "        return _or_default(_read(key, data), default)\n\n    def get_many",
        "        return json.loads(data)\n\n    def get_many",
        f"{FORGED}::test_nobody_is_logged_in_by_a_forged_hand_over[written]",
    ),
    off(
        "costs: a malformed message does not end the listener",
        FEEDS,
        "            except ValueError as error:  # also of msgpack",
        "            except ZeroDivisionError as error:  # also of msgpack",
        f"{POKES}::test_the_listener_survives_every_malformed_message",
    ),
    off(
        "costs: the listener begins anew after any fault",
        FEEDS,
        "            except* Exception:",
        "            except* ZeroDivisionError:",
        f"{POKES}::test_the_listener_begins_anew_after_any_fault",
    ),
    off(
        "costs: the announcer goes on after any fault",
        "tenancy/groups.py",
        "        except Exception:  # whatever it is",
        "        except ZeroDivisionError:  # whatever it is",
        f"{POKES}::test_the_announcer_goes_on_after_any_fault",
    ),
    off(
        "costs: a tenant has a share of the threads of sockets",
        SOCKETS,
        "        async with share:\n",
        "        if share:\n",
        f"{THREADS}::test_a_subscription_does_not_wait_behind_sixty_of_another_account",
    ),
    off(
        "costs: handshakes share threads by address",
        SOCKETS,
        ", share_of=address_of(request))",
        ")",
        f"{THREADS}::test_a_handshake_does_not_wait_behind_sixty_others",
    ),
    off(
        "costs: the watch has threads of its own",
        WATCH,
        "in_thread(look, WATCH_THREADS, share_of=tenant.pk)",
        "in_thread(look, share_of=tenant.pk)",
        f"{THREADS}::test_the_watch_waits_for_no_look_that_hangs_and_for_no_subscription",
    ),
    off(
        "costs: the watch waits for no look",
        WATCH,
        "                self._looking[tenant] = asyncio.create_task(self._look_at(tenant))\n",
        "                self._looking[tenant] = asyncio.create_task(self._look_at(tenant))\n"
        "        self._looking = {}\n",
        f"{THREADS}::test_the_watch_waits_for_no_look_that_hangs_and_for_no_subscription",
    ),
    off(
        "costs: the watch goes on after a fault",
        WATCH,
        "            except Exception:  # all sockets",
        "            except OSError:  # all sockets",
        f"{THREADS}::test_the_watch_goes_on_after_a_fault_of_its_own",
    ),
    off(
        "costs: pictures are decoded in slots",
        IMAGES,
        "self._held.total() < SLOTS and self._held[who] < SLOTS_OF_TENANT",
        "True",
        f"{SLOTS}::test_a_tenant_has_one_slot_and_others_find_one",
    ),
    off(
        "costs: a tenant has one slot",
        IMAGES,
        " and self._held[who] < SLOTS_OF_TENANT",
        "",
        f"{SLOTS}::test_a_tenant_has_one_slot_and_others_find_one",
    ),
    off(
        "costs: a picture that needs too much memory is refused",
        IMAGES,
        "if needed > MEMORY:",
        "if False:",
        f"{SLOTS}::test_webp_may_have_fewer_pixels",
        "tests/accounts/test_pictures.py::test_one_of_too_many_pixels_is_refused_before_it_is_read",
    ),
    off(
        "costs: pictures share the memory for decoding",
        IMAGES,
        "self._taken + needed <= MEMORY",
        "True",
        f"{SLOTS}::test_a_picture_waits_for_the_memory_that_another_one_needs",
        f"{SLOTS}::test_waiting_for_memory_ends_and_leaves_nothing_taken",
    ),
    off(
        "costs: the coefficients of a progressive JPEG count as memory",
        "accounts/image_headers.py",
        "found.coefficients = kept",
        "pass",
        "tests/accounts/test_large_pictures.py::test_the_memory_of_a_jpeg_depends_on_how_it_is_coded",
    ),
    off(
        "costs: few wait for a slot",
        IMAGES,
        "if self._waiting >= MOST_WAITING:",
        "if False:",
        f"{SLOTS}::test_few_wait_and_the_others_are_refused_at_once",
    ),
    off(
        "costs: WebP has fewer pixels",
        IMAGES,
        "each = BYTES_OF_WEBP_PIXEL",
        "each = 4",
        f"{SLOTS}::test_webp_may_have_fewer_pixels",
    ),
    off(
        "costs: the scans of a JPEG are counted",
        IMAGES,
        "if jpeg.scans > MOST_SCANS:",
        "if False:",
        f"{SLOTS}::test_a_jpeg_with_many_scans_is_refused",
    ),
    off(
        "costs: a page has a limited amount of Markdown",
        FEED,
        "        room -= cost(row)\n",
        "",
        f"{COMMENTS}::test_a_page_renders_a_limited_amount_of_markdown_and_once",
        f"{COMMENTS}::test_a_page_has_as_many_comments_as_its_cost_allows",
    ),
    off(
        "costs: Markdown is rendered once",
        PROSE,
        "        rendered.put(key, html)\n",
        "",
        f"{MARKDOWN}::test_a_text_is_rendered_once",
    ),
    off(
        "costs: rendered Markdown is kept by tenant",
        PROSE,
        "key = (tenant and tenant.pk, ",
        "key = (None, ",
        f"{MARKDOWN}::test_an_account_is_not_told_what_another_has_rendered",
    ),
    off(
        "costs: the bytes of rendered Markdown are limited",
        PROSE,
        "while self.bytes > MOST_KEPT:",
        "while False:",
        f"{MARKDOWN}::test_what_is_kept_has_a_limit_and_the_oldest_go",
    ),
    off(
        "costs: the lines of Markdown are limited",
        PROSE,
        "lines[:MOST_LINES]",
        "lines",
        f"{MARKDOWN}::test_lines_after_the_two_thousandth_are_shown_as_they_are",
    ),
]
