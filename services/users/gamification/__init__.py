"""Points, levels and badges by declared rules over what people did."""
