"""The active tenant: activation, nesting, restoring, and no leak into other threads and tasks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Account
from projects.models import Project
from tenancy.context import (
    NoActiveTenant,
    activate,
    all_tenants,
    as_user,
    deactivate,
    get_active_tenant,
    no_tenant,
    require_active_tenant,
    tenant_context,
)


def test_no_tenant_is_active_initially():
    assert get_active_tenant() is None
    with pytest.raises(NoActiveTenant, match="tenant_context"):
        require_active_tenant()


def test_nested_context_restores_the_outer_tenant(acme, globex):
    with tenant_context(acme):
        with tenant_context(globex):
            assert get_active_tenant() == globex
        assert get_active_tenant() == acme
    assert get_active_tenant() is None


def test_exception_restores_the_outer_tenant(acme, globex):
    with tenant_context(acme):
        with pytest.raises(ZeroDivisionError), tenant_context(globex):
            raise ZeroDivisionError
        assert get_active_tenant() == acme


def test_activate_stays_until_deactivate(acme):
    activate(acme)
    assert require_active_tenant() == acme
    deactivate()
    assert get_active_tenant() is None


@pytest.mark.parametrize("suspend", [no_tenant, lambda: all_tenants(reason="a test")])
def test_a_tenant_is_suspended_and_comes_back(acme, suspend):
    with tenant_context(acme):
        with suspend():
            assert get_active_tenant() is None
        assert get_active_tenant() == acme


def test_as_user_suspends_the_tenant(acme, bob):
    with tenant_context(acme):
        with as_user(bob):
            assert get_active_tenant() is None
        assert get_active_tenant() == acme


@pytest.mark.parametrize("tenant", [None, "acme", Account(slug="unsaved", name="Unsaved")])
def test_only_a_saved_tenant_can_be_activated(tenant):
    with pytest.raises(TypeError, match="Only a saved"), tenant_context(tenant):
        pass


def test_user_cannot_be_activated_as_a_tenant(bob):
    with pytest.raises(TypeError, match="Only a saved"), tenant_context(bob):
        pass


def test_all_tenants_needs_a_reason():
    with pytest.raises(ValueError, match="reason"), all_tenants(reason=" "):
        pass


@pytest.mark.django_db
def test_a_raw_thread_sees_no_tenant(acme):
    caught = []

    def look():
        try:
            list(Project.objects.all())
        except NoActiveTenant as error:
            caught.append(error)

    with tenant_context(acme):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_an_executor_sees_no_tenant(acme):
    with tenant_context(acme), ThreadPoolExecutor(1) as executor:
        assert executor.submit(get_active_tenant).result() is None


def test_a_task_created_before_the_activation_sees_no_tenant(acme):
    async def main():
        go = asyncio.Event()

        async def look():
            await go.wait()
            return get_active_tenant()

        early = asyncio.create_task(look())
        await asyncio.sleep(0)
        with tenant_context(acme):
            late = asyncio.create_task(look())
            go.set()
            return await early, await late

    assert asyncio.run(main()) == (None, acme)


def test_sync_to_async_sees_the_tenant_of_its_caller(acme):
    async def main():
        with tenant_context(acme):
            return await sync_to_async(get_active_tenant)()

    assert asyncio.run(main()) == acme


def test_concurrent_tasks_keep_their_own_tenant(acme, globex):
    async def stay(tenant):
        with tenant_context(tenant):
            for _ in range(50):
                await asyncio.sleep(0)
                assert get_active_tenant() == tenant

    async def main():
        await asyncio.gather(*(stay(tenant) for tenant in (acme, globex) * 5))

    asyncio.run(main())
