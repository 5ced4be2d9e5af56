"""A kitchen with asyncio: orders come in, cooks work at once, a waiter serves in order of completion."""
import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

RECIPES = {"soup": ["chop", "boil"], "salad": ["chop", "mix"], "pie": ["mix", "bake", "cool"]}
SECONDS = {"chop": 0.002, "boil": 0.004, "mix": 0.001, "bake": 0.006, "cool": 0.003}

_numbers = itertools.count(1)


@dataclass(order=True)
class Order:
    priority: int
    number: int = field(default_factory=lambda: next(_numbers))
    dish: str = field(default="soup", compare=False)
    history: list[str] = field(default_factory=list, compare=False)


class Kitchen:
    def __init__(self, cooks: int = 2, ovens: int = 1):
        self.queue: asyncio.PriorityQueue[Order] = asyncio.PriorityQueue()
        self.oven = asyncio.Semaphore(ovens)
        self.served: list[Order] = []
        self.cooks = cooks

    @asynccontextmanager
    async def open(self):
        workers = [asyncio.create_task(self.cook(f"cook {i + 1}")) for i in range(self.cooks)]
        try:
            yield self
            await self.queue.join()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def order(self, dish: str, priority: int = 5) -> Order:
        if dish not in RECIPES:
            raise KeyError(f"we do not serve {dish}")
        order = Order(priority, dish=dish)
        await self.queue.put(order)
        return order

    async def cook(self, name: str) -> None:
        while True:
            order = await self.queue.get()
            try:
                async for step in self.steps(order.dish):
                    order.history.append(f"{name}: {step}")
            finally:
                self.queue.task_done()
            self.served.append(order)

    async def steps(self, dish: str):
        for step in RECIPES[dish]:
            if step == "bake":
                async with self.oven:
                    await asyncio.sleep(SECONDS[step])
            else:
                await asyncio.sleep(SECONDS[step])
            yield step


async def with_deadline(awaitable, seconds):
    try:
        return await asyncio.wait_for(awaitable, timeout=seconds)
    except asyncio.TimeoutError:
        return None


async def main() -> list[Order]:
    kitchen = Kitchen(cooks=3)
    async with kitchen.open():
        await asyncio.gather(*(kitchen.order(dish, priority=len(dish)) for dish in ["pie", "soup", "salad", "pie"]))
        try:
            await kitchen.order("pizza")
        except KeyError as problem:
            print("sorry,", problem.args[0])
    slow = await with_deadline(asyncio.sleep(1, result="never"), 0.01)
    assert slow is None
    return kitchen.served


if __name__ == "__main__":
    for order in sorted(asyncio.run(main()), key=lambda order: order.number):
        print(f"{order.number}. {order.dish:<6} {len(order.history)} steps")
