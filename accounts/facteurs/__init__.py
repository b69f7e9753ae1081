"""What the holder has: second factors, passkeys, recovery codes. Private to accounts."""
