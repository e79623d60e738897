"""Logs are JSON lines with ids, never names, texts, addresses, tokens or the values of variables."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Send structured logs to standard error, one line an event.

    Tracebacks are kept without local variables: those hold what people typed.
    """
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level, logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
