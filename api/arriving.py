"""Wait for what a client sends, but not for ever."""

from __future__ import annotations

import asyncio
from types import coroutine
from typing import TYPE_CHECKING, Any

from api.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

    from starlette.types import Message, Receive


def in_time(receive: Receive, seconds: float) -> Receive:
    """Return ``receive`` with a limit on the time between two parts of a body.

    What has arrived already is taken without a clock: setting one costs more than the rest of a small body.

    :raises Refusal: nothing came; 408.
    """
    done = False

    async def timely() -> Message:
        nonlocal done
        if done:  # then the next message is that the client has gone, whenever that is
            return await receive()
        coming: Any = receive()
        try:
            waited_for = coming.send(None)
        except StopIteration as at_hand:
            message: Message = at_hand.value
        else:
            message = await _waited(coming, waited_for, seconds)
        done = not message.get("more_body", False)
        return message

    return timely


async def _waited(coming: Coroutine[Any, Any, Message], waited_for: object, seconds: float) -> Message:
    try:
        async with asyncio.timeout(seconds):
            return await resumed(coming, waited_for)
    except TimeoutError:
        raise Refusal(408) from None


@coroutine
def resumed(coming: Coroutine[Any, Any, Message], waited_for: object) -> Generator[Any, Any, Message]:
    """Go on with a coroutine that was begun by hand and waits for something."""
    while True:
        try:
            try:
                sent = yield waited_for
            except BaseException as error:
                waited_for = coming.throw(error)
            else:
                waited_for = coming.send(sent)
        except StopIteration as ended:
            message: Message = ended.value
            return message
