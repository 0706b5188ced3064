"""What an account is, as the admin registered it; nothing here does input or output."""
