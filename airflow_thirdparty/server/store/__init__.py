"""Tables, migrations and sealing."""
