"""Models with a secret, made from the learner's seed: `planted` builds them, `sealed` is one, `crowd` many heads."""
