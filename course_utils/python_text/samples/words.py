"""Games with words: ciphers, anagrams, a Markov chain, a crossword filler, Roman numerals."""
import random
import string
from collections import Counter, defaultdict
from itertools import groupby, islice

ALPHABET = string.ascii_lowercase
TEXT = ("the quick brown fox jumps over the lazy dog and the lazy dog sleeps while the quick fox runs over "
        "the brown hill and the dog dreams of the fox")
ROMAN = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
         (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def caesar(text: str, shift: int) -> str:
    moved = ALPHABET[shift % 26:] + ALPHABET[:shift % 26]
    return text.translate(str.maketrans(ALPHABET + ALPHABET.upper(), moved + moved.upper()))


def vigenere(text, key, sign=1):
    letters = []
    position = 0
    for letter in text:
        if letter in ALPHABET:
            shift = ALPHABET.index(key[position % len(key)])
            letters.append(caesar(letter, sign * shift))
            position += 1
        else:
            letters.append(letter)
    return ''.join(letters)


def break_caesar(text):
    """The shift under which the text looks most like English."""
    often = Counter({'e': 13, 't': 9, 'a': 8, 'o': 8, 'i': 7, 'n': 7, 's': 6, 'h': 6, 'r': 6})
    return max(range(26), key=lambda shift: sum(often[letter] for letter in caesar(text.lower(), shift)))


def anagrams(words):
    families = defaultdict(set)
    for word in words:
        families[''.join(sorted(word))].add(word)
    return [sorted(family) for family in families.values() if len(family) > 1]


def squeeze(text):
    """Run lengths: 'aaab' becomes 'a3b1'."""
    return ''.join(f'{letter}{len(list(run))}' for letter, run in groupby(text))


def to_roman(number):
    if not 0 < number < 4000:
        raise ValueError(f'no Roman numeral for {number}')
    out = ''
    for value, sign in ROMAN:
        while number >= value:
            out += sign
            number -= value
    return out


def from_roman(text):
    values = dict((sign, value) for value, sign in ROMAN)
    total = 0
    for this, following in zip(text, text[1:] + ' '):
        value = values[this]
        total += -value if values.get(following, 0) > value else value
    return total


def chain(text, order=1):
    table = defaultdict(list)
    words = text.split()
    for start in range(len(words) - order):
        table[tuple(words[start:start + order])].append(words[start + order])
    return table


def babble(text, order=1, seed=0):
    rng = random.Random(seed)
    table = chain(text, order)
    state = rng.choice(list(table))
    yield from state
    while state in table:
        word = rng.choice(table[state])
        yield word
        state = (*state[1:], word)


def fits(word, pattern):
    """Whether a word fits a pattern such as 'c?t', where ? is any letter."""
    return len(word) == len(pattern) and all(p in ('?', w) for w, p in zip(word, pattern))


def pyramid(word):
    width = 2 * len(word) - 1
    return '\n'.join(' '.join(word[:i]).center(width).rstrip() for i in range(1, len(word) + 1))


if __name__ == '__main__':
    secret = caesar('Meet me at the usual place after sunset', 7)
    print(secret, '->', caesar(secret, break_caesar(secret)))
    print(vigenere(vigenere('attack at dawn', 'lemon'), 'lemon', sign=-1))
    print(anagrams(['stale', 'least', 'listen', 'silent', 'apple', 'slate', 'tinsel']))
    print(squeeze('aaabccddddd'), to_roman(1994), from_roman('MCMXCIV'))
    print(' '.join(islice(babble(TEXT, seed=3), 12)))
    print([word for word in sorted(set(TEXT.split())) if fits(word, '?o?')])
    print(pyramid('python'))
    assert all(from_roman(to_roman(n)) == n for n in range(1, 4000))
