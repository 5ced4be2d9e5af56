"""What the lessons share: topic modules, models, figures, grading."""

__version__ = "0.1.0"
