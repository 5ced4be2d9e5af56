"""The exercises of lesson 3, "Induction heads", with the mistakes that people make in them."""
