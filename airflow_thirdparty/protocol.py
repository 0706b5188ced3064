"""Rules of OAuth 2.0 that more than one zone has to know. Only the standard library is imported here."""

from __future__ import annotations

import re

SCOPE_PATTERN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""What a scope may be made of (RFC 6749 section 3.3)."""

PROTOCOL_PARAMETERS = frozenset(
    {
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Parameters that protect an authorization request or replace it (RFC 9101): no registration sets them."""
