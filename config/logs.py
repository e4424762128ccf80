"""The format of log lines of structlog and the standard library: JSON, or colored text."""

from typing import Any

import structlog
from structlog.typing import Processor

import tenancy.logs
from config.masking import mask_addresses

PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    tenancy.logs.add_tenant,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
    mask_addresses,
]


def configure(*, level: str, for_people: bool) -> dict[str, Any]:
    """Configure structlog, and return LOGGING, with which Django configures the standard library's logging."""
    structlog.configure(
        processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        "foreign_pre_chain": PROCESSORS,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"log": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "log"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # Uvicorn sets up handlers, which would write unmasked URLs. Its log of accesses says less
            # than ours, and says addresses.
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": False},
            # A traceback each second while Redis is unavailable, which our own loggers report in one line.
            "channels_redis": {"level": "CRITICAL"},
        },
    }
