"""What the holder knows: the password, the question de confiance, and how they are kept. Private to accounts."""
