"""The exercises of lesson 1, "Toy models of superposition", with the mistakes that people make in them."""
