"""How far behind another region is, under load."""
