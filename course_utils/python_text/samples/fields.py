"""Classes that check what is put into them: descriptors, a metaclass, operators, slots, pattern matching."""
from abc import ABC, abstractmethod
from numbers import Real


class Field:
    """A checked attribute. Subclasses say in `check` what is allowed."""

    def __init__(self, default=None):
        self.default = default

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance.__dict__.get(self.name, self.default)

    def __set__(self, instance, value):
        problem = self.check(value)
        if problem:
            raise ValueError(f"{type(instance).__name__}.{self.name} {problem}, got {value!r}")
        instance.__dict__[self.name] = value

    def check(self, value):
        return ""


class Number(Field):
    def __init__(self, low=float("-inf"), high=float("inf"), default=0):
        super().__init__(default)
        self.low, self.high = low, high

    def check(self, value):
        if not isinstance(value, Real) or isinstance(value, bool):
            return "must be a number"
        if not self.low <= value <= self.high:
            return f"must lie between {self.low} and {self.high}"


class Text(Field):
    def __init__(self, longest=80, default=""):
        super().__init__(default)
        self.longest = longest

    def check(self, value):
        if not isinstance(value, str):
            return "must be a text"
        return f"must have at most {self.longest} letters" if len(value) > self.longest else ""


class RecordMeta(type):
    """Collects the fields of a class, those of its bases first."""

    registry = {}

    def __new__(meta, name, bases, namespace):
        cls = super().__new__(meta, name, bases, namespace)
        inherited = [field for base in bases for field in getattr(base, "fields", ())]
        cls.fields = tuple(inherited + [key for key, value in namespace.items() if isinstance(value, Field)])
        meta.registry[name] = cls
        return cls


class Record(metaclass=RecordMeta):
    def __init__(self, **values):
        unknown = values.keys() - set(self.fields)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, value)

    def __repr__(self):
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.fields)


class City(Record):
    name = Text(longest=30)
    people = Number(low=0)


class Capital(City):
    country = Text(longest=40, default="?")


class Shape(ABC):
    __slots__ = ()

    @property
    @abstractmethod
    def area(self): ...

    def __lt__(self, other):
        return self.area < other.area


class Rectangle(Shape):
    __slots__ = __match_args__ = ("width", "height")

    def __init__(self, width, height):
        self.width, self.height = width, height

    @property
    def area(self):
        return self.width * self.height


class Square(Rectangle):
    __slots__ = ()

    def __init__(self, side):
        super().__init__(side, side)


def describe(thing):
    match thing:
        case Rectangle(width, height) if width == height:
            return f"a square of side {width}"
        case Rectangle(width=w, height=h):
            return f"a rectangle, {w} by {h}"
        case Capital(name=name, country=country):
            return f"{name}, capital of {country}"
        case {"kind": kind, **rest}:
            return f"a {kind} with {len(rest)} more"
        case [first, *others]:
            return f"{describe(first)} and {len(others)} others"
        case None | "":
            return "nothing"
        case _:
            return f"something: {thing}"


if __name__ == "__main__":
    rome = Capital(name="Rome", people=2_750_000, country="Italy")
    print(rome, rome == Capital(name="Rome", people=2_750_000, country="Italy"))
    for wrong in ({"people": -1}, {"name": 7}, {"mayor": "?"}):
        try:
            City(**wrong)
        except (TypeError, ValueError) as error:
            print("refused:", error)
    for thing in (Square(2), Rectangle(2, 3), rome, {"kind": "tree", "age": 7}, [Square(1), 2], None, 3.5):
        print(describe(thing))
    print(max(Square(3), Rectangle(2, 4)).area, sorted(RecordMeta.registry))
