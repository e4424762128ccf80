"""Settings with a channel layer that loses, doubles and reorders messages, for `DJANGO_SETTINGS_MODULE`."""

import random
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.sample.settings import *  # noqa: F403
from tests.sample.settings import CHANNEL_LAYERS

CHANNEL_LAYERS["default"]["BACKEND"] = "tests.accounts.live.lossy.LossyLayer"
LOST, DOUBLED, SWAPPED = 0.3, 0.1, 0.2
chance = random.Random(0)


class LossyLayer(RedisPubSubChannelLayer):
    """30 % of what is received never arrives."""

    kept: dict[str, Any] | None = None

    async def receive(self, channel: str) -> dict[str, Any]:
        if self.kept is not None and chance.random() < 0.5:
            kept, self.kept = self.kept, None
            return kept
        while True:
            message: dict[str, Any] = await self._get_layer().receive(channel)
            if chance.random() < LOST:
                continue
            if self.kept is None and chance.random() < DOUBLED:
                self.kept = message
            elif self.kept is None and chance.random() < SWAPPED:
                self.kept = message
                continue
            return message
