"""Timers by the ten thousand."""

import asyncio

from whimbrel.simulator.wheel import TICK_S, Wheel


async def test_calls_come_in_the_order_of_their_times() -> None:
    """Whatever the order in which they were asked for, calls come when they are due, not a tick early."""
    loop = asyncio.get_running_loop()
    wheel, came = Wheel(loop), []
    start_s = loop.time()
    done = asyncio.Event()
    for seconds in (0.3, 0.0, 0.2, 0.1):
        wheel.after(seconds, lambda seconds=seconds: came.append((seconds, loop.time() - start_s)))  # type: ignore[misc]
    wheel.after(0.4, done.set)
    await done.wait()
    assert [seconds for seconds, _ in came] == [0.0, 0.1, 0.2, 0.3]
    assert all(after_s > seconds - TICK_S for seconds, after_s in came)


async def test_a_call_may_ask_for_another() -> None:
    """A call that asks for the next one at once is not called within the same turn."""
    wheel, done, turns = Wheel(asyncio.get_running_loop()), asyncio.Event(), []

    def again() -> None:
        turns.append(len(turns))
        if len(turns) == 3:
            done.set()
        else:
            wheel.after(0, again)

    wheel.after(0, again)
    await done.wait()
    assert turns == [0, 1, 2]


async def test_a_closed_wheel_stands_still() -> None:
    """After close nothing is called, what was asked for before and after alike."""
    wheel, called = Wheel(asyncio.get_running_loop()), []
    wheel.after(0, lambda: called.append(1))
    wheel.close()
    wheel.after(0, lambda: called.append(2))
    await asyncio.sleep(3 * TICK_S)
    assert not called
