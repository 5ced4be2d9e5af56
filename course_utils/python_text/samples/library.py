"""A lending library: members borrow books, late returns cost a fee."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum


class Status(Enum):
    ON_SHELF = "on shelf"
    LENT = "lent"
    LOST = "lost"


@dataclass(frozen=True, order=True)
class Book:
    title: str
    author: str
    year: int

    def __str__(self) -> str:
        return f"“{self.title}” by {self.author} ({self.year})"


@dataclass
class Member:
    name: str
    limit: int = 3
    fees: float = 0.0
    borrowed: dict[Book, date] = field(default_factory=dict)

    @property
    def may_borrow(self) -> bool:
        return len(self.borrowed) < self.limit and self.fees < 10.0


class LendingError(Exception):
    pass


class Library:
    LOAN = timedelta(days=21)
    FEE_PER_DAY = 0.25

    def __init__(self) -> None:
        self._books: dict[Book, Status] = {}
        self._members: dict[str, Member] = {}
        self._waiting: defaultdict[Book, list[str]] = defaultdict(list)

    def add(self, *books: Book) -> None:
        for book in books:
            self._books.setdefault(book, Status.ON_SHELF)

    def join(self, name: str, **options) -> Member:
        if name in self._members:
            raise LendingError(f"{name} is a member already")
        member = self._members[name] = Member(name, **options)
        return member

    def lend(self, name: str, book: Book, today: date) -> date:
        """Lend `book` to the member called `name`; returns the day on which it is due."""
        member = self._members[name]
        if self._books.get(book) is not Status.ON_SHELF:
            self._waiting[book].append(name)
            raise LendingError(f"{book} is not on the shelf; {name} is on the waiting list")
        if not member.may_borrow:
            raise LendingError(f"{name} has {len(member.borrowed)} books and owes {member.fees:.2f}")
        if self._waiting[book] and self._waiting[book][0] != name:
            raise LendingError(f"{book} is kept for {self._waiting[book][0]}")
        if self._waiting[book]:
            self._waiting[book].pop(0)
        due = today + self.LOAN
        member.borrowed[book] = due
        self._books[book] = Status.LENT
        return due

    def take_back(self, name: str, book: Book, today: date) -> float:
        """The fee for being late, which is also added to the member's account."""
        member = self._members[name]
        try:
            due = member.borrowed.pop(book)
        except KeyError:
            raise LendingError(f"{name} did not borrow {book}") from None
        self._books[book] = Status.ON_SHELF
        late = max(0, (today - due).days)
        fee = late * self.FEE_PER_DAY
        member.fees += fee
        return fee

    def overdue(self, today: date) -> list[tuple[str, Book, int]]:
        found = [
            (member.name, book, (today - due).days)
            for member in self._members.values()
            for book, due in member.borrowed.items()
            if due < today
        ]
        return sorted(found, key=lambda entry: -entry[2])

    def __len__(self) -> int:
        return sum(status is not Status.LOST for status in self._books.values())

    def __contains__(self, book: Book) -> bool:
        return book in self._books


def main() -> None:
    library = Library()
    emma = Book("Emma", "Jane Austen", 1815)
    whale = Book("Moby-Dick", "Herman Melville", 1851)
    library.add(emma, whale)
    library.join("Ada")
    library.join("Grace", limit=1)
    start = date(2024, 3, 1)
    print("due", library.lend("Ada", emma, start).isoformat())
    try:
        library.lend("Grace", emma, start)
    except LendingError as error:
        print("refused:", error)
    for name, book, days in library.overdue(start + timedelta(days=30)):
        print(f"{name} should have returned {book} {days} days ago")
    print(f"fee {library.take_back('Ada', emma, start + timedelta(days=30)):.2f}, {len(library)} books")


if __name__ == "__main__":
    main()
