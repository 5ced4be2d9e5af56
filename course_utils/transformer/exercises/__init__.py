"""The exercises of lesson 0, "Inside a transformer", with the mistakes that people make in them."""
