"""Python as text to examine: what each token is, which modules no model has read, programs written for the course.

`labels` (with `names`) – exact labels of every token, from `tokenize` and `ast`. `contexts` – text cut into a model's
windows with its labels. `modules` – the standard library, and which of it is held out. `samples` – the programs.
Models and measures of models are elsewhere: `zoo`, the topic rooms.
"""
