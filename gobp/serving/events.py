"""The log of what happens besides requests: one line each on the standard error, text or JSON."""

import json
import logging
import time
from typing import Any

_NAMES = ("gobp", "_granian")  # granian's own, of workers that start and end


class TextFormatter(logging.Formatter):
    """Writes an event for people; a traceback follows on its own lines."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime


class JsonFormatter(TextFormatter):
    """Writes an event as a JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter.format."""
        event = {
            "time": f"{self.formatTime(record, self.datefmt)}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event)


_FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}


def logging_config(form: str, level: str) -> dict[str, Any]:
    """Return the configuration for logging.config: ``form`` text or json, ``level`` as set."""
    handled = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    return {
        "formatters": {"event": {"()": _FORMATTERS[form]}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "event",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {name: dict(handled) for name in _NAMES},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
