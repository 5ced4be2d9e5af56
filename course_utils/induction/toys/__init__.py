"""Models of attention only, small enough to write by hand or to train while one waits.

`model` – matrices and a forward pass. `handbuilt` – write an induction head. `training`, `curves`, `seeds` – train
several at once, and when the change comes. `formation` – what has to be there for it to come.
Models that read code are in `code`, models with a secret in `unknown`.
"""
