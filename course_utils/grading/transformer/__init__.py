"""The exercises of lesson 0, "Inside a transformer", with the mistakes that people make in them."""

from course_utils.grading.transformer import heads, nodes, predictions, selfcheck, stream, votes

__all__ = ["heads", "nodes", "predictions", "selfcheck", "stream", "votes"]
