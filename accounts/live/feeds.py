"""The feeds of this process: one for each row that its sockets follow, read once for all of them.

A feed is notified of new events of its row, reads them and wakes its followers, which take them at their own pace.
Nothing is queued for a follower: it knows the number of the last event that it has sent, and events that are not among
the recent ones are read from the table again.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from accounts.live.events import Event, Key, read_events
from tenancy.context import tenant_context
from tenancy.groups import group_name
from tenancy.models import AbstractTenant
from tenancy.sockets import in_thread

logger = structlog.get_logger("accounts.live.feeds")

BATCH = 100  # events that are read at once
RECENT_EVENTS, RECENT_CHARACTERS = 256, 1_000_000  # that are kept of each feed
REJOIN_SECONDS = 1.0

type Wake = Callable[[], None]


class Feed:
    """The recent events of one row."""

    def __init__(self, tenant: AbstractTenant, key: Key, seq: int) -> None:
        self.tenant, self.key = tenant, key
        self.heard = self.end = seq  # the highest number heard of, and the last one read
        self.followers: set[Wake] = set()
        self._recent: deque[Event] = deque()  # without gaps, the last one is `end`
        self._characters = 0
        self._reading: asyncio.Task[None] | None = None
        self._batches: dict[int, asyncio.Task[list[Event]]] = {}

    def hear(self, seq: int) -> None:
        """Take notice that the row has an event `seq`. True or not, early, late or again: the table decides."""
        self.heard = max(self.heard, seq)
        if self.heard > self.end and self._reading is None:
            self._reading = asyncio.create_task(self._read())

    def look(self) -> None:
        """See whether there is anything new."""
        self.hear(self.end + 1)

    async def after(self, seq: int) -> list[Event]:
        """Return the next events after the one with number `seq`, at most BATCH; none if there are none yet."""
        start = self.end - len(self._recent)
        if seq >= start:
            return list(islice(self._recent, seq - start, seq - start + BATCH))
        if seq not in self._batches:  # simultaneous requests for the same events share one read
            self._batches[seq] = asyncio.create_task(self._read_batch(seq))
            self._batches[seq].add_done_callback(lambda task: self._batches.pop(seq))
        return await asyncio.shield(self._batches[seq])

    async def _read(self) -> None:
        try:
            while self.heard > self.end and self.followers:
                events = await self._read_batch(self.end)
                if not events:
                    self.heard = self.end  # what was heard of was taken back
                for event in events:
                    self._keep(event)
                for wake in self.followers:
                    wake()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("events_unavailable", error=str(error))  # the watch asks again soon
        except Exception:  # no code awaits this task
            logger.exception("events_unreadable", topic=self.key.topic, id=str(self.key.id))
        finally:
            self._reading = None

    def _keep(self, event: Event) -> None:
        if event.seq != self.end + 1:  # rows are missing: followers find out that they have a gap
            self._recent.clear()
            self._characters = 0
        self._recent.append(event)
        self._characters += len(event.frame)
        self.end = event.seq
        while len(self._recent) > RECENT_EVENTS or self._characters > RECENT_CHARACTERS:
            self._characters -= len(self._recent.popleft().frame)

    async def _read_batch(self, after: int) -> list[Event]:
        with tenant_context(self.tenant):  # whose share of the threads it is
            return await in_thread(self._read_rows)(after)

    def _read_rows(self, after: int) -> list[Event]:
        with tenant_context(self.tenant):
            return read_events(self.key, after=after, limit=BATCH)


def _read_announcement(message: Any) -> tuple[str, int]:
    """Return the group and the number of a message, which any client of Redis may have written. Raises ValueError."""
    match message:
        case {"group": str(group), "seq": int(seq)}:
            return group, seq
    raise ValueError("A message has no group and no number.")


@dataclass(eq=False)
class Subscription:
    """What a socket has sent of one feed: everything up to the event `seq`."""

    feed: Feed
    seq: int
    ended: bool = False


class Feeds:
    """The feeds of this process, and the channel on which it receives their announcements.

    Not a channel for each socket: the layer would then send a message with the names of all of them, for every change
    and from the process that made it, and a Redis that goes away would be hundreds of exceptions instead of one.
    """

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def follow(self, tenant: AbstractTenant, key: Key, seq: int, wake: Wake) -> Feed:
        """Have `wake` called for new events of a row, whose last one is `seq`, until `leave()`."""
        with tenant_context(tenant):
            group = group_name(key.group)
        feed = self._feeds.get(group)
        if feed is None:
            feed = self._feeds[group] = Feed(tenant, key, seq)
            self._changed.set()
            feed.look()  # for what happened since `seq` was read
        feed.followers.add(wake)
        feed.hear(seq)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen_forever())
        return feed

    def leave(self, feed: Feed, wake: Wake) -> None:
        """Stop what `follow()` began."""
        feed.followers.discard(wake)
        if not feed.followers:
            with tenant_context(feed.tenant):
                group = group_name(feed.key.group)
            if self._feeds.get(group) is feed:
                del self._feeds[group]
                self._changed.set()

    async def _listen_forever(self) -> None:
        while True:
            try:
                await self._listen()
            except* (RedisError, OSError) as errors:
                # No feed is notified meanwhile, but the watch polls.
                logger.warning("channel_layer_unavailable", error=str(errors.exceptions[0]))
            except* Exception:  # whatever it is: all feeds of this process depend on this task
                logger.exception("listener_broken")
            await asyncio.sleep(REJOIN_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        try:
            channel = await layer.new_channel()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear(channel))
                group.create_task(self._join(channel))
        finally:
            await layer.flush()

    async def _hear(self, channel: str) -> None:
        layer = get_channel_layer()
        while True:
            try:
                group, seq = _read_announcement(await layer.receive(channel))
            except ValueError as error:  # also of msgpack; the next message may be a good one
                logger.warning("announcement_malformed", error=repr(error))
                continue
            if feed := self._feeds.get(group):
                feed.hear(seq)

    async def _join(self, channel: str) -> None:
        """Keep the channel in the groups of the feeds that there are, and in no other."""
        layer = get_channel_layer()
        joined: set[str] = set()
        while True:
            self._changed.clear()
            for group in joined - self._feeds.keys():
                await layer.group_discard(group, channel)
            for group in (new := self._feeds.keys() - joined):
                await layer.group_add(group, channel)
            joined = (joined | new) & self._feeds.keys()
            for group in new & self._feeds.keys():
                self._feeds[group].look()  # for what happened before we could hear of it
            await self._changed.wait()


feeds = Feeds()
