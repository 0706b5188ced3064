"""What services say in sentences where others have a code: that a refresh token is dead, or a client refused.

Sentences are believed only where the code beside them says nothing certain, and they are never shown.
"""

from __future__ import annotations

import re

_LONGEST_READ = 500
"""Characters: longer than any description, and little work for whoever sends endless ones."""

_REFRESH_TOKEN = r"refresh[ _-]?token"  # noqa: S105  # a pattern
_REFRESH_TOKEN_IS_DEAD = re.compile(
    # the refresh token (that was) provided is invalid, has been revoked, was already used, does not exist …
    rf"\b{_REFRESH_TOKEN}\b\W{{1,3}}"
    r"(?:(?:that was |you )?(?:provided|supplied|specified|given|presented|submitted|sent)\W{1,2})?"
    r"(?:(?:is|has|was|does|could|can|cannot|can't)\W)?(?:not be |be )?(?:been |already |either )*"
    r"(?:invalid|expired|revoked|inactive|unknown|deleted|malformed|reused|found invalid|not valid"
    r"|no longer valid|not found|found to be invalid|not active|not exist|exceeded"
    r"|(?<=already )used|(?<=been )used|(?<=not be )found)\b"
    # invalid, expired or unknown refresh token
    rf"|\b(?:invalid|expired|revoked|unknown|inactive|reused)(?: or \w{{1,20}})? {_REFRESH_TOKEN}\b",
    re.IGNORECASE,
)
_CLIENT = r"client[ _-]?(?:credentials?|secret|id|identifier)"
_CLIENT_IS_REFUSED = re.compile(
    rf"\b(?:invalid|bad|incorrect|wrong|expired|unknown) {_CLIENT}\b"
    rf"|\b{_CLIENT}\W{{1,3}}(?:(?:is|are|was|has|have|does)\W)?(?:been )?"
    r"(?:invalid|incorrect|wrong|expired|unknown|revoked|not valid|not found|not exist)\b"
    r"|\bclient authentication failed\b|\bclient (?:was )?not found\b",
    re.IGNORECASE,
)
_ABOUT_REFRESH_TOKENS = re.compile(_REFRESH_TOKEN, re.IGNORECASE)


def says_refresh_token_is_dead(text: str) -> bool:
    """Whether a sentence says so of the refresh token by name, and nothing of the client.

    :param text: of a service
    :return: true if it does
    """
    text = text[:_LONGEST_READ]
    return _REFRESH_TOKEN_IS_DEAD.search(text) is not None and not _CLIENT_IS_REFUSED.search(text)


def says_client_is_refused(text: str) -> bool:
    """Whether a sentence says so of the client by name, and nothing of a refresh token.

    :param text: of a service
    :return: true if it does
    """
    text = text[:_LONGEST_READ]
    return _CLIENT_IS_REFUSED.search(text) is not None and not _ABOUT_REFRESH_TOKENS.search(text)
