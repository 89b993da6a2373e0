"""Sends messages by webhook and e-mail."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import requests

from itpm_pipeline.config import MailServer, Notifications
from itpm_pipeline.errors import NotificationError
from itpm_pipeline.notifications.message import Message

_TIMEOUT_SECONDS = 15


def send(message: Message, settings: Notifications) -> None:
    """Send by all configured ways; one that fails keeps no other from being tried.

    Raises NotificationError afterwards; it names the way and the kind of failure, never the webhook's address.
    """
    failures = [failure for way in _ways(settings) if (failure := way(message)) is not None]
    if failures:
        raise NotificationError("; ".join(failures))


def _ways(settings: Notifications) -> Iterator[Callable[[Message], str | None]]:
    webhook, email = settings.webhook, settings.email
    if webhook is not None:
        yield lambda message: _post(message, webhook.get_secret_value())
    if email is not None:
        yield lambda message: _mail(message, email)


def _post(message: Message, address: str) -> str | None:
    try:
        answer = requests.post(address, json=message.to_slack(), timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # The words of the exception hold the address, which is a secret.
        return f"the webhook could not be reached ({type(error).__name__})"
    return None if answer.ok and not answer.is_redirect else f"the webhook answered {answer.status_code}"


def _mail(message: Message, settings: MailServer) -> str | None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject(), settings.sender, ", ".join(settings.to)
    mail.set_content(message.to_text())
    try:
        with _connect(settings) as server:
            if settings.encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password.get_secret_value())
            refused = server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        return f"the mail server {settings.server}:{settings.port} refused or failed ({type(error).__name__})"
    return f"the mail server refused {', '.join(sorted(refused))}" if refused else None


def _connect(settings: MailServer) -> smtplib.SMTP:
    if settings.encryption == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.server, settings.port, timeout=_TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(settings.server, settings.port, timeout=_TIMEOUT_SECONDS)
