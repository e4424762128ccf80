"""The WebSocket of the API. docs/websocket.md describes it for authors of clients."""

import asyncio
import random
import time
from typing import Any

import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError, InterfaceError

from accounts.extensions import topics
from accounts.live.close_codes import BROKEN, INVALID_TOKEN, NOT_A_MEMBER, RECYCLED, TOO_MANY_FRAMES
from accounts.live.events import Key, encode
from accounts.live.feeds import Subscription, feeds
from accounts.live.frames import Allowance, Refusal, not_found, read_frame
from accounts.live.visitors import Visitor
from accounts.live.watch import watch
from accounts.models import Membership
from tenancy.models import AbstractTenant
from tenancy.sockets import Closed, in_thread

logger = structlog.get_logger("accounts.live.consumer")

MOST_SUBSCRIPTIONS = 100
MOST_BEHIND = 1_000  # events; a client that is further behind reads everything again instead
SEND_SECONDS = 30.0  # that one frame may take
CLOSE_SECONDS = 5.0
RETRY_SECONDS = 2.0
LIFETIME = 6 * 3600.0  # seconds, a tenth more or less, so that not all reconnect at once


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket. Answers frames as they come; beside that, one task sends the events of all its subscriptions.

    Nothing is queued here: a client that reads slowly makes `send()` wait, its subscriptions fall behind, and they
    catch up from the table or, when that is too much, with `resync`.
    """

    channel_layer_alias = ""  # none: the process listens for all its sockets, see feeds.py

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.tenant: AbstractTenant = scope["tenant"]
        self.visitor: Visitor = scope["visitor"]
        self.subscriptions: dict[Key, Subscription] = {}
        self._lost: list[Key] = []  # subscriptions whose loss is to be sent to the client
        self._behind = asyncio.Event()
        self._sending_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + LIFETIME * random.uniform(0.9, 1.1)  # noqa: S311  # no secret
        self._allowance = Allowance(self._loop.time())
        self._task, self._cut = asyncio.current_task(), False
        self._ending: asyncio.Task[None] | None = None
        self._events = asyncio.create_task(self._send_events())
        expires_at, now = self.visitor.token_expires_at, time.time()
        expiry = self._loop.call_later(max(expires_at - now, 0), self._expire) if expires_at else None
        watch.enter(self)
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self._cut:
                raise
        finally:
            if expiry is not None:
                expiry.cancel()
            self._events.cancel()
            for key in list(self.subscriptions):
                self._unsubscribe(key)
            watch.leave(self)

    async def dispatch(self, message: Any) -> None:
        # Without Channels' look at the connections of the main thread to the database: there are none.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        await self.accept(self.scope["subprotocol"])

    async def websocket_disconnect(self, message: Any) -> None:
        raise StopConsumer

    # What the client says --------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self._allowance.take(self._loop.time()):
            self.end(*TOO_MANY_FRAMES)
            return
        try:
            frame = read_frame(text_data)
            if frame.type == "ping":
                await self._send(encode({"type": "pong"}))
            elif frame.type == "unsubscribe":
                self._unsubscribe(frame.key)
            else:
                await self._subscribe(frame.key, frame.since)
        except Refusal as refusal:
            await self._send(encode(refusal.frame))
        except Closed as closed:
            self.end(closed.code, closed.reason)

    async def _subscribe(self, key: Key, since: int | None) -> None:
        """Tell the client the number of the last event, and have it sent those after `since`, or from now on."""
        if key not in self.subscriptions and len(self.subscriptions) >= MOST_SUBSCRIPTIONS:
            detail = f"One socket has at most {MOST_SUBSCRIPTIONS} subscriptions."
            raise Refusal("too_many_subscriptions", detail, key)
        try:
            seq = await in_thread(last_number)(self.visitor, key)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("subscribe_unavailable", error=str(error))
            raise Refusal("unavailable", "Try again in a moment.", key) from error
        self._unsubscribe(key)
        await self._send(encode({"type": "subscribed", key.topic: key.id, "seq": seq}))
        if since is not None and not 0 <= seq - since <= MOST_BEHIND:
            await self._send(encode({"type": "resync", key.topic: key.id}))
            since = None
        feed = feeds.follow(self.tenant, key, seq, self._behind.set)
        self.subscriptions[key] = Subscription(feed, seq if since is None else since)
        self._behind.set()

    def _unsubscribe(self, key: Key) -> None:
        subscription = self.subscriptions.pop(key, None)
        if subscription is not None:
            subscription.ended = True
            feeds.leave(subscription.feed, self._behind.set)

    # Messages --------------------------------------------------------------------------------------------------------

    async def _send_events(self) -> None:
        try:
            while True:
                await self._behind.wait()
                self._behind.clear()
                try:
                    while await self._send_some():
                        pass
                except (DatabaseError, InterfaceError) as error:
                    logger.warning("events_unavailable", error=str(error))
                    self._loop.call_later(RETRY_SECONDS, self._behind.set)
        except OSError:
            pass  # the client is gone, which receive() hears of
        except Exception:  # no code awaits this task, and a silent socket is worse than none
            logger.exception("socket_broken")
            self.end(*BROKEN)

    async def _send_some(self) -> bool:
        """Send some events of each subscription, so that none waits for a busy one. Return whether there are more."""
        while self._lost:
            await self._send(encode(not_found(self._lost.pop()).frame))
        more = False
        for key, subscription in list(self.subscriptions.items()):
            more |= await self._catch_up(key, subscription)
        return more

    async def _catch_up(self, key: Key, subscription: Subscription) -> bool:
        feed = subscription.feed
        if feed.end - subscription.seq > MOST_BEHIND:
            await self._resync(key, subscription)
        for event in await feed.after(subscription.seq):
            if subscription.ended:
                return False
            if event.seq != subscription.seq + 1:
                await self._resync(key, subscription)
                break
            await self._send(event.frame)
            subscription.seq = event.seq
        return subscription.seq < feed.end and not subscription.ended

    async def _resync(self, key: Key, subscription: Subscription) -> None:
        subscription.seq = subscription.feed.end
        await self._send(encode({"type": "resync", key.topic: key.id}))

    async def _send(self, frame: str) -> None:
        if self._ending is None:
            self._sending_since = self._sending_since or self._loop.time()
            await self.send(text_data=frame)
            self._sending_since = None

    # What the watch finds --------------------------------------------------------------------------------------------

    def lose(self, key: Key) -> None:
        """End the subscription of a row that the member may not follow any more, and say so."""
        self._unsubscribe(key)
        self._lost.append(key)
        self._behind.set()

    def look_at_the_clock(self, now: float) -> None:
        """End a socket that is old, or whose client does not read. `now` is the time of the event loop."""
        if self._sending_since is not None and now - self._sending_since > SEND_SECONDS:
            self._hang_up()
        elif now > self._ends_at:
            self.end(*RECYCLED)

    def _expire(self) -> None:
        self.end(*INVALID_TOKEN)

    def end(self, code: int, reason: str) -> None:
        """Close the socket soon, and send nothing else."""
        if self._ending is None:
            self._events.cancel()
            self._ending = asyncio.create_task(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.close(code, reason)
        except OSError:  # the client is gone, or does not read: TimeoutError
            self._hang_up()

    def _hang_up(self) -> None:
        self._cut = True
        if self._task is not None:
            self._task.cancel()


def last_number(visitor: Visitor, key: Key) -> int:
    """Return the number of the last event of `key`, if the visitor may follow it now. Raises Refusal, Closed."""
    membership = Membership.objects.current().filter(pk=visitor.member_id).first()
    if membership is None:
        raise Closed(*NOT_A_MEMBER)
    rows = topics[key.topic].visible_to(membership).filter(pk=key.id)
    number: int | None = rows.values_list("last_activity_seq", flat=True).first()
    if number is None:
        raise not_found(key)
    return number
