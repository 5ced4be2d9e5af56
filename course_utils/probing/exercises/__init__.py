"""The exercises of lesson 5, with the mistakes that people make in them."""
