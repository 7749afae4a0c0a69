"""HTTP for the requests that druqa sends itself: as many connections as questions are under way.

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


@dataclass(frozen=True)
class Answer:
    """What a server sent, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass
class _Connections:
    session: ClientSession
    under_way: int = 0


class Wire:
    """The connections of one model: a session for each event loop that uses it, closed with the loop's run."""

    def __init__(self, name: str, trust: Callable[[], ssl.SSLContext | bool]) -> None:
        self._name, self._trust = name, trust
        self._of_loop: dict[asyncio.AbstractEventLoop, _Connections] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | ModelFailure:
        """Send one request. If no whole answer comes, the failure is returned: raised, it would drag the key along."""
        import aiohttp  # noqa: PLC0415 - only when a model is asked

        connections = self._connections()
        connections.under_way += 1
        try:
            async with connections.session.post(
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
            connections.under_way -= 1

    def _connections(self) -> _Connections:
        import aiohttp  # noqa: PLC0415 - only when a model is asked

        loop = asyncio.get_running_loop()
        if (connections := self._of_loop.get(loop)) is None:
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._trust()),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                # litellm's request has its own.
                skip_auto_headers=("Content-Type", "User-Agent"),
            )
            connections = self._of_loop[loop] = _Connections(session)
        return connections

    async def close(self) -> None:
        """Close the loop's connections, unless another run that shares this model is using them: it closes them."""
        await asyncio.sleep(0)  # whatever was given up a moment ago leaves first
        loop = asyncio.get_running_loop()
        if (connections := self._of_loop.get(loop)) and not connections.under_way:
            del self._of_loop[loop]
            await connections.session.close()


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
