"""The factory: everything that makes what the course ships and a learner only loads. Not installed with the package.

- `train` – the command, `python -m models.train NAME`; `loop` – how it trains, `recipe` – what a family of models says.
- `corpus`, `renaming`, `bpe`, `plain` – text, tokenizer and network that the trainings use.
- `code_models`, `ioi_natural` (with `ioi_english`), `ioi_planted` (with `ioi_interchange`), `brackets` – the families.
- `sae` – the dictionaries of lesson 2, `python -m models.sae NAME`; `sae_text` – the contexts that they read;
  `sae_grid` – many small ones for stored results.
- `evaluation`, `behaviours`, `ngrams`, `ioi_circuit` – what the cards say was measured.
- `stored/` – results too heavy for a lesson, `python -m models.stored NAME`.

What a lesson measures too is not written again here: scores come from the topic rooms. The package never imports this.
"""
