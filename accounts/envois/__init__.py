"""The outboxes: mails, the links that they carry, the relay that delivers each once."""
