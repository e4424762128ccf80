"""The web process: `uvicorn config.asgi:application`. docs/serving.md describes several processes."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "16")

import django

from config.startup import explained, set_nodelay

# WhiteNoise serves the style sheets without collectstatic in the demo.
warnings.filterwarnings("ignore", message="No directory at")

with explained():
    django.setup(set_prefix=False)

# These need the settings, which are read now.
from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from accounts.live.consumer import LiveConsumer  # noqa: E402
from accounts.live.visitors import admit_visitor, open_sockets  # noqa: E402
from config.application import Application  # noqa: E402
from config.fairness import TakeTurns  # noqa: E402
from config.own_context import OwnContext  # noqa: E402
from config.proxies import TrustProxy  # noqa: E402
from config.slow_clients import HangUp  # noqa: E402
from tenancy.checks import refuse_unsafe_process  # noqa: E402
from tenancy.sockets import TenantSockets  # noqa: E402


def refuse() -> None:
    """Refuse to serve with a privileged database role. The connection is returned to the pool."""
    try:
        refuse_unsafe_process()
    finally:
        connections.close_all()


# With `--reload` an event loop runs already, in which Django refuses queries.
with explained(), ThreadPoolExecutor(1) as outside:
    outside.submit(refuse).result()

set_nodelay()
sockets = TenantSockets(
    LiveConsumer.as_asgi(),
    path="/ws/",
    subprotocol=settings.LIVE_SUBPROTOCOL,
    admit=admit_visitor,
    dismiss=open_sockets.leave,
)
application = OwnContext(
    TrustProxy(ProtocolTypeRouter({"http": HangUp(TakeTurns(Application())), "websocket": HangUp(sockets)}))
)
