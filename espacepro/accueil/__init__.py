"""The home page of an espace: what every floor says of it, brought together."""
