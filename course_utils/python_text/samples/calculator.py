"""A calculator for arithmetic with names, by recursive descent.

    >>> Calculator().run("r = 3; 2 * r ^ 2 - 1")
    17.0
"""
import math
import re
from dataclasses import dataclass

TOKEN = re.compile(r"\s*(?:(\d+\.?\d*|\.\d+)|([A-Za-z_]\w*)|(.))")


class SyntaxTrouble(Exception):
    """The text is not an expression; `place` says where it stops making sense."""

    def __init__(self, message: str, place: int):
        super().__init__(f"{message} at position {place}")
        self.place = place


@dataclass
class Token:
    kind: str       # "number", "name", "sign" or "end"
    text: str
    place: int


def tokens(text):
    found = []
    place = 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        number, name, sign = match.groups()
        if number:
            found.append(Token("number", number, match.start(1)))
        elif name:
            found.append(Token("name", name, match.start(2)))
        else:
            found.append(Token("sign", sign, match.start(3)))
        place = match.end()
    found.append(Token("end", "", place))
    return found


class Calculator:
    functions = {"sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "abs": abs}

    def __init__(self):
        self.names = {"pi": math.pi, "e": math.e}

    def run(self, text):
        """The value of the last statement; statements are separated by semicolons."""
        self.tokens = tokens(text)
        self.index = 0
        value = self.statement()
        while self.accept(";"):
            value = self.statement()
        if self.current.kind != "end":
            raise SyntaxTrouble(f"unexpected {self.current.text!r}", self.current.place)
        return value

    @property
    def current(self):
        return self.tokens[self.index]

    def accept(self, text):
        if self.current.text == text and self.current.kind == "sign":
            self.index += 1
            return True
        return False

    def expect(self, text):
        if not self.accept(text):
            raise SyntaxTrouble(f"expected {text!r}", self.current.place)

    def statement(self):
        following = self.tokens[self.index + 1] if self.current.kind == "name" else None
        if following is not None and following.text == "=":
            name = self.current.text
            self.index += 2
            self.names[name] = self.expression()
            return self.names[name]
        return self.expression()

    def expression(self):
        value = self.term()
        while True:
            if self.accept("+"):
                value += self.term()
            elif self.accept("-"):
                value -= self.term()
            else:
                return value

    def term(self):
        value = self.power()
        while True:
            if self.accept("*"):
                value *= self.power()
            elif self.accept("/"):
                value /= self.power()
            else:
                return value

    def power(self):
        if self.accept("-"):
            return -self.power()
        base = self.atom()
        return base ** self.power() if self.accept("^") else base

    def atom(self):
        token = self.current
        self.index += 1
        if token.kind == "number":
            return float(token.text)
        if token.kind == "name" and token.text in self.functions:
            self.expect("(")
            argument = self.expression()
            self.expect(")")
            return self.functions[token.text](argument)
        if token.kind == "name":
            if token.text not in self.names:
                raise SyntaxTrouble(f"unknown name {token.text!r}", token.place)
            return self.names[token.text]
        if token.text == "(":
            value = self.expression()
            self.expect(")")
            return value
        raise SyntaxTrouble(f"unexpected {token.text or 'end'!r}", token.place)


if __name__ == "__main__":
    calculator = Calculator()
    for line in ("1 + 2 * 3", "(1 + 2) * 3", "r = 3; 2 * r ^ 2 - 1", "sqrt(16) / abs(-2)"):
        print(f"{line:24} = {calculator.run(line):g}")
