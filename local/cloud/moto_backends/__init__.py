"""Our side of moto's services: corrections, refusals, and what our services read from them."""
