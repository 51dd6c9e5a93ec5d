"""The parts a region is made of, one component a module."""
