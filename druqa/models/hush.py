"""Keeps what other libraries say about a call out of every log: their records hold whole prompts, and keys.

Logging is the process's, not ours: a host application may log everything, and may use litellm for its own ends. So no
level, handler or propagation is touched. Each logger gets a filter that drops a record only where a call of druqa's is
under way *in the context that logs it*; a context variable follows the call into the tasks that it starts. It drops by
context and not by content: whoever speaks inside such a call (litellm, openai, httpx, httpcore, botocore, ...) speaks
of a prompt, and a list of libraries or of words to look for would never be whole.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_under_way: ContextVar[bool] = ContextVar("druqa_call_under_way", default=False)
_OURS = "druqa"


_seen = (0, 0)


def _hush(_record: logging.LogRecord) -> bool:
    return not _under_way.get()


@contextmanager
def hushed() -> Iterator[None]:
    """While this lasts, what is logged in this context, and in the tasks that it starts, is dropped."""
    _attach()
    token = _under_way.set(True)
    try:
        yield
    finally:
        _under_way.reset(token)


def _attach() -> None:
    """Give the filter to every logger that there is: a logger does not inherit it from its parent."""
    global _seen  # noqa: PLW0603 - loggers are the process's, and only grow in number
    loggers = logging.root.manager.loggerDict
    # (A placeholder may have become a logger, and the number stayed the same.)
    number = len(loggers), sum(isinstance(logger, logging.Logger) for logger in loggers.copy().values())
    if number == _seen:
        return
    for name, logger in [("root", logging.root), *list(loggers.items())]:
        if isinstance(logger, logging.Logger) and name.partition(".")[0] != _OURS:
            logger.addFilter(_hush)  # adds it once
    _seen = number
