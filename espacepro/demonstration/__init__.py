"""What stands round the portal on a machine that has nothing: servers, demonstration data, the letters and mails to read."""
