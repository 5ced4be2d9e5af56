"""The exercises of lesson 4, "Indirect object identification", with the mistakes that people make in them."""
