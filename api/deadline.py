"""Give up an answer that takes too long to begin; one that has begun is never cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from api.arriving import resumed
from api.problems import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def answer_in_time(app: ASGIApp, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
    """Answer one request, with a limit on the time from the end of its body to the start of the answer.

    What is answered without a pause goes without a clock: setting one costs more than the rest of it.

    :raises Refusal: it took longer; 504.
    """
    clock = _Clock(seconds)

    async def heard() -> Message:
        clock.stop()  # how long a body may take to arrive is another limit
        message = await receive()
        if not message.get("more_body", False):
            clock.start()
        return message

    async def told(message: Message) -> None:
        clock.end()
        await send(message)

    answering: Any = app(scope, heard, told)
    try:
        waited_for = answering.send(None)
    except StopIteration:
        return
    try:
        async with asyncio.timeout(None) as limit:
            clock.set(limit)
            await resumed(answering, waited_for)
    except TimeoutError:
        if limit.expired():
            raise Refusal(504) from None
        raise


class _Clock:
    """Runs while an answer is waited for; what happens before ``set`` is only remembered."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.runs = True
        self.ended = False
        self.limit: asyncio.Timeout | None = None

    def set(self, limit: asyncio.Timeout) -> None:
        self.limit = limit
        if self.runs:
            self.start()

    def start(self) -> None:
        self.runs = not self.ended
        if self.limit is not None and self.runs:
            self.limit.reschedule(asyncio.get_running_loop().time() + self.seconds)

    def stop(self) -> None:
        self.runs = False
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(None)

    def end(self) -> None:
        self.ended = True
        self.stop()
