"""A model that reads Python: losses where an identifier returns and where it is new, along its training, without heads.

`text` – windows, losses, the in-context-learning score. `names` – invented names that return. `along` – the losses
along the training. `results` – heads taken away, context cut short. `stored` – the results that ship; their makers are
in `models/stored/`.
"""
