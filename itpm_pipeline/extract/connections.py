"""What requests does with every connection, done with less ado."""

import requests

requests.models.CONTENT_CHUNK_SIZE = 256 * 2**10
"""Bytes of an answer that requests takes at a time. Its own ten kilobytes make a hundred rounds of a page of issues."""


def heed_environment_once(session: requests.Session, url: str, verify: str | bool) -> None:
    """Take proxies and certificate authorities for ``url`` from the environment now, not again for each request."""
    settings = session.merge_environment_settings(url, {}, None, verify, None)
    session.proxies, session.verify = settings["proxies"], settings["verify"]
    session.trust_env = False
