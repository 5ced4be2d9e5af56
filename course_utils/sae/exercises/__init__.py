"""The exercises of lesson 2, "Sparse autoencoders", with the mistakes that people make in them."""
