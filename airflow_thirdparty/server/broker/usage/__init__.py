"""Where sign-ins were used."""
