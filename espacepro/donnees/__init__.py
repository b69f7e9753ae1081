"""What the accounts are told by the floors above about a person's data."""
