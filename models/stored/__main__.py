import sys

from models.stored import MAKERS, save

for wanted in sys.argv[1:] or MAKERS:
    if wanted not in MAKERS:
        sys.exit(f"There is no stored result {wanted!r}; there are {', '.join(MAKERS)}.")
    room, make = MAKERS[wanted]
    print(wanted, save(room.FOLDER, wanted, make()))
