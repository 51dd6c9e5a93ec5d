"""The deployed services, one package each; `kit` is shared by all."""
