"""HTTP for the requests that druqa sends itself: one session, as many connections as questions are under way.

No timeout stands here: the clock of a call is the exchange's. No redirect is followed, no cookie kept, and of a body no
more is read than a reply can be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from druqa.models.base import ModelFailure

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientSession

LONGEST_BODY = 8_000_000
"""Bytes of a body, unpacked. No reply of so many is one."""
_KEEP_ALIVE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What a server sent, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire:
    """The connections of one model. They belong to the event loop that uses them, and are closed with its run."""

    def __init__(self, name: str, trust: Callable[[], ssl.SSLContext | bool]) -> None:
        self._name, self._trust = name, trust
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way = 0

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | ModelFailure:
        """Send one request. If no whole answer comes, the failure is returned: raised, it would drag the key along."""
        import aiohttp  # noqa: PLC0415 - only when a model is asked

        session = self._open()
        self._under_way += 1
        try:
            async with session.post(
                url, headers=headers, data=body, proxy=_proxy_for(url), allow_redirects=False
            ) as response:
                read = bytearray()
                async for chunk in response.content.iter_any():
                    read += chunk
                    if len(read) > LONGEST_BODY:
                        return ModelFailure(f"{self._name}: the answer is longer than {LONGEST_BODY:,} bytes")
                return Answer(response.status, response.headers, bytes(read))
        except (aiohttp.ClientError, OSError) as error:
            return ModelFailure(f"{self._name}: {type(error).__name__} ({error})", retryable=True)
        finally:
            self._under_way -= 1

    def _open(self) -> ClientSession:
        import aiohttp  # noqa: PLC0415 - only when a model is asked

        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S, ssl=self._trust()),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                skip_auto_headers=("Content-Type", "User-Agent"),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections, unless another run that shares this model is using them: it closes them then."""
        await asyncio.sleep(0)  # whatever was given up a moment ago leaves first
        if self._session and self._loop is asyncio.get_running_loop() and not self._under_way:
            await self._session.close()


@lru_cache(maxsize=64)
def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address."""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - only when a model is asked

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
