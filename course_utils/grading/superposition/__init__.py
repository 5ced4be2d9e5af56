"""The exercises of lesson 1, "Toy models of superposition", with the mistakes that people make in them."""

from course_utils.grading.superposition import measures, model, reading, theory

__all__ = ["measures", "model", "reading", "theory"]
