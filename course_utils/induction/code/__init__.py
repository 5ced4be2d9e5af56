"""A model that reads Python: losses where an identifier returns and where it is new, along its training, without heads.

`text` – windows, losses, the in-context-learning score. `results` – tables of these that draw themselves. `stored` –
the results that ship; their makers are in `models/stored/`.
"""
