"""A tiny text adventure on a map of letters. Try:  go east, take lamp, go north, look"""
import random
import textwrap

MAP = [
    "#########",
    "#..k#..T#",
    "#.#.#.#.#",
    "#.#...#.#",
    "#S#.#..w#",
    "#########",
]
STEPS = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
THINGS = {"k": "key", "T": "treasure", "w": "wand"}
WELCOME = """
    You wake on a cold floor. Somewhere in these corridors lies a treasure,
    and somewhere else the key to its chest. The walls are marked with '#'.
"""


class Hero:
    def __init__(self, row, column):
        self.row, self.column = row, column
        self.bag = []
        self.health = 10
        self.moves = 0

    def carries(self, thing):
        return thing in self.bag


class Game:
    def __init__(self, seed=0):
        self.random = random.Random(seed)
        self.grid = [list(line) for line in MAP]
        self.hero = Hero(*self.find("S"))
        self.over = False
        self.commands = {"go": self.go, "take": self.take, "look": self.look, "bag": self.show_bag}

    def find(self, letter):
        for row, line in enumerate(self.grid):
            if letter in line:
                return row, line.index(letter)
        raise LookupError(letter)

    def here(self):
        return THINGS.get(self.grid[self.hero.row][self.hero.column])

    def go(self, direction="north"):
        if direction not in STEPS:
            return f"There is no way called {direction}."
        down, right = STEPS[direction]
        row, column = self.hero.row + down, self.hero.column + right
        if self.grid[row][column] == "#":
            return "You run into a wall."
        self.hero.row, self.hero.column = row, column
        self.hero.moves += 1
        if self.random.random() < 0.1 and not self.hero.carries("wand"):
            self.hero.health -= 2
            if self.hero.health <= 0:
                self.over = True
                return "A bat bites you. Everything goes dark."
            return f"A bat bites you. Your health is {self.hero.health}."
        return self.look()

    def take(self, thing=None):
        found = self.here()
        if found is None or (thing and thing != found):
            return "You see nothing of the kind."
        if found == "treasure" and not self.hero.carries("key"):
            return "The chest is locked."
        self.hero.bag.append(found)
        self.grid[self.hero.row][self.hero.column] = "."
        if found == "treasure":
            self.over = True
            return f"You win after {self.hero.moves} steps!"
        return f"You take the {found}."

    def look(self):
        ways = [name for name, (down, right) in STEPS.items()
                if self.grid[self.hero.row + down][self.hero.column + right] != "#"]
        text = "You can go " + " or ".join(ways) + "."
        if self.here():
            text += f" There is a {self.here()} here."
        return text

    def show_bag(self):
        return "You carry " + (", ".join(self.hero.bag) if self.hero.bag else "nothing") + "."

    def do(self, line):
        verb, *rest = line.lower().split() or ["look"]
        action = self.commands.get(verb)
        if action is None:
            return f"You do not know how to {verb}."
        try:
            return action(*rest[:1])
        except TypeError:
            return f"You cannot {verb} that."


def play(lines, seed=0):
    game = Game(seed)
    yield textwrap.dedent(WELCOME).strip()
    for line in lines:
        if game.over:
            break
        yield f"> {line}"
        yield game.do(line)


if __name__ == "__main__":
    walk = ["look", "go north", "go north", "go north", "go east", "go east", "take key", "bag", "dance"]
    print("\n".join(play(walk)))
