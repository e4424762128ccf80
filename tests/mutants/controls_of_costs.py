"""The controls of CPU, memory and threads, and of what is read from Redis."""

from tests.mutants.controls import off

CACHE = "tenancy/cache.py"
POISONED = "tests/isolation/test_poisoned_redis.py"

OF_COSTS = [
    off(
        "costs: the cache loads no pickle",
        CACHE,
        ', "serializer": JSONSerializer}',
        "}",
        f"{POISONED}::test_a_pickle_in_any_key_is_not_loaded",
    ),
    off(
        "costs: no setting brings pickle back",
        CACHE,
        'options = {**params.get("OPTIONS", {}), "serializer": JSONSerializer}',
        'options = {"serializer": JSONSerializer, **params.get("OPTIONS", {})}',
        f"{POISONED}::test_a_setting_cannot_bring_pickles_back",
    ),
    off(
        "costs: a value of the cache that is damaged is a miss",
        CACHE,
        "        except UnreadableValue:\n",
        "        except ZeroDivisionError:\n",
        f"{POISONED}::test_a_value_that_is_damaged_is_a_miss",
    ),
]
