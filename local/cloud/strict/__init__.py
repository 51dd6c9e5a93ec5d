"""What AWS refuses and moto does not: checked before moto carries a request out."""
